/** Spectral and subspace clustering and the eigenvectors below them against NumPy, HDBSCAN against scikit-learn. */
import fixture from '../fixtures/spectral.json';
import { selectKernels } from '../../lib/backend/select';
import { symmetricEigenpairs } from '../../lib/backend/js/clustering/symmetric-eigen';
import { spectralEmbedding } from '../../lib/clustering/spectral';
import { runSteps } from '../../lib/clustering/steps';
import { subspaceAffinity } from '../../lib/clustering/subspace';
import { compareLabels, hdbscan, reduce, spectralClusters, subspaceClusters } from '../../lib/index';
import { describeEachBackend } from '../conformance/backends';
import { blobs, gaussians } from './blobs';

const refused = expect.objectContaining({ code: 'INVALID_ARGUMENT' });

function distances(data: Float32Array, dims: number): Float64Array {
  const count = data.length / dims;
  const out = new Float64Array(count * count);
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < count; j++) {
      let square = 0;
      for (let k = 0; k < dims; k++) square += (data[i * dims + k] - data[j * dims + k]) ** 2;
      out[i * count + j] = Math.sqrt(square);
    }
  }
  return out;
}

/** Gaussian affinities. */
function affinity(data: Float32Array, dims: number, sigma: number) {
  const count = data.length / dims;
  return { data: Float32Array.from(distances(data, dims), (d) => Math.exp((-d * d) / (2 * sigma * sigma))), dims: [count, count] };
}

function rings(): Float32Array {
  const noise = gaussians(21, 400);
  return Float32Array.from(noise, (value, i) => {
    const [point, axis] = [Math.floor(i / 2), i % 2];
    const angle = ((point % 100) * 2 * Math.PI) / 100;
    return (point < 100 ? 1 : 3) * (axis === 0 ? Math.cos(angle) : Math.sin(angle)) + value * 0.05;
  });
}

function planes(): Float32Array {
  const [bases, parts, noise] = [gaussians(31, 72), gaussians(32, 360), gaussians(33, 2160)];
  return Float32Array.from(noise, (value, i) => {
    const [point, k] = [Math.floor(i / 12), i % 12];
    const plane = point % 3;
    return parts[2 * point] * bases[24 * plane + k] + parts[2 * point + 1] * bases[24 * plane + 12 + k] + 0.01 * value;
  });
}

function normalized({ data, dims: [size] }: { data: Float32Array; dims: number[] }): Float32Array {
  const degrees = Array.from({ length: size }, (_, i) => data.subarray(i * size, (i + 1) * size).reduce((sum, value) => sum + value, 0));
  return data.map((value, at) => value / Math.sqrt(degrees[Math.floor(at / size)] * degrees[at % size]));
}

/** The same clusters, whatever their numbers. */
function expectSamePartition(actual: ArrayLike<number>, expected: readonly number[]): void {
  expect(compareLabels(expected, actual).adjustedRand).toBe(1);
}

describeEachBackend('spectral', (backend) => {
  test.each([
    ['rings', affinity(rings(), 2, 0.3), fixture.rings],
    ['blobs', affinity(blobs(11, 600, 12, 32, 0.5), 32, 2), fixture.blobs],
  ])('NumPy: leading eigenvalues of %s; each vector is one, and they are orthonormal', (_name, graph, { eigenvalues }) => {
    const matrix = normalized(graph);
    const size = graph.dims[0];
    const count = eigenvalues.length;
    const [values, vectors] = [new Float64Array(count), new Float64Array(count * size)];
    selectKernels(backend).leadingEigenvectors(matrix, size, count, values, vectors);
    eigenvalues.forEach((value, i) => expect(values[i]).toBeCloseTo(value, 5));
    for (let a = 0; a < count; a++) {
      const row = vectors.subarray(a * size, (a + 1) * size);
      let rest = 0;
      for (let i = 0; i < size; i++) {
        let product = 0;
        for (let j = 0; j < size; j++) product += matrix[i * size + j] * row[j];
        rest += (product - values[a] * row[i]) ** 2;
      }
      expect(Math.sqrt(rest)).toBeLessThan(3e-8);
      for (let b = 0; b <= a; b++) {
        const dot = row.reduce((sum, value, i) => sum + value * vectors[b * size + i], 0);
        expect(dot).toBeCloseTo(a === b ? 1 : 0, 12);
      }
    }
  });

  test('eigenvalues that are equal: as many vectors as there are', () => {
    // Ten blocks of ten: the eigenvalue 10 ten times.
    const matrix = Float32Array.from({ length: 100 * 100 }, (_, at) => Number(Math.floor(at / 1000) === Math.floor((at % 100) / 10)));
    const values = new Float64Array(10);
    selectKernels(backend).leadingEigenvectors(matrix, 100, 10, values, new Float64Array(1000));
    values.forEach((value) => expect(value).toBeCloseTo(10, 10));
  });

  test('many restarts: eigenvalues without gaps, and the vectors of them that diagonalizing all gives', () => {
    const [size, count] = [220, 20];
    const numbers = gaussians(51, size * size);
    const matrix = Float32Array.from(numbers, (value, at) => value + numbers[(at % size) * size + Math.floor(at / size)]);
    const [values, vectors] = [new Float64Array(count), new Float64Array(count * size)];
    selectKernels(backend).leadingEigenvectors(matrix, size, count, values, vectors);
    const all = symmetricEigenpairs(Float64Array.from(matrix), size);
    for (let i = 0; i < count; i++) {
      expect(values[i]).toBeCloseTo(all.values[i], 9);
      let product = 0;
      for (let k = 0; k < size; k++) product += vectors[i * size + k] * all.vectors[i * size + k];
      expect(Math.abs(product)).toBeCloseTo(1, 8);
    }
  });

  test('a ring: its eigenvalues lie so near each other that restarts alone would take long', () => {
    const [size, count] = [280, 9];
    const matrix = new Float32Array(size * size);
    for (let i = 0; i < size; i++) for (const other of [i + 1, i + size - 1]) matrix[i * size + (other % size)] = 1;
    const values = new Float64Array(count);
    selectKernels(backend).leadingEigenvectors(matrix, size, count, values, new Float64Array(count * size));
    values.forEach((value, i) => expect(value).toBeCloseTo(2 * Math.cos((2 * Math.PI * Math.ceil(i / 2)) / size), 12));
  });

  test('a graph of 40 parts of ten sizes: as many leading eigenvalues are 1', () => {
    const ends = Array.from({ length: 40 }, (_, part) => 3 + (part % 10)).reduce<number[]>(
      (all, length) => [...all, (all.at(-1) ?? 0) + length],
      [],
    );
    const size = ends[ends.length - 1];
    const matrix = new Float32Array(size * size);
    for (const [part, end] of ends.entries()) {
      const first = part === 0 ? 0 : ends[part - 1];
      for (let i = first; i < end; i++) for (let j = first; j < end; j++) if (i !== j) matrix[i * size + j] = 1 / (end - first - 1);
    }
    const values = new Float64Array(41);
    selectKernels(backend).leadingEigenvectors(matrix, size, 41, values, new Float64Array(41 * size));
    values.subarray(0, 40).forEach((value) => expect(value).toBeCloseTo(1, 6));
    expect(values[40]).toBeLessThan(0.1);
  });

  test('matrices of zeros, of one number, of as many vectors as there are; abort', async () => {
    const kernels = selectKernels(backend);
    for (const size of [1, 100]) {
      const [values, vectors] = [new Float64Array(size), new Float64Array(size * size)];
      kernels.leadingEigenvectors(new Float32Array(size * size), size, size, values, vectors);
      expect(values.every((value) => value === 0)).toBe(true);
      for (let i = 0; i < size; i++) expect(Math.hypot(...vectors.subarray(i * size, (i + 1) * size))).toBeCloseTo(1, 12);
    }
    const graph = affinity(rings(), 2, 0.3);
    await expect(spectralClusters(graph, { clusters: 20, backend, signal: AbortSignal.abort() })).rejects.toEqual(
      expect.objectContaining({ code: 'ABORTED' }),
    );
    const controller = new AbortController();
    const running = spectralClusters(graph, { clusters: 50, backend, signal: controller.signal });
    setImmediate(() => controller.abort());
    await expect(running).rejects.toEqual(expect.objectContaining({ code: 'ABORTED' }));
  });

  test('NumPy: spectral clustering of rings and of blobs', async () => {
    expectSamePartition(await spectralClusters(affinity(rings(), 2, 0.3), { clusters: 2, backend }), fixture.rings.labels);
    const graph = affinity(blobs(11, 600, 12, 32, 0.5), 32, 2);
    expectSamePartition(await spectralClusters(graph, { clusters: 12, backend }), fixture.blobs.labels);
  });

  test('rows of unit length are longest where the eigenvectors are', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const [points, clusters] = [30 + seed, 2 + (seed % 5)];
      const graph = affinity(blobs(seed, points, 5, 6, 0.5), 6, 2);
      const matrix = Float64Array.from(normalized(graph));
      const vectors = symmetricEigenpairs(matrix, points).vectors.subarray(0, clusters * points);
      const lengths = Array.from({ length: points }, (_, i) =>
        Math.hypot(...Array.from({ length: clusters }, (_k, k) => vectors[k * points + i])),
      );
      const { data } = runSteps(spectralEmbedding(graph.data, points, clusters), selectKernels(backend));
      const found = Array.from({ length: points }, (_, i) => Math.hypot(...data.subarray(i * clusters, (i + 1) * clusters)));
      expect(found.indexOf(Math.max(...found))).toBe(lengths.indexOf(Math.max(...lengths)));
      found.forEach((length) => expect(Math.abs(length - 1)).toBeLessThan(1e-5));
    }
  });

  test('NumPy: subspace clustering of planes', async () => {
    const vectors = { data: planes(), dims: [180, 12] };
    const { data } = runSteps(subspaceAffinity(vectors), selectKernels(backend));
    fixture.planes.affinity.forEach((value, i) => expect(data[i]).toBeCloseTo(value, 5));
    expectSamePartition(await subspaceClusters(vectors, { clusters: 3, backend }), fixture.planes.labels);
  });

  test('reduce: medoids of rings, with all tokens as neighbours, with the nearest, and with near ones of a grid', () => {
    const data = rings();
    const tokens = { data, dims: [200, 2] };
    const graphs = [
      { sigma: 0.3 },
      { sigma: 0.3, neighbours: 6 },
      { sigma: 2, locality: { grid: [2, 1, 100] as const, window: [1, 9] as const } },
    ];
    for (const graph of graphs) {
      const reduced = reduce(tokens, { method: 'spectral', clusters: 2, backend, ...graph });
      expectSamePartition(reduced.source, fixture.rings.labels);
      expect([...reduced.size]).toEqual([100, 100]);
      // Tokens of the input, in its order.
      expect(Math.hypot(...reduced.tokens.data.subarray(0, 2))).toBeCloseTo(1, 0);
      expect(Math.hypot(...reduced.tokens.data.subarray(2, 4))).toBeCloseTo(3, 0);
    }
    expect(() => reduce(tokens, { method: 'spectral', clusters: 2, sigma: 0, backend })).toThrow(refused);
    expect(() => reduce(tokens, { method: 'spectral', clusters: 2, locality: { grid: [2, 2, 2] }, backend })).toThrow(refused);
  });

  test('what is no affinity is refused; one cluster, points without affinity and equal points are not', async () => {
    await expect(spectralClusters({ data: Float32Array.of(1, 2, 3, 1), dims: [2, 2] }, { clusters: 1, backend })).rejects.toEqual(refused);
    await expect(spectralClusters({ data: Float32Array.of(1, NaN, NaN, 1), dims: [2, 2] }, { clusters: 1, backend })).rejects.toEqual(
      refused,
    );
    await expect(spectralClusters({ data: new Float32Array(6), dims: [2, 3] }, { clusters: 1, backend })).rejects.toEqual(refused);
    const one = { data: new Float32Array(9).fill(1), dims: [3, 3] };
    await expect(spectralClusters(one, { clusters: 4, backend })).rejects.toEqual(refused);
    expect([...(await spectralClusters(one, { clusters: 1, backend }))]).toEqual([0, 0, 0]);
    const apart = await spectralClusters({ data: new Float32Array(9), dims: [3, 3] }, { clusters: 2, backend });
    expect(Math.max(...apart)).toBeLessThan(2);
    await expect(subspaceClusters({ data: Float32Array.of(1, Infinity), dims: [2, 1] }, { clusters: 1, backend })).rejects.toEqual(refused);
  });
});

describe('HDBSCAN', () => {
  const noise = gaussians(43, 180);
  const points = Float32Array.of(...blobs(41, 240, 4, 3, 0.25).map((value) => 2 * value), ...noise.map((value) => 6 * Math.fround(value)));

  test.each(fixture.hdbscan)('scikit-learn: clusters of $minClusterSize, $minSamples samples', ({ labels, probabilities, ...options }) => {
    const found = hdbscan(distances(points, 3), options);
    expect([...found.labels]).toEqual(labels);
    expect(found.clusters).toBe(Math.max(...labels) + 1);
    probabilities.forEach((value, i) => value !== null && expect(found.probabilities[i]).toBeCloseTo(value, 6));
  });

  test('no clusters, equal points, and what is refused', () => {
    expect([...hdbscan([0], { minSamples: 1 }).labels]).toEqual([-1]);
    const equal = hdbscan(new Float64Array(400), { minClusterSize: 5 });
    expect([...equal.probabilities].every((value) => value >= 0 && value <= 1)).toBe(true);
    expect(() => hdbscan([0, 1, 1], {})).toThrow(refused);
    expect(() => hdbscan([0, 1, 2, 0], { minSamples: 1 })).toThrow('symmetric');
    expect(() => hdbscan([0, NaN, NaN, 0], { minSamples: 1 })).toThrow(refused);
    expect(() => hdbscan([0, 1, 1, 0], { minClusterSize: 1 })).toThrow(refused);
    expect(() => hdbscan([0, 1, 1, 0], { minSamples: 3 })).toThrow(refused);
  });
});

/** Nested clustering against its definition in double precision; directions of places against NumPy's ridge regression. */
import fixture from '../fixtures/pooling.json';
import { fitPositionalSubspace, kmeans, nestedClusters } from '../../lib/index';
import { describeEachBackend } from '../conformance/backends';
import { blobs, gaussians } from './blobs';

const refused = expect.objectContaining({ code: 'INVALID_ARGUMENT' });
const aborted = expect.objectContaining({ code: 'ABORTED' });

/** Q = exp(logits / T)ᵀ, rows over sum and K, columns over sum and B, times B; three times. As the paper's code has it. */
function balanced(logits: number[][], temperature: number): number[][] {
  const [points, clusters] = [logits.length, logits[0].length];
  const greatest = Math.max(...logits.flat());
  let q = logits.map((row) => row.map((value) => Math.exp((value - greatest) / temperature)));
  for (let i = 0; i < 3; i++) {
    const columns = Array.from({ length: clusters }, (_, k) => q.reduce((sum, row) => sum + row[k], 0) * clusters);
    q = q.map((row) => row.map((value, k) => value / columns[k]));
    q = q.map((row) => {
      const sum = row.reduce((a, b) => a + b, 0) * points;
      return row.map((value) => value / sum);
    });
  }
  return q.map((row) => row.map((value) => value * points));
}

function unit(row: readonly number[]): number[] {
  const length = Math.hypot(...row);
  return row.map((value) => value / length);
}

describeEachBackend('nested clustering', (backend) => {
  const [count, dims] = [240, 16];
  const vectors = { data: blobs(71, count, 9, dims, 0.4), dims: [count, dims] };

  test('each level is what its definition makes of the beginnings of the vectors', async () => {
    const levels = await nestedClusters(vectors, { clusters: 12, widths: [4, 8, 16], temperature: 0.1, backend });
    expect(levels.map(({ centroids }) => [...centroids.dims])).toEqual([
      [3, 4],
      [6, 8],
      [12, 16],
    ]);
    for (const { centroids, labels, masses } of levels) {
      const [clusters, width] = centroids.dims;
      const rows = Array.from({ length: count }, (_, i) => [...vectors.data.subarray(i * dims, i * dims + width)]);
      const start = await kmeans({ data: Float32Array.from(rows.flat()), dims: [count, width] }, { clusters, spherical: true, backend });
      const directions = rows.map(unit);
      let means = Array.from({ length: clusters }, (_, k) => [...start.centroids.data.subarray(k * width, (k + 1) * width)]);
      let q: number[][] = [];
      for (let round = 0; round < 3; round++) {
        q = balanced(
          directions.map((x) => means.map((mean) => mean.reduce((sum, value, k) => sum + value * x[k], 0))),
          0.1,
        );
        means = means.map((_, k) => unit(directions[0].map((_value, dim) => directions.reduce((sum, x, i) => sum + q[i][k] * x[dim], 0))));
      }
      expect([...centroids.data]).toEqual(means.flat().map((value) => expect.closeTo(value, 4)));
      expect([...labels]).toEqual(q.map((row) => row.indexOf(Math.max(...row))));
      masses.forEach((mass, k) => {
        expect(mass).toBeCloseTo(
          q.reduce((sum, row) => sum + row[k], 0),
          2,
        );
      });
    }
  });

  test('default levels, zero and equal vectors, bad input, abort', async () => {
    const levels = await nestedClusters(vectors, { clusters: 16, backend });
    expect(levels.map(({ centroids }) => [...centroids.dims])).toEqual([1, 2, 4, 8, 16].map((width) => [width, width]));
    for (const data of [new Float32Array(20 * 4), new Float32Array(20 * 4).fill(3)]) {
      for (const { centroids, masses } of await nestedClusters({ data, dims: [20, 4] }, { clusters: 4, backend })) {
        expect([...centroids.data, ...masses].every(Number.isFinite)).toBe(true);
      }
    }
    for (const options of [
      { clusters: 241 },
      { clusters: 4, widths: [8, 4] },
      { clusters: 4, widths: [17] },
      { clusters: 4, temperature: 0 },
    ])
      await expect(nestedClusters(vectors, { ...options, backend })).rejects.toEqual(refused);
    const holed = { ...vectors, data: vectors.data.map((value, i) => (i === 5 ? Infinity : value)) };
    await expect(nestedClusters(holed, { clusters: 4, backend })).rejects.toEqual(refused);
    await expect(nestedClusters(vectors, { clusters: 4, backend, signal: AbortSignal.abort() })).rejects.toEqual(aborted);
  });
});

describeEachBackend('positional subspace', (backend) => {
  const [rows, columns, images, dims] = [5, 7, 6, 16];
  const count = rows * columns * images;
  const [maps, content] = [gaussians(81, 4 * dims), gaussians(82, count * dims)];
  const data = Float32Array.from(content, (value, at) => {
    const [i, k] = [Math.floor(at / dims), at % dims];
    const place = [Math.floor((i % (rows * columns)) / columns) / (rows - 1), (i % columns) / (columns - 1)];
    const factors = [place[0], place[1], place[0] ** 2, place[1] ** 2];
    return 2 * factors.reduce((sum, factor, p) => sum + factor * maps[p * dims + k], 0) + 0.7 * value;
  });
  const features = { data, dims: [count, dims] };

  test('NumPy: the directions and what they explain; nothing is left along them', async () => {
    const { explained, directions } = fixture.positional;
    const subspace = await fitPositionalSubspace(features, { grid: [rows, columns], rounds: 4, tolerance: 0, backend });
    expect([...subspace.explained]).toEqual(explained.map((value) => expect.closeTo(value, 4)));
    expect(subspace.directions.dims).toEqual([8, dims]);
    // The first two rounds; what they leave is noise.
    const known = subspace.directions.data.subarray(0, 4 * dims);
    expect([...known]).toEqual(directions.slice(0, 4 * dims).map((value) => expect.closeTo(value, 2)));
    expect([...known.subarray(0, 2 * dims)]).toEqual(directions.slice(0, 2 * dims).map((value) => expect.closeTo(value, 4)));
    const { data: removed } = subspace.remove(features);
    for (let u = 0; u < 8; u++) {
      const direction = subspace.directions.data.subarray(u * dims, (u + 1) * dims);
      for (let i = 0; i < count; i++) {
        let product = 0;
        for (let k = 0; k < dims; k++) product += direction[k] * removed[i * dims + k];
        expect(Math.abs(product)).toBeLessThan(1e-5);
      }
    }
    const again = await fitPositionalSubspace({ data: removed, dims: [count, dims] }, { grid: [rows, columns], backend });
    expect(again.explained[0] ?? 0).toBeLessThan(0.05);
  });

  test('places that nothing tells of, equal features, one row, bad input', async () => {
    const none = await fitPositionalSubspace(
      { data: new Float32Array(count * dims).fill(2), dims: [count, dims] },
      { grid: [5, 7], backend },
    );
    expect(none.directions.dims).toEqual([0, dims]);
    expect(none.remove(features).data).toEqual(data);
    const line = await fitPositionalSubspace(features, { grid: [1, columns], backend });
    expect([...line.directions.data].every(Number.isFinite)).toBe(true);
    await expect(fitPositionalSubspace(features, { grid: [5, 8], backend })).rejects.toEqual(refused);
    await expect(fitPositionalSubspace(features, { grid: [5, 7], ridge: 0, backend })).rejects.toEqual(refused);
    const holed = { ...features, data: data.map((value, i) => (i === 9 ? NaN : value)) };
    await expect(fitPositionalSubspace(holed, { grid: [5, 7], backend })).rejects.toEqual(refused);
    await expect(fitPositionalSubspace(features, { grid: [5, 7], backend, signal: AbortSignal.abort() })).rejects.toEqual(aborted);
    expect(() => none.remove({ data: new Float32Array(3), dims: [1, 3] })).toThrow(refused);
  });
});

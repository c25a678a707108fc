/** k-means where numbers are far apart in size, clusters lose their points, options meet that seldom do, and arguments are not what they should be. */
import { appendPoints, assignToCentroids, kmeans, type KMeansOptions, type KMeansResult, type Vectors } from '../../lib/index';
import { MerganserError } from '../../lib/errors';
import { RandomStream } from '../../lib/clustering/random';
import { describeEachBackend } from '../conformance/backends';
import { blobs, gaussians } from './blobs';

function vectors(data: Float32Array, dims: number): Vectors {
  return { data, dims: [data.length / dims, dims] };
}

function squaredDistance(data: ArrayLike<number>, i: number, centroids: ArrayLike<number>, c: number, dims: number): number {
  let square = 0;
  for (let dim = 0; dim < dims; dim++) square += (data[i * dims + dim] - centroids[c * dims + dim]) ** 2;
  return square;
}

/** By how much centroids differ from the weighted means of their points, in double precision, at most: as a part of the points' greatest number. */
function greatestDeviation(data: Float32Array, { centroids, members }: KMeansResult, weights?: ArrayLike<number>): number {
  const [clusters, dims] = centroids.dims;
  let greatest = 0;
  for (let c = 0; c < clusters; c++) {
    const points = members.values.subarray(members.offsets[c], members.offsets[c + 1]);
    const mass = points.reduce((sum, point) => sum + (weights?.[point] ?? 1), 0);
    if (mass === 0) continue;
    for (let dim = 0; dim < dims; dim++) {
      let [mean, size] = [0, 0];
      for (const point of points) {
        mean += ((weights?.[point] ?? 1) / mass) * data[point * dims + dim];
        size = Math.max(size, Math.abs(data[point * dims + dim]));
      }
      if (size > 0) greatest = Math.max(greatest, Math.abs(centroids.data[c * dims + dim] - mean) / size);
    }
  }
  return greatest;
}

describeEachBackend('k-means of extremes', (backend) => {
  test.each([1e6, 1e8, 1e12])('one point that is %d times as far: the others keep their labels and means', async (times) => {
    for (let seed = 1; seed <= 40; seed++) {
      const [count, dims, clusters] = [6 + (seed % 30), 1 + (seed % 5), 2 + (seed % 4)];
      const data = Float32Array.from(gaussians(seed, count * dims), (value, i) => (i < dims ? value * times : value + 1000));
      const { labels, centroids } = await kmeans({ data, dims: [count, dims] }, { clusters, initialization: 'kkz', seed, backend });
      const distance = (point: number, cluster: number): number =>
        Array.from({ length: dims }, (_, k) => (data[point * dims + k] - centroids.data[cluster * dims + k]) ** 2).reduce((a, b) => a + b);
      for (let point = 0; point < count; point++) {
        const nearest = Math.min(...Array.from({ length: clusters }, (_, cluster) => distance(point, cluster)));
        expect(Math.sqrt(distance(point, labels[point]))).toBeLessThanOrEqual(Math.sqrt(nearest) + 1e-3);
      }
    }
  });

  const run = (data: Float32Array, dims: number, options: KMeansOptions): Promise<KMeansResult> =>
    kmeans(vectors(data, dims), { backend, ...options });
  const lengthOf = ({ centroids }: KMeansResult, c: number): number =>
    Math.hypot(...centroids.data.subarray(c * centroids.dims[1], (c + 1) * centroids.dims[1]));

  test('weights of any size: only what they are to each other counts', async () => {
    const data = blobs(1, 300, 12, 5, 0.5);
    const random = new RandomStream(2);
    const weights = Float64Array.from({ length: 300 }, () => random.next());
    for (const initialization of ['k-means++', 'k-means||', 'afk-mc2', 'kkz', 'random'] as const) {
      const expected = await run(data, 5, { clusters: 9, initialization, weights });
      for (const factor of [2 ** -900, 2 ** 300]) {
        const result = await run(data, 5, { clusters: 9, initialization, weights: weights.map((weight) => weight * factor) });
        expect(result.labels).toEqual(expected.labels);
        expect(result.centroids).toEqual(expected.centroids);
        expect(result.objective).toBe(expected.objective * factor);
        expect(result.objectives).toEqual(expected.objectives.map((value) => value * factor));
      }
    }
    await expect(run(data, 5, { clusters: 9, weights: weights.fill(1e308) })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  test('centroids are the means of their points, however large other points and weights are', async () => {
    const dims = 6;
    const data = blobs(3, 400, 8, dims, 0.2);
    for (let dim = 0; dim < dims; dim++) data[dim] = 1e9 * (dim + 1);
    const result = await run(data, dims, { clusters: 9, initialization: 'kkz', maxIterations: 100 });
    expect(result.stopReason).toBe('converged');
    expect(greatestDeviation(data, result)).toBeLessThan(1e-6);
    const plain = blobs(4, 400, 8, dims, 0.2);
    const weights = Float64Array.from({ length: 400 }, (_, i) => (i % 8 === 3 ? 1e9 : 1));
    const weighted = await run(plain, dims, { clusters: 8, initialization: 'kkz', maxIterations: 100, weights });
    expect(greatestDeviation(plain, weighted, weights)).toBeLessThan(1e-6);
  });

  test('far from the origin: nearest centroids, and seeds that differ', async () => {
    const [count, dims, clusters] = [400, 8, 10];
    const data = blobs(5, count, clusters, dims, 0.5).map((value, i) => 1e6 * (1 + (i % dims)) + 10 * value);
    for (const initialization of ['random', 'k-means++', 'afk-mc2'] as const) {
      const { labels, centroids, objective } = await run(data, dims, { clusters, initialization, maxIterations: 3 });
      let least = 0;
      labels.forEach((label, i) => {
        const distances = Array.from({ length: clusters }, (_, c) => squaredDistance(data, i, centroids.data, c, dims));
        expect(distances[label]).toBeLessThanOrEqual(Math.min(...distances) * 1.001 + 0.1);
        least += distances[label];
      });
      expect(Math.abs(objective / least - 1)).toBeLessThan(0.01);
    }
  });

  test('a cluster without points gets some, wherever the others are, and no iteration is worse for it', async () => {
    const around = (offset: number, size: number): Float32Array =>
      blobs(6, 240, 4, 3, 0.3).map((value, i) => offset + size * (Math.floor(i / 3) % 2 === 0 ? value : -value));
    for (const [offset, size] of [
      [0, 1],
      [1e5, 1],
      [-3, 1e-4],
    ]) {
      const data = around(offset, size);
      for (const places of [
        [0, 1e6, 2e6, 3e6],
        [0, 0, 0, 0],
      ]) {
        const initialization = vectors(Float32Array.from(places.flatMap((place) => [0, 1, 2].map((dim) => data[dim] + place * size))), 3);
        const { sizes, objectives } = await run(data, 3, { initialization, maxIterations: 50 });
        expect(Math.min(...sizes)).toBeGreaterThan(0);
        objectives.forEach((value, i) => i > 0 && expect(value).toBeLessThanOrEqual(objectives[i - 1] * (1 + 1e-9)));
      }
    }
  });

  test('duplicates only: no cluster takes points from where there is nothing to divide', async () => {
    const { sizes, stopReason, objective } = await run(new Float32Array(300).fill(0.1), 3, { clusters: 7, maxIterations: 40 });
    expect([...sizes].filter((size) => size > 0)).toEqual([100]);
    expect(stopReason).toBe('converged');
    expect(objective).toBeLessThan(1e-12);
  });

  test('spherical with frozen centroids: those stay, the others have unit length', async () => {
    const data = blobs(7, 200, 6, 4, 0.5);
    const initialization = vectors(data.slice(0, 5 * 4), 4);
    for (const more of [{ maxIterations: 0 }, {}, { algorithm: 'mini-batch', batchSize: 50 }, { maxClusterSize: 60 }] as const) {
      const result = await run(data, 4, { initialization, frozen: [1, 3], spherical: true, ...more });
      for (const c of [1, 3]) expect(result.centroids.data.subarray(4 * c, 4 * c + 4)).toEqual(data.subarray(4 * c, 4 * c + 4));
      for (const c of [0, 2, 4]) expect(lengthOf(result, c)).toBeCloseTo(1, 6);
    }
  });

  test('a spherical run goes on where it ended', async () => {
    const data = blobs(8, 600, 30, 7, 1);
    const options: KMeansOptions = { clusters: 40, initialization: 'random', spherical: true };
    const long = await run(data, 7, { ...options, maxIterations: 7 });
    const { centroids } = await run(data, 7, { ...options, maxIterations: 3 });
    const rest = await run(data, 7, { initialization: centroids, spherical: true, maxIterations: 4 });
    expect(rest.centroids).toEqual(long.centroids);
    expect(rest.objectives).toEqual(long.objectives.subarray(3));
  });

  test('options and results that are none are refused', async () => {
    const data = blobs(9, 40, 4, 2, 0.5);
    const points = vectors(data, 2);
    const result = await run(data, 2, { clusters: 3 });
    const wrong: unknown[] = ['2', 2n, {}, [1], true, NaN, Symbol('s'), () => 1];
    const options: Record<string, readonly unknown[]> = {
      clusters: ['0.5', '3', 3n, null, NaN, -1, 2.5, {}, [3]],
      weights: [
        null,
        5,
        'x',
        new BigInt64Array(40),
        Array.from({ length: 40 }, () => '1'),
        Array.from({ length: 40 }, () => 1n),
        { length: 40 },
      ],
      frozen: [null, 5, true],
      spherical: [null, 'no', 0, 1],
      onProgress: [null, 5, 'x', {}],
      initialization: [null, 5, 'x', {}, [[1, 2]]],
      maxIterations: wrong,
      tolerance: [...wrong, -1, Infinity],
      seed: [...wrong, -1, 0.5, 2 ** 32],
      threads: [...wrong, -1, 1025],
      boundsBytes: [...wrong, -1],
      maxClusterSize: [...wrong, 0, 41],
      levels: [...wrong, 0, 3],
      algorithm: wrong,
      backend: [5, 'gpu', {}],
      signal: [5, 'x', {}],
    };
    for (const [name, values] of Object.entries(options)) {
      for (const value of values) {
        const given = name === 'frozen' ? { initialization: result.centroids } : { clusters: 3 };
        await expect(kmeans(points, { ...given, backend, [name]: value })).rejects.toBeInstanceOf(MerganserError);
      }
    }
    for (const value of [null, 5, {}, { centroids: null }, { centroids: result.centroids }, { ...result, centroids: points.data }]) {
      await expect(appendPoints(value as KMeansResult, points, { backend })).rejects.toBeInstanceOf(MerganserError);
    }
    await expect(appendPoints(result, points, null as never)).rejects.toBeInstanceOf(MerganserError);
    await expect(assignToCentroids(points, 'random' as never, { backend })).rejects.toBeInstanceOf(MerganserError);
  });
});

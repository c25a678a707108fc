/** Labels of whole runs against distances in double precision, on vectors of every length and kind, and the same bits with bounds and without. */
import { kmeans, type KMeansOptions, type Vectors } from '../../lib/index';
import { RandomStream } from '../../lib/clustering/random';
import { describeEachBackend } from '../conformance/backends';
import { vectorKinds } from './vector-kinds';

const COUNT = 500;
const CLUSTERS = 75;
/** Every so many points are checked. */
const STEP = 7;

const KINDS = vectorKinds(COUNT);

/** Of rows of two matrices. */
function squaredDistance(left: ArrayLike<number>, i: number, right: ArrayLike<number>, j: number, dims: number): number {
  let square = 0;
  for (let dim = 0; dim < dims; dim++) {
    const apart = left[i * dims + dim] - right[j * dims + dim];
    square += apart * apart;
  }
  return square;
}

/** By how much the labels of some points are farther than the nearest centroid, in squares, as a part of what rounding may be off: at most. */
function greatestExcess(data: Float32Array, dims: number, centroids: Float32Array, labels: Uint32Array): number {
  const mean = new Float64Array(dims);
  for (let i = 0; i < data.length; i++) mean[i % dims] += data[i] / COUNT;
  let longest = 0;
  const clusters = centroids.length / dims;
  for (let c = 0; c < clusters; c++) longest = Math.max(longest, squaredDistance(centroids, c, mean, 0, dims));
  let greatest = 0;
  for (let row = 0; row < COUNT; row += STEP) {
    let least = Infinity;
    for (let c = 0; c < clusters; c++) least = Math.min(least, squaredDistance(data, row, centroids, c, dims));
    const excess = squaredDistance(data, row, centroids, labels[row], dims) - least;
    // Sums in order are off by as many roundings as they have terms, of the point's and a centroid's lengths from about the mean;
    // and by the least number that single precision has for each.
    const length = Math.sqrt(squaredDistance(data, row, mean, 0, dims));
    const allowed = 4 * (dims + 9) * 2 ** -24 * (length * Math.sqrt(longest) + longest) + 4 * (dims + 9) * 2 ** -149;
    if (excess > 0) greatest = Math.max(greatest, excess / allowed);
  }
  return greatest;
}

describeEachBackend('exact labels', (backend) => {
  const lengths = backend === 'native' ? [1, 7, 48, 65, 131, 768] : [1, 33, 100];
  test.each(Object.keys(KINDS))('%s', async (kind) => {
    for (const dims of lengths) {
      const data = KINDS[kind](new RandomStream(dims + 17), dims);
      const points: Vectors = { data, dims: [COUNT, dims] };
      const options: KMeansOptions = { clusters: CLUSTERS, initialization: 'random', maxIterations: 4, seed: dims, backend };
      const result = await kmeans(points, options);
      expect(result.centroids.data.every(Number.isFinite)).toBe(true);
      expect(greatestExcess(data, dims, result.centroids.data, result.labels)).toBeLessThan(1);
      if (backend === 'native') expect(await kmeans(points, { ...options, boundsBytes: 0, threads: 1 })).toEqual(result);
    }
  });

  // Points stand in lanes then, and the last ones do not fill all of them.
  if (backend === 'native') {
    test.each(Object.keys(KINDS))('the same bits with few clusters, with a copy of the points and without: %s', async (kind) => {
      for (const [clusters, dims] of [
        [1, 16],
        [5, 1],
        [16, 128],
        [21, 33],
        [48, 50],
        [100, 7],
      ]) {
        const data = KINDS[kind](new RandomStream(dims), dims);
        for (const spherical of [false, true]) {
          const options: KMeansOptions = {
            clusters,
            initialization: 'random',
            maxIterations: 4,
            seed: 3,
            spherical,
            tolerance: 0,
            backend,
          };
          const result = await kmeans({ data, dims: [COUNT, dims] }, options);
          expect(await kmeans({ data, dims: [COUNT, dims] }, { ...options, boundsBytes: 0, threads: 1 })).toEqual(result);
          if (!spherical) expect(greatestExcess(data, dims, result.centroids.data, result.labels)).toBeLessThan(1);
        }
      }
    });
  }

  // Blocks of points are full then, and lists of those in reach are joined.
  if (backend === 'native') {
    test('the same bits with bounds and without, of many points', async () => {
      const [count, dims] = [30_000, 192];
      const random = new RandomStream(5);
      const centres = Float32Array.from({ length: 60 * dims }, () => random.gaussian());
      const data = Float32Array.from(
        { length: count * dims },
        (_, i) => centres[((Math.floor(i / dims) * 7919) % 60) * dims + (i % dims)] + 1.5 * random.gaussian(),
      );
      const options: KMeansOptions = { clusters: 256, initialization: 'random', maxIterations: 10, seed: 3, backend };
      const [bounded, all] = [
        await kmeans({ data, dims: [count, dims] }, options),
        await kmeans({ data, dims: [count, dims] }, { ...options, boundsBytes: 0 }),
      ];
      expect(bounded.labels).toEqual(all.labels);
      expect(bounded.centroids.data).toEqual(all.centroids.data);
    });
  } else {
    // Bounds exclude nothing there at first, and are tried once more when few points move.
    test('the same bits with bounds and without, of noise', async () => {
      const [count, dims] = [2000, 20];
      const random = new RandomStream(9);
      const data = Float32Array.from({ length: count * dims }, () => random.gaussian());
      const options: KMeansOptions = { clusters: 40, initialization: 'random', maxIterations: 16, seed: 3, backend };
      const bounded = await kmeans({ data, dims: [count, dims] }, options);
      expect(bounded).toEqual(await kmeans({ data, dims: [count, dims] }, { ...options, boundsBytes: 0 }));
    });
  }
});

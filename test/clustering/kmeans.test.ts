/** k-means on every backend: scikit-learn's results, the same results whatever the way to them, every variant, and bad input. */
import fixture from '../fixtures/kmeans.json';
import { appendPoints, assignToCentroids, kmeans, type KMeansOptions, type KMeansResult, type Vectors } from '../../lib/index';
import { RandomStream } from '../../lib/clustering/random';
import { BACKENDS, describeEachBackend } from '../conformance/backends';
import { blobs, toBfloat16 } from './blobs';

function vectors(data: Float32Array, dims: number): Vectors {
  return { data, dims: [data.length / dims, dims] };
}

function rowsOf(data: Float32Array, dims: number, rows: readonly number[]): Vectors {
  return { data: Float32Array.from(rows.flatMap((row) => [...data.subarray(row * dims, (row + 1) * dims)])), dims: [rows.length, dims] };
}

/** Σ squared distance in double precision, and the least such sum that any labels give. */
function objectives(data: Float32Array, { centroids, labels }: KMeansResult): { own: number; least: number } {
  const [clusters, dims] = centroids.dims;
  let [own, least] = [0, 0];
  labels.forEach((label, point) => {
    const distance = (cluster: number): number => {
      let square = 0;
      for (let dim = 0; dim < dims; dim++) square += (data[point * dims + dim] - centroids.data[cluster * dims + dim]) ** 2;
      return square;
    };
    own += distance(label);
    least += Math.min(...Array.from({ length: clusters }, (_, cluster) => distance(cluster)));
  });
  return { own, least };
}

describeEachBackend('k-means', (backend) => {
  const run = (data: Float32Array, dims: number, options: KMeansOptions): Promise<KMeansResult> =>
    kmeans(vectors(data, dims), { backend, ...options });

  test.each(fixture.cases)('scikit-learn: $k clusters of $count points of $dims, weighted: $weighted', async (expected) => {
    const { seed, count, clusters, dims, deviation, k, first, weighted } = expected;
    const data = blobs(seed, count, clusters, dims, deviation);
    const stream = new RandomStream(seed + 7);
    const weights = Float64Array.from({ length: count }, () => stream.next());
    const options = { ...(weighted ? { weights } : {}), maxIterations: 300 };
    const result = await run(data, dims, { ...options, initialization: rowsOf(data, dims, first) });
    expect([...result.labels]).toEqual(expected.labels);
    expect(result.objective / expected.inertia).toBeCloseTo(1, 6);
    expect(result.stopReason).toBe('converged');
    expect((await run(data, dims, { ...options, clusters: k, initialization: 'kkz' })).labels).toEqual(
      weighted ? expect.anything() : result.labels,
    );
  });

  test('bounds and threads do not change a bit of the result', async () => {
    const data = blobs(3, 1500, 60, 24, 0.6);
    const options: KMeansOptions = { clusters: 130, maxIterations: 10, initialization: 'random' };
    const expected = await run(data, 24, { ...options, boundsBytes: 0, threads: 1 });
    for (const more of [{ threads: 1 }, { threads: 2 }, { threads: 3, boundsBytes: 0 }]) {
      expect(await run(data, 24, { ...options, ...more })).toEqual(expected);
    }
    expect(expected.iterations).toBe(expected.objectives.length);
  });

  test('bounds tell apart what centroids did in the last passes only, and hold in longer runs', async () => {
    for (const [dims, count, clusters] of [
      [5, 8000, 70],
      [24, 4000, 70],
    ]) {
      const random = new RandomStream(dims);
      const data = Float32Array.from({ length: count * dims }, () => random.gaussian());
      const options: KMeansOptions = { clusters, maxIterations: 60, initialization: 'random', seed: 3 };
      const result = await run(data, dims, options);
      expect(result.iterations).toBeGreaterThan(20);
      expect(result).toEqual(await run(data, dims, { ...options, boundsBytes: 0 }));
    }
  });

  test('what leading directions leave out could not have won: variance in few directions, odd widths, ties, odd numbers of panels', async () => {
    for (const [dims, clusters, step] of [
      [64, 150, 0],
      [83, 70, 0],
      [48, 100, 0.5],
    ]) {
      const data = blobs(dims, 900, 40, dims, 0.7).map((value, i) => value / (1 + (i % dims)));
      // On a coarse grid many distances are equal.
      const points = step === 0 ? data : data.map((value) => Math.round(value / step) * step);
      const options: KMeansOptions = { clusters, maxIterations: 6, initialization: 'random', seed: dims };
      const expected = await run(points, dims, { ...options, boundsBytes: 0, threads: 1 });
      expect(await run(points, dims, { ...options, threads: 2 })).toEqual(expected);
      // Room for bounds and four times the centroids alone.
      const boundsBytes = 4 * Math.ceil(clusters / 16) * (1020 + 4 * 16 * 8 * Math.ceil(dims / 8));
      expect(await run(points, dims, { ...options, boundsBytes })).toEqual(expected);
    }
  });

  test('points that stand on a grid: equally near centroids, the lowest wins, with bounds and without', async () => {
    const random = new RandomStream(8);
    const data = Float32Array.from({ length: 4 * 1000 }, () => random.below(5));
    const options: KMeansOptions = { clusters: 100, maxIterations: 0, initialization: 'random' };
    const { centroids, labels } = await run(data, 4, options);
    const expected = labels.map((_label, point) => {
      const distances = Array.from({ length: 100 }, (_, c) =>
        [0, 1, 2, 3].reduce((sum, dim) => sum + (data[4 * point + dim] - centroids.data[4 * c + dim]) ** 2, 0),
      );
      return distances.indexOf(Math.min(...distances));
    });
    expect(labels).toEqual(expected);
    const unbounded = await run(data, 4, { ...options, maxIterations: 20, boundsBytes: 0 });
    expect(await run(data, 4, { ...options, maxIterations: 20 })).toEqual(unbounded);
  });

  test('labels are nearest to the centroids, and objective, sizes and members tell of them', async () => {
    const data = blobs(5, 700, 30, 17, 0.8);
    for (const initialization of ['random', 'k-means++', 'greedy-k-means++', 'k-means||', 'afk-mc2', 'kkz'] as const) {
      const result = await run(data, 17, { clusters: 70, initialization, maxIterations: 6 });
      const { own, least } = objectives(data, result);
      expect(own / least).toBeCloseTo(1, 6);
      expect(result.objective / own).toBeCloseTo(1, 5);
      expect(result.sizes.reduce((sum, size) => sum + size)).toBe(700);
      expect(Math.min(...result.sizes)).toBeGreaterThan(0);
      result.sizes.forEach((size, cluster) => {
        const members = result.members.values.subarray(result.members.offsets[cluster], result.members.offsets[cluster + 1]);
        expect(members.length).toBe(size);
        expect([...members].every((point, i) => result.labels[point] === cluster && (i === 0 || members[i - 1] < point))).toBe(true);
      });
      result.objectives.forEach((value, i) => i > 0 && expect(value).toBeLessThanOrEqual(result.objectives[i - 1] * (1 + 1e-6)));
    }
  });

  test.each(fixture.seedings)(
    'k-means++ leaves as much as that of scikit-learn, and so does the greedy one: $clusters clusters',
    async (seeding) => {
      const data = blobs(seeding.seed, seeding.count, seeding.clusters, seeding.dims, seeding.deviation);
      for (const [initialization, expected] of [
        ['k-means++', seeding.plain],
        ['greedy-k-means++', seeding.greedy],
      ] as const) {
        let sum = 0;
        const runs = 15;
        for (let seed = 1; seed <= runs; seed++)
          sum += (await run(data, seeding.dims, { clusters: seeding.k, initialization, maxIterations: 0, seed })).objective;
        expect(Math.abs(sum / runs / expected - 1)).toBeLessThan(0.05);
      }
      // So far apart that one cannot be taken for the other.
      expect(seeding.greedy).toBeLessThan(0.7 * seeding.plain);
    },
  );

  test('half precision gives what the same numbers give in single precision', async () => {
    const { bits, values } = toBfloat16(blobs(6, 700, 20, 10, 0.5));
    const options: KMeansOptions = { clusters: 50, maxIterations: 5, backend };
    const expected = await run(values, 10, options);
    expect(await kmeans({ data: bits, dims: [700, 10], type: 'bfloat16' }, options)).toEqual(expected);
    // Every number of float16 that is finite, and the same in single precision.
    const all = Uint16Array.from({ length: 1 << 16 }, (_, i) => i).filter((value) => (value & 0x7c00) !== 0x7c00);
    const wide = Float32Array.from(all, (value) => {
      const [exponent, fraction] = [(value >> 10) & 31, value & 1023];
      return (value & 0x8000 ? -1 : 1) * (exponent ? 2 ** (exponent - 15) * (1 + fraction / 1024) : fraction * 2 ** -24);
    });
    expect(await kmeans({ data: all, dims: [all.length / 2, 2], type: 'float16' }, { ...options, clusters: 9 })).toEqual(
      await run(wide, 2, { ...options, clusters: 9 }),
    );
  });

  test('spherical: unit centroids, and labels of the greatest cosine', async () => {
    const data = blobs(7, 800, 20, 12, 0.5);
    const { centroids, labels } = await run(data, 12, { clusters: 40, spherical: true });
    for (let cluster = 0; cluster < 40; cluster++) {
      const centroid = centroids.data.subarray(12 * cluster, 12 * cluster + 12);
      expect(Math.hypot(...centroid)).toBeCloseTo(1, 6);
    }
    const short = Float64Array.from(labels, (label, point) => {
      const products = Array.from({ length: 40 }, (_, c) =>
        data.subarray(12 * point, 12 * point + 12).reduce((sum, x, dim) => sum + x * centroids.data[12 * c + dim], 0),
      );
      return Math.max(...products) - products[label];
    });
    expect(Math.max(...short)).toBeLessThan(1e-5);
    const zeros = await run(new Float32Array(20), 4, { clusters: 2, spherical: true });
    expect([...zeros.centroids.data].every(Number.isFinite)).toBe(true);
  });

  test('spherical: means without a direction stay zeros', async () => {
    const points = Float32Array.from({ length: 2 * 96 }, (_, i) => (i < 96 ? 0 : 1));
    const ofZeros = await run(points, 96, { clusters: 1, spherical: true, weights: [0.19428731, 0], maxIterations: 1 });
    expect([...ofZeros.centroids.data]).toEqual(Array.from({ length: 96 }, () => 0));
    expect(ofZeros.objective).toBeCloseTo(0, 10);
    const opposite = await run(
      points.map((x, i) => (i < 96 ? -0.3 : 0.3 * x)),
      96,
      { clusters: 1, spherical: true },
    );
    expect(opposite.objective).toBeCloseTo(2, 6);
  });

  test('spherical: vectors too short for the inverse of their length in single precision keep their direction', async () => {
    const directions = [0, 1, 0, 1, 2, 2].map((third) => (third * 2 * Math.PI) / 3);
    const data = Float32Array.from(directions.flatMap((angle) => [1e-40 * Math.cos(angle), 1e-40 * Math.sin(angle)]));
    const thirds = [0, 1, 2].map((third) => (third * 2 * Math.PI) / 3);
    const initialization: Vectors = {
      data: Float32Array.from(thirds.flatMap((angle) => [Math.cos(angle), Math.sin(angle)])),
      dims: [3, 2],
    };
    const { labels, centroids } = await kmeans({ data, dims: [6, 2] }, { initialization, spherical: true, backend });
    expect([...labels]).toEqual([0, 1, 0, 1, 2, 2]);
    expect(centroids.data[0]).toBeCloseTo(1, 5);
  });

  test('whole-number weights are repeated points', async () => {
    const data = blobs(9, 300, 10, 5, 0.6);
    const counts = Array.from({ length: 300 }, (_, i) => i % 4);
    const first = rowsOf(data, 5, [1, 50, 99, 150, 201, 7, 9]);
    const weighted = await run(data, 5, { initialization: first, weights: counts, maxIterations: 50 });
    const repeated = counts.flatMap((count, i) => Array.from({ length: count }, () => i));
    const plain = await kmeans(rowsOf(data, 5, repeated), { initialization: first, backend, maxIterations: 50 });
    expect(repeated.map((point) => weighted.labels[point])).toEqual([...plain.labels]);
    expect(weighted.objective / plain.objective).toBeCloseTo(1, 5);
  });

  test('warm start, frozen centroids and appended points', async () => {
    const data = blobs(10, 2000, 25, 16, 0.4);
    const long = await run(data, 16, { clusters: 60, maxIterations: 8, initialization: 'random' });
    const half = await run(data, 16, { clusters: 60, maxIterations: 4, initialization: 'random' });
    const warm = await run(data, 16, { initialization: half.centroids, maxIterations: 4 });
    expect(warm.labels).toEqual(long.labels);
    const frozen = await run(data, 16, { initialization: half.centroids, frozen: [0, 3, 59], maxIterations: 4 });
    for (const cluster of [0, 3, 59]) {
      const at = [16 * cluster, 16 * cluster + 16];
      expect(frozen.centroids.data.subarray(...at)).toEqual(half.centroids.data.subarray(...at));
    }
    expect(frozen.objective).toBeLessThan(half.objective);

    const more = vectors(blobs(99, 128, 8, 16, 0.3), 16);
    const appended = await appendPoints(long, more, { backend });
    expect(appended.centroids.dims).toEqual([68, 16]);
    expect(appended.centroids.data.subarray(0, 60 * 16)).toEqual(long.centroids.data);
    expect(appended.labels.subarray(0, 2000)).toEqual(long.labels);
    expect(appended.sizes.reduce((sum, size) => sum + size)).toBe(2128);
    const again = await assignToCentroids(more, appended.centroids, { backend });
    expect(again.labels).toEqual(appended.labels.subarray(2000));
    const before = await assignToCentroids(more, long.centroids, { backend });
    const sum = (values: Float32Array): number => values.reduce((total, value) => total + value, 0);
    expect(sum(again.squaredDistances)).toBeLessThan(0.7 * sum(before.squaredDistances));
    expect(await appendPoints(long, vectors(new Float32Array(0), 16), { backend })).toBe(long);
  });

  test('balanced: no cluster is larger than it may be, every point has one', async () => {
    const data = blobs(12, 1000, 3, 8, 0.3);
    for (const most of [50, 51, 60]) {
      const { sizes, labels, centroids } = await run(data, 8, { clusters: 20, maxClusterSize: most });
      expect(Math.max(...sizes)).toBeLessThanOrEqual(most);
      expect(labels.length).toBe(1000);
      expect([...centroids.data].every(Number.isFinite)).toBe(true);
    }
  });

  test('two levels and mini-batches come near to the whole run', async () => {
    const data = blobs(13, 2000, 50, 12, 0.3);
    const whole = await run(data, 12, { clusters: 100 });
    const levels = await run(data, 12, { clusters: 100, levels: 2 });
    const batches = await run(data, 12, { clusters: 100, algorithm: 'mini-batch', maxIterations: 60, batchSize: 500 });
    expect(levels.centroids.dims).toEqual([100, 12]);
    for (const { objective } of [levels, batches]) expect(objective).toBeLessThan(1.4 * whole.objective);
  });

  test('fewer different points than clusters: documented, finite, and no point is far from its centroid', async () => {
    const data = Float32Array.from({ length: 60 }, (_, i) => (Math.floor(i / 2) % 3) + (i % 2));
    const { centroids, sizes, objective } = await run(data, 2, { clusters: 8, initialization: 'random', maxIterations: 30 });
    expect([...centroids.data].every(Number.isFinite)).toBe(true);
    expect(sizes.filter((size) => size > 0).length).toBeLessThanOrEqual(8);
    expect(objective).toBeLessThan(1e-3);
    const same = await run(new Float32Array(40).fill(3.25), 4, { clusters: 5 });
    expect([...same.centroids.data].every(Number.isFinite)).toBe(true);
    expect(same.objective).toBeLessThan(1e-3);
  });

  test('an empty cluster takes half of the largest', async () => {
    const data = blobs(14, 400, 4, 6, 0.3);
    const far = rowsOf(data, 6, [0, 1, 2, 3]);
    const first = { data: Float32Array.from([...(far.data as Float32Array), ...Array.from({ length: 12 }, () => 1e6)]), dims: [6, 6] };
    const { sizes } = await run(data, 6, { initialization: first });
    expect(Math.min(...sizes)).toBeGreaterThan(0);
  });

  test('as many clusters as points, one cluster, one dimension, one point', async () => {
    const data = blobs(15, 50, 5, 3, 1);
    expect((await run(data, 3, { clusters: 50, initialization: 'random' })).objective).toBeLessThan(1e-6);
    const one = await run(data, 3, { clusters: 1 });
    expect(one.labels.every((label) => label === 0)).toBe(true);
    expect((await run(data, 1, { clusters: 10 })).sizes.length).toBe(10);
    expect((await run(data.subarray(0, 3), 3, { clusters: 1 })).objective).toBe(0);
    expect((await run(data, 3, { clusters: 0.1 })).centroids.dims).toEqual([5, 3]);
  });

  test.each<[string, (data: Float32Array) => Promise<unknown>]>([
    [
      'NaN',
      (data) =>
        run(
          Float32Array.from(data, (x, i) => (i === 17 ? NaN : x)),
          4,
          { clusters: 3 },
        ),
    ],
    [
      'infinity',
      (data) =>
        run(
          Float32Array.from(data, (x, i) => (i === 0 ? -Infinity : x)),
          4,
          { clusters: 3, spherical: true },
        ),
    ],
    [
      'numbers whose squares overflow',
      (data) =>
        run(
          data.map((x) => x * 1e30),
          4,
          { clusters: 3 },
        ),
    ],
    [
      'infinity in half precision',
      () => kmeans({ data: new Uint16Array(8).fill(0x7c00), dims: [2, 4], type: 'float16' }, { clusters: 1, backend }),
    ],
    ['more clusters than points', (data) => run(data, 4, { clusters: 26 })],
    ['no clusters', (data) => run(data, 4, { clusters: 0 })],
    ['no points', () => run(new Float32Array(0), 4, { clusters: 1 })],
    ['no dimensions', () => kmeans({ data: new Float32Array(0), dims: [3, 0] }, { clusters: 1, backend })],
    ['a shape that does not fit', (data) => kmeans({ data, dims: [24, 4] }, { clusters: 2, backend })],
    ['arrays of arrays', () => kmeans([[1, 2]] as unknown as Vectors, { clusters: 1, backend })],
    ['bits without a type', () => kmeans({ data: new Uint16Array(4), dims: [2, 2] }, { clusters: 1, backend })],
    ['given centroids of another length', (data) => run(data, 4, { initialization: rowsOf(data, 5, [0]) })],
    ['given centroids that are NaN', (data) => run(data, 4, { initialization: vectors(new Float32Array(4).fill(NaN), 4) })],
    ['an unknown initialization', (data) => run(data, 4, { clusters: 2, initialization: 'best' as 'random' })],
    ['too few weights', (data) => run(data, 4, { clusters: 2, weights: [1, 2] })],
    ['negative weights', (data) => run(data, 4, { clusters: 2, weights: new Float64Array(25).fill(-1) })],
    ['weights of zero', (data) => run(data, 4, { clusters: 2, weights: new Float64Array(25) })],
    ['frozen without centroids', (data) => run(data, 4, { clusters: 2, frozen: [0] })],
    ['too little room', (data) => run(data, 4, { clusters: 2, maxClusterSize: 12 })],
  ])('%s is refused', async (_, attempt) => {
    await expect(attempt(blobs(1, 25, 3, 4, 1))).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  test.each([
    ['noise, of which bounds exclude nothing', (random: RandomStream) => random.gaussian()],
    ['small whole numbers, with many ties', (random: RandomStream) => Math.floor(3 * random.next())],
    ['numbers that are all but equal', (random: RandomStream) => 100 + 1e-4 * random.gaussian()],
    ['few numbers that are far greater than the others', (random: RandomStream) => random.gaussian() ** 9],
  ])('%s: with and without bounds every point is at its nearest centroid', async (_, number) => {
    const random = new RandomStream(7);
    const data = Float32Array.from({ length: 1500 * 24 }, () => number(random));
    const points = vectors(data, 24);
    const options: KMeansOptions = { clusters: 70, initialization: 'random', maxIterations: 6, tolerance: 0, backend };
    const bounded = await kmeans(points, options);
    const plain = await kmeans(points, { ...options, boundsBytes: 0 });
    expect(plain.labels).toEqual(bounded.labels);
    expect(plain.centroids).toEqual(bounded.centroids);
    const { own, least } = objectives(data, plain);
    expect(own).toBeLessThanOrEqual(least * (1 + 1e-6));
  });
});

if (BACKENDS.length === 2) {
  test('the backends agree to the bit where no point is nearly tied', async () => {
    for (const [seed, dims, clusters] of [
      [1, 8, 40],
      [2, 33, 50],
      [3, 1, 10],
    ] as const) {
      const data = blobs(seed, 1000, 50, dims, 0.2);
      const [native, js] = await Promise.all(
        BACKENDS.map((backend) => kmeans(vectors(data, dims), { clusters, initialization: 'kkz', backend })),
      );
      expect(native.labels).toEqual(js.labels);
      expect(native.centroids).toEqual(js.centroids);
    }
  });
}

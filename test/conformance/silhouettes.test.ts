/** Silhouettes by their definition, on every backend: of points, and of given distances. */
import fixture from '../fixtures/clustering.json';
import { silhouette, silhouetteAsync, silhouetteOfDistances, silhouetteOfDistancesAsync, type Vectors } from '../../lib/index';
import { blobs, gaussians, toBfloat16 } from '../clustering/blobs';
import { BACKENDS, describeEachBackend } from './backends';

function squareDistances(data: Float32Array, dims: number): Float64Array {
  const count = data.length / dims;
  return Float64Array.from({ length: count * count }, (_, at) => {
    const [i, j] = [Math.floor(at / count) * dims, (at % count) * dims];
    let square = 0;
    for (let k = 0; k < dims; k++) square += (data[i + k] - data[j + k]) ** 2;
    return Math.sqrt(square);
  });
}

/** The part above the diagonal. */
function condensed(distances: Float64Array): Float64Array {
  const count = Math.sqrt(distances.length);
  return distances.filter((_, at) => at % count > Math.floor(at / count));
}

function byDefinition(distances: Float64Array, labels: ArrayLike<number>): number {
  const { length: count } = labels;
  const clusters = [...new Set(Array.from(labels))];
  const widths = Array.from(labels, (own, i) => {
    const to = (cluster: number): number[] =>
      Array.from(distances.subarray(i * count, (i + 1) * count)).filter((_, j) => j !== i && labels[j] === cluster);
    const mean = (numbers: number[]): number => numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
    if (to(own).length === 0) return 0;
    const [a, b] = [mean(to(own)), Math.min(...clusters.filter((cluster) => cluster !== own).map((cluster) => mean(to(cluster))))];
    return Math.max(a, b) === 0 ? 0 : (b - a) / Math.max(a, b);
  });
  return widths.reduce((sum, width) => sum + width, 0) / count;
}

/** Clusters of very different sizes: most points in one, many alone. */
const skewed = (count: number): number[] => Array.from({ length: count }, (_, i) => (i % 3 > 0 ? 0 : i % 5 > 0 ? 1 + (i % 7) : 100 + i));
const inTurns = (count: number, clusters: number): number[] => Array.from({ length: count }, (_, i) => i % clusters);

const CASES: ReadonlyArray<readonly [name: string, data: Float32Array, dims: number, labels: number[]]> = [
  ...[1, 2, 7, 8, 9, 31, 100].map((dims) => [`${dims} dimensions`, blobs(dims, 90, 7, dims, 0.5), dims, inTurns(90, 7)] as const),
  ['three points', Float32Array.of(0, 1, 5), 1, [0, 0, 1]],
  ['small clusters and points alone', blobs(1, 301, 40, 12, 0.5), 12, skewed(301)],
  ['two clusters, each in parts', blobs(2, 700, 2, 5, 0.8), 5, inTurns(700, 2)],
  ['one large cluster and one point', blobs(3, 333, 2, 4, 0.8), 4, Array.from({ length: 333 }, (_, i) => Number(i === 200))],
  ['clusters of two', blobs(4, 600, 300, 3, 0.1), 3, inTurns(600, 300)],
  ['equal points', new Float32Array(60).fill(3.7), 3, inTurns(20, 4)],
  ['pairs of equal points far from zero', blobs(5, 120, 60, 6, 0).map((value) => 1e6 + 1e5 * value), 6, inTurns(120, 60)],
  ['small distances far from zero', blobs(6, 150, 5, 8, 0.3).map((value) => 1000 + value / 64), 8, inTurns(150, 5)],
  ['one point very far', blobs(7, 100, 5, 8, 0.3).map((value, i) => (i < 8 ? 1e9 : value)), 8, inTurns(100, 5)],
  ['very large and very small', blobs(8, 80, 4, 3, 0.3).map((value, i) => value * (i % 2 === 0 ? 1e37 : 1e-40)), 3, inTurns(80, 4)],
];

describeEachBackend('silhouettes', (backend) => {
  test.each(CASES)('the definition: %s', async (_, data, dims, labels) => {
    const distances = squareDistances(data, dims);
    const expected = byDefinition(distances, labels);
    const points: Vectors = { data, dims: [labels.length, dims] };
    const value = silhouette(points, labels, { backend });
    expect(Math.abs(value - expected)).toBeLessThan(1e-9);
    for (const threads of [1, 2, 5]) expect(await silhouetteAsync(points, labels, { backend, threads })).toBe(value);
    for (const given of [distances, condensed(distances)]) {
      const ofDistances = silhouetteOfDistances(given, labels, { backend });
      expect(Math.abs(ofDistances - expected)).toBeLessThan(1e-12);
      for (const threads of [1, 2, 5]) expect(await silhouetteOfDistancesAsync(given, labels, { backend, threads })).toBe(ofDistances);
    }
    expect(silhouetteOfDistances([...distances], labels, { backend })).toBe(silhouetteOfDistances(distances, labels, { backend }));
  });

  test.each(fixture.points)('scikit-learn: $count points', ({ seed, count, k, dims, silhouette: expected }) => {
    const data = blobs(seed, count, k, dims, 0.6);
    const labels = inTurns(count, k);
    expect(silhouette({ data, dims: [count, dims] }, labels, { backend })).toBeCloseTo(expected, 10);
    expect(silhouetteOfDistances(squareDistances(data, dims), labels, { backend })).toBeCloseTo(expected, 10);
  });

  test('points in half precision', () => {
    const { bits, values } = toBfloat16(blobs(9, 100, 5, 20, 0.4));
    const labels = inTurns(100, 5);
    expect(silhouette({ data: bits, dims: [100, 20], type: 'bfloat16' }, labels, { backend })).toBe(
      silhouette({ data: values, dims: [100, 20] }, labels, { backend }),
    );
  });

  test('distances that are not the same both ways are those of each row', () => {
    const distances = gaussians(10, 40 * 40).map((value, at) => (at % 41 === 0 ? 0 : Math.abs(value)));
    const labels = inTurns(40, 3);
    expect(silhouetteOfDistances(distances, labels, { backend })).toBeCloseTo(byDefinition(distances, labels), 12);
  });

  test('labels that change whenever they are read are read once', () => {
    const points = { data: Float32Array.from(gaussians(6, 30 * 4)), dims: [30, 4] };
    let reads = 0;
    const changing = new Proxy<number[]>(Array<number>(30).fill(0), {
      get: (list, key) => (typeof key === 'string' && key !== 'length' ? reads++ % 4 : (Reflect.get(list, key) as unknown)),
    });
    expect(silhouette(points, changing, { backend })).toBe(silhouette(points, inTurns(30, 4), { backend }));
  });

  test('tells how many points are done', async () => {
    // Enough for some tenths of a second natively.
    const count = backend === 'js' ? 3000 : 30_000;
    const points = { data: blobs(11, count, 9, 16, 0.4), dims: [count, 16] };
    const heard: number[][] = [];
    await silhouetteAsync(points, inTurns(count, 9), { backend, threads: 1, onProgress: (done, total) => heard.push([done, total]) });
    expect(heard.length).toBeGreaterThan(0);
    expect(heard.every(([done, total]) => done > 0 && done <= count && total === count)).toBe(true);
    if (backend === 'js') expect(heard[heard.length - 1]).toEqual([count, count]);
  });

  test('can be aborted', async () => {
    const points = { data: new Float32Array(20_000 * 64).map((_, i) => Math.sin(i)), dims: [20_000, 64] };
    const controller = new AbortController();
    const running = silhouetteAsync(points, inTurns(20_000, 9), { backend, signal: controller.signal });
    setImmediate(() => controller.abort());
    await expect(running).rejects.toEqual(expect.objectContaining({ code: 'ABORTED' }));
  });

  test('points that are taken away, labels that become more or fewer: the result of before or an error', async () => {
    const wrong = { name: 'MerganserError', code: 'INVALID_ARGUMENT' };
    const count = backend === 'js' ? 500 : 20_000;
    const data = Float32Array.from({ length: count * 8 }, (_, i) => Math.sin(i));
    const expected = silhouette({ data, dims: [count, 8] }, inTurns(count, 9), { backend });
    const running = silhouetteAsync({ data, dims: [count, 8] }, inTurns(count, 9), { backend });
    structuredClone(data.buffer, { transfer: [data.buffer] });
    const outcome = await running.catch((error: unknown) => error);
    if (typeof outcome === 'number') expect(outcome).toBe(expected);
    else expect(outcome).toMatchObject(wrong);
    for (const later of [3, 600_000]) {
      let asked = 0;
      const labels = new Proxy(inTurns(6, 2), {
        get: (target, name) => (name === 'length' ? (asked++ === 0 ? 6 : later) : Reflect.get(target, name)),
      }) as ArrayLike<number>;
      expect(() => silhouette({ data: new Float32Array(12).map((_, i) => i), dims: [6, 2] }, labels, { backend })).toThrow(
        expect.objectContaining(wrong),
      );
    }
  });

  test('after an abort nothing reads the points any more', async () => {
    const data = Float32Array.from({ length: 20_000 * 64 }, (_, i) => Math.sin(i));
    const controller = new AbortController();
    const running = silhouetteAsync({ data, dims: [20_000, 64] }, inTurns(20_000, 9), { backend, signal: controller.signal });
    setTimeout(() => controller.abort(), 20);
    await expect(running).rejects.toMatchObject({ code: 'ABORTED' });
    structuredClone(data.buffer, { transfer: [data.buffer] });
    expect(data.length).toBe(0);
  });

  test.each([NaN, Infinity, -Infinity])('a point of %d is refused, by its number', async (wrong) => {
    const data = blobs(12, 100, 5, 7, 0.4);
    data[63 * 7 + 5] = wrong;
    const refused = expect.objectContaining({ code: 'INVALID_ARGUMENT', message: expect.stringContaining('point 63') as unknown });
    expect(() => silhouette({ data, dims: [100, 7] }, inTurns(100, 5), { backend })).toThrow(refused);
    await expect(silhouetteAsync({ data, dims: [100, 7] }, inTurns(100, 5), { backend })).rejects.toEqual(refused);
  });

  test.each([NaN, -1, Infinity, 1e100])('a distance of %d is refused', async (wrong) => {
    const distances = squareDistances(blobs(13, 100, 5, 7, 0.4), 7);
    distances[63 * 100 + 99] = wrong;
    const refused = expect.objectContaining({ code: 'INVALID_ARGUMENT' });
    for (const given of [distances, condensed(distances)]) {
      expect(() => silhouetteOfDistances(given, inTurns(100, 5), { backend })).toThrow(refused);
      await expect(silhouetteOfDistancesAsync(given, inTurns(100, 5), { backend })).rejects.toEqual(refused);
    }
  });
});

test('backends agree', () => {
  const points = { data: blobs(14, 2000, 30, 48, 0.7), dims: [2000, 48] };
  const values = BACKENDS.map((backend) => silhouette(points, skewed(2000), { backend }));
  for (const value of values) expect(Math.abs(value - values[0])).toBeLessThan(1e-9);
});

test.each<[string, () => unknown]>([
  ['distances of another number of points', () => silhouetteOfDistances(new Float64Array(16), [0, 0, 1])],
  ['distances from points to themselves', () => silhouetteOfDistances([0, 1, 2, 1, 3, 1, 2, 1, 0], [0, 0, 1])],
  ['one cluster', () => silhouetteOfDistances([1, 2, 3], [0, 0, 0])],
  ['each point alone', () => silhouetteOfDistances([1, 2, 3], [0, 1, 2])],
  ['no points', () => silhouetteOfDistances([], [])],
  ['no number of threads', () => silhouetteOfDistances([1, 2, 3], [0, 0, 1], { threads: 1.5 })],
])('%s: refused', (_, attempt) => {
  expect(attempt).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
});

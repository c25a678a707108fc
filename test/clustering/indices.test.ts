/** Indices of labels against scikit-learn, linkages against SciPy. */
import fixture from '../fixtures/clustering.json';
import { agglomerate, compareLabels, cutDendrogram, daviesBouldin, daviesBouldinAsync, silhouette, type Linkage } from '../../lib/index';
import { blobs } from './blobs';

function condensed(data: Float32Array, dims: number): Float64Array {
  const count = data.length / dims;
  const out: number[] = [];
  for (let i = 0; i < count; i++) {
    for (let j = i + 1; j < count; j++) {
      out.push(Math.hypot(...Array.from({ length: dims }, (_, k) => data[i * dims + k] - data[j * dims + k])));
    }
  }
  return Float64Array.from(out);
}

test.each(fixture.agreement)('scikit-learn: agreement of labels', ({ classes, clusters, expected }) => {
  const actual: Record<string, number> = { ...compareLabels(classes, clusters) };
  for (const [name, value] of Object.entries(expected)) expect([name, actual[name]]).toEqual([name, expect.closeTo(value, 10)]);
});

test('rounding does not lead beyond 1', () => {
  for (let clusters = 2; clusters < 60; clusters++) {
    const classes = Array.from({ length: 600 }, (_, i) => i % clusters);
    const units = classes.map((label, i) => label + clusters * (i % 7));
    expect(compareLabels(classes, units).homogeneity).toBeLessThanOrEqual(1);
    expect(compareLabels(units, classes).completeness).toBeLessThanOrEqual(1);
  }
});

/** Expected mutual information as Vinh, Epps & Bailey (2010) write it: all cells, all numbers of shared points. */
function expectedMutual(rows: readonly number[], columns: readonly number[], count: number): number {
  const f: number[] = [0];
  for (let n = 1; n <= count; n++) f.push(f[n - 1] + Math.log(n));
  let sum = 0;
  for (const a of rows) {
    for (const b of columns) {
      for (let n = Math.max(1, a + b - count); n <= Math.min(a, b); n++) {
        const log = f[a] + f[b] + f[count - a] + f[count - b] - f[count] - f[n] - f[a - n] - f[b - n] - f[count - a - b + n];
        sum += (n / count) * Math.log((count * n) / (a * b)) * Math.exp(log);
      }
    }
  }
  return sum;
}

test.each<[string, number, (i: number) => number, (i: number) => number]>([
  ['many sizes', 3000, (i) => Math.floor(Math.sqrt(i)), (i) => Math.floor(((i * 7919) % 3000) ** 0.6)],
  ['clusters that cannot but share points', 500, (i) => Number(i < 40), (i) => Number((i * 7) % 500 < 30)],
  ['points alone', 400, (i) => (i < 300 ? i : 300), (i) => (i % 2 === 0 ? i : 1)],
])('adjusted mutual information by its definition: %s', (_, count, classOf, clusterOf) => {
  const [classes, clusters] = [classOf, clusterOf].map((of) => Array.from({ length: count }, (_value, i) => of(i)));
  const sizes = (labels: number[]): number[] => [
    ...labels.reduce((map, label) => map.set(label, (map.get(label) ?? 0) + 1), new Map<number, number>()).values(),
  ];
  const entropy = (labels: number[]): number => sizes(labels).reduce((sum, n) => sum - (n / count) * Math.log(n / count), 0);
  const mutual = entropy(classes) + entropy(clusters) - entropy(classes.map((label, i) => label * count + clusters[i]));
  const expected = expectedMutual(sizes(classes), sizes(clusters), count);
  const mean = (entropy(classes) + entropy(clusters)) / 2;
  expect(compareLabels(classes, clusters).adjustedMutualInformation).toBeCloseTo((mutual - expected) / (mean - expected), 9);
});

test.each(fixture.points)('scikit-learn: silhouette and Davies–Bouldin of $count points', (expected) => {
  const { seed, count, k, dims } = expected;
  const points = { data: blobs(seed, count, k, dims, 0.6), dims: [count, dims] };
  const labels = Array.from({ length: count }, (_, i) => i % k);
  expect(silhouette(points, labels)).toBeCloseTo(expected.silhouette, 10);
  expect(daviesBouldin(points, labels)).toBeCloseTo(expected.daviesBouldin, 10);
});

test.each(fixture.linkage)('SciPy: $method linkage of $count points', ({ seed, count, k, dims, method, distances, labels }) => {
  const tree = agglomerate(condensed(blobs(seed, count, k, dims, 0.6), dims), method as Linkage);
  tree.distances.forEach((distance, i) => expect(distance).toBeCloseTo(distances[i], 9));
  expect(tree.sizes[count - 2]).toBe(count);
  expect(compareLabels(labels, cutDendrogram(tree, 9)).adjustedRand).toBe(1);
  expect(new Set(cutDendrogram(tree, count)).size).toBe(count);
  expect(new Set(cutDendrogram(tree, 1)).size).toBe(1);
});

test('equal points, one point, two points', () => {
  const same = agglomerate(new Float64Array(10), 'ward');
  expect([...same.distances]).toEqual([0, 0, 0, 0]);
  expect([...cutDendrogram(agglomerate([], 'average'), 1)]).toEqual([0]);
  expect([...cutDendrogram(agglomerate([3], 'complete'), 2)]).toEqual([0, 1]);
});

test.each<[string, () => unknown]>([
  ['labels of another number of points', () => compareLabels([1, 2], [1])],
  ['no labels', () => compareLabels([], [])],
  ['one cluster', () => silhouette({ data: new Float32Array(4), dims: [2, 2] }, [0, 0])],
  ['each point alone', () => daviesBouldin({ data: new Float32Array(4), dims: [2, 2] }, [0, 1])],
  ['NaN', () => silhouette({ data: new Float32Array(6).fill(NaN), dims: [3, 2] }, [0, 0, 1])],
  ['distances of no number of points', () => agglomerate([1, 2], 'ward')],
  ['distances that are NaN', () => agglomerate([NaN], 'ward')],
  ['an unknown linkage', () => agglomerate([1], 'median' as Linkage)],
  ['more clusters than points', () => cutDendrogram(agglomerate([1], 'ward'), 3)],
])('%s: refused', (_, attempt) => {
  expect(attempt).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
});

describe('daviesBouldinAsync', () => {
  const [count, dims, clusters] = [20_000, 32, 500];
  const points = { data: blobs(7, count, 20, dims, 0.5), dims: [count, dims] };
  const labels = Uint32Array.from({ length: count }, (_, i) => (i * 7919) % clusters);

  test('the same, told how far it is, with turns of the event loop in between', async () => {
    const told: (readonly [number, number])[] = [];
    let [turns, going] = [0, true];
    const turn = (): void => {
      turns++;
      if (going) setImmediate(turn);
    };
    setImmediate(turn);
    const index = await daviesBouldinAsync(points, labels, { onProgress: (done, total) => told.push([done, total]) });
    going = false;
    expect(index).toBe(daviesBouldin(points, labels));
    const total = 2 * count + (clusters * (clusters - 1)) / 2;
    expect(told.at(-1)).toEqual([total, total]);
    for (const [i, [done, all]] of told.entries()) expect(all === total && done > (told[i - 1]?.[0] ?? 0)).toBe(true);
    expect(turns).toBeGreaterThan(5);
  });

  test('ends by its signal, and by what its listener throws', async () => {
    const controller = new AbortController();
    const work = daviesBouldinAsync(points, labels, { signal: controller.signal });
    controller.abort();
    await expect(work).rejects.toMatchObject({ code: 'ABORTED' });
    const thrown = new Error('enough');
    const listener = (): void => {
      throw thrown;
    };
    await expect(daviesBouldinAsync(points, labels, { onProgress: listener })).rejects.toBe(thrown);
  });
});

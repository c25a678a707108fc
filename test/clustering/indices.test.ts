/** Indices of labels against scikit-learn, linkages against SciPy. */
import fixture from '../fixtures/clustering.json';
import { agglomerate, compareLabels, cutDendrogram, daviesBouldin, silhouette, type Linkage } from '../../lib/index';
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

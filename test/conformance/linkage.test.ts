/** Linkage has the same bits on every backend, and is SciPy's. */
import fixture from '../fixtures/clustering.json';
import { agglomerate, agglomerateAsync, cutDendrogram, type Linkage } from '../../lib/index';
import { blobs, gaussians } from '../clustering/blobs';
import { BACKENDS, describeEachBackend } from './backends';

function euclidean(data: Float32Array, dims: number): Float64Array {
  const count = data.length / dims;
  const out = new Float64Array((count * (count - 1)) / 2);
  for (let i = 0, at = 0; i < count; i++) {
    for (let j = i + 1; j < count; j++) {
      let square = 0;
      for (let k = 0; k < dims; k++) square += (data[i * dims + k] - data[j * dims + k]) ** 2;
      out[at++] = Math.sqrt(square);
    }
  }
  return out;
}

const LINKAGES: readonly Linkage[] = ['ward', 'average', 'complete'];
const pairs = (points: number): number => (points * (points - 1)) / 2;

const CASES: ReadonlyArray<readonly [name: string, distances: Float64Array]> = [
  ...[1, 2, 3, 15, 16, 17, 33, 64, 150].map((points) => [`${points} points`, gaussians(points, pairs(points)).map(Math.abs)] as const),
  ['points of blobs', euclidean(blobs(3, 200, 12, 8, 0.5), 8)],
  ['many equal distances', gaussians(4, pairs(130)).map((value) => Math.round(Math.abs(value) * 2))],
  ['only zeros', new Float64Array(pairs(40))],
  [
    'a line of equal gaps',
    euclidean(
      Float32Array.from({ length: 100 }, (_, i) => i),
      1,
    ),
  ],
  ['zeros of either sign', gaussians(8, pairs(40)).map((value, i) => (i % 3 === 0 ? -0 : Math.abs(Math.round(value))))],
  ['equal distances whose means are rounded down', new Float64Array(pairs(60)).fill(1.9127812308038155)],
  ['very large and very small', gaussians(5, pairs(50)).map((value, i) => Math.abs(value) * (i % 3 === 0 ? 9e98 : 1e-200))],
];

describe.each(LINKAGES)('%s', (linkage) => {
  test.each(CASES)('the same on every backend: %s', async (_, distances) => {
    const kept = distances.slice();
    const trees = BACKENDS.map((backend) => agglomerate(distances, linkage, { backend }));
    for (const tree of trees) expect(tree).toEqual(trees[0]);
    for (const backend of BACKENDS) expect(await agglomerateAsync(distances, linkage, { backend })).toEqual(trees[0]);
    expect(kept.every((distance, i) => distance === distances[i])).toBe(true);
    expect(trees[0].distances.every((distance) => distance >= 0 && distance < Infinity)).toBe(true);
  });
});

describeEachBackend('linkage', (backend) => {
  // Of 9 equal numbers the mean by sizes of 6 and 3 is two units of rounding less than they are.
  test.each([1.9127812308038155, 1.9512679580715857, 0.1])('no merge is nearer than those before it: all points are %d apart', (apart) => {
    for (const linkage of LINKAGES) {
      const { distances } = agglomerate(new Float64Array(pairs(70)).fill(apart), linkage, { backend });
      expect(distances.every((distance, i) => distance >= (i === 0 ? apart : distances[i - 1]))).toBe(true);
      if (linkage === 'complete') expect(distances.every((distance) => distance === apart)).toBe(true);
    }
  });

  test.each(fixture.linkage)('SciPy: $method linkage of $count points', ({ seed, count, k, dims, method, distances, labels }) => {
    const tree = agglomerate(euclidean(blobs(seed, count, k, dims, 0.6), dims), method as Linkage, { backend });
    tree.distances.forEach((distance, i) => expect(distance).toBeCloseTo(distances[i], 9));
    expect(tree.sizes[count - 2]).toBe(count);
    expect(partition(cutDendrogram(tree, 9))).toEqual(partition(labels));
  });

  test.each([NaN, -1, Infinity, 1e100])('%d is refused', async (wrong) => {
    const distances = gaussians(6, pairs(40)).map(Math.abs);
    distances[701] = wrong;
    for (const given of [distances, [...distances]]) {
      expect(() => agglomerate(given, 'ward', { backend })).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
    }
    await expect(agglomerateAsync(distances, 'ward', { backend })).rejects.toEqual(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });

  test('can be aborted', async () => {
    const distances = gaussians(7, pairs(700)).map(Math.abs);
    const controller = new AbortController();
    const running = agglomerateAsync(distances, 'ward', { backend, signal: controller.signal });
    setImmediate(() => controller.abort());
    await expect(running).rejects.toEqual(expect.objectContaining({ code: 'ABORTED' }));
  });
});

/** Labels by the order of their first points. */
function partition(labels: ArrayLike<number>): number[] {
  const numbers = new Map<number, number>();
  return Array.from(labels, (label) => {
    if (!numbers.has(label)) numbers.set(label, numbers.size);
    return numbers.get(label)!;
  });
}

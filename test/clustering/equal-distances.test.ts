/** Of equally near centroids the first one has the point, in rows of every length for which the TypeScript backend has a way of its own. */
import { kmeans, type Vectors } from '../../lib/index';
import { RandomStream } from '../../lib/clustering/random';
import { describeEachBackend } from '../conformance/backends';

function firstNearest(data: Float32Array, point: number, centroids: Float32Array, dims: number): number {
  let [nearest, least] = [-1, Infinity];
  for (let id = 0; id < centroids.length / dims; id++) {
    let square = 0;
    for (let dim = 0; dim < dims; dim++) square += (data[point * dims + dim] - centroids[id * dims + dim]) ** 2;
    if (square < least) [nearest, least] = [id, square];
  }
  return nearest;
}

describeEachBackend('equal distances', (backend) => {
  /** Centroids stay where they are; the second assignment begins with the labels of the first one. */
  async function labelsOf(points: Vectors, centroids: Float32Array): Promise<Uint32Array> {
    const clusters = centroids.length / points.dims[1];
    const initialization = { data: centroids, dims: [clusters, points.dims[1]] };
    const frozen = Uint32Array.from({ length: clusters }, (_, id) => id);
    return (await kmeans(points, { initialization, frozen, maxIterations: 3, tolerance: 0, backend })).labels;
  }

  test.each([1, 2, 3, 4, 5, 8, 9, 20])('rows of %d small whole numbers', async (dims) => {
    const random = new RandomStream(dims);
    for (const clusters of [1, 5, 18, 64, 65]) {
      const whole = (count: number): Float32Array => Float32Array.from({ length: count * dims }, () => random.below(4));
      const [data, centroids] = [whole(777), whole(clusters)];
      const expected = Uint32Array.from({ length: 777 }, (_, point) => firstNearest(data, point, centroids, dims));
      expect(await labelsOf({ data, dims: [777, dims] }, centroids)).toEqual(expected);
    }
  });

  test.each([1, 2, 3, 4, 7, 8, 9, 20])(
    'a point of %d numbers that comes to lie between its centroid and one with a lower id',
    async (dims) => {
      const rowsOf = (numbers: number[]): Vectors => ({
        data: Float32Array.from({ length: numbers.length * dims }, (_, i) => (i % dims === 0 ? numbers[i / dims] : 0)),
        dims: [numbers.length, dims],
      });
      const far = Array.from({ length: 16 }, (_, i) => 1000 + i);
      const frozen = Uint32Array.from(far, (_, i) => i + 2);
      // 0 is nearer to 1 than to -6, and then as near to -4 as to 4.
      const { labels } = await kmeans(rowsOf([-4, 0, 8]), { initialization: rowsOf([-6, 1, ...far]), frozen, maxIterations: 1, backend });
      expect([...labels]).toEqual([0, 0, 1]);
    },
  );

  test('more short rows than are kept in double precision', async () => {
    const random = new RandomStream(1);
    const count = 2 ** 20 + 3;
    const data = Float32Array.from({ length: count }, () => random.below(9));
    const centroids = Float32Array.of(6, 1, 3);
    const expected = data.map((_, point) => firstNearest(data, point, centroids, 1));
    expect(
      Buffer.from((await labelsOf({ data, dims: [count, 1] }, centroids)).buffer).equals(Buffer.from(Uint32Array.from(expected).buffer)),
    ).toBe(true);
  });
});

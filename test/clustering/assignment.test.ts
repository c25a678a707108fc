/** Assignment to centroids of quite another size than the points, against double precision. */
import { assignToCentroids, kmeans } from '../../lib/index';
import { RandomStream } from '../../lib/clustering/random';
import { describeEachBackend } from '../conformance/backends';

const DIMS = 13;

function vectors(seed: number, rows: number, magnitude: number): { data: Float32Array; dims: number[] } {
  const random = new RandomStream(seed);
  return { data: Float32Array.from({ length: rows * DIMS }, () => magnitude * (random.next() - 0.5)), dims: [rows, DIMS] };
}

/** x·c − ‖c‖²/2. */
function score(points: Float32Array, point: number, centroids: Float32Array, centroid: number): number {
  let sum = 0;
  for (let dim = 0; dim < DIMS; dim++) {
    const c = centroids[centroid * DIMS + dim];
    sum += (points[point * DIMS + dim] - c / 2) * c;
  }
  return sum;
}

describeEachBackend('assignment', (backend) => {
  test.each([1e-9, 1, 1e6, 1e13, 1e17, 6e17])('points of magnitude %p', async (magnitude) => {
    const [points, centroids] = [vectors(1, 150, magnitude), vectors(2, 37, 1)];
    const { labels } = await assignToCentroids(points, centroids, { backend });
    labels.forEach((label, i) => {
      const scores = Array.from({ length: 37 }, (_, c) => score(points.data, i, centroids.data, c));
      const most = Math.max(...scores);
      // Rounding in single precision, of terms of about the size of a point or a centroid.
      expect(scores[label]).toBeGreaterThanOrEqual(most - 1e-5 * DIMS * (magnitude + 1));
    });
  });

  test('a label does not depend on the other points', async () => {
    const [points, centroids] = [vectors(3, 90, 1), vectors(4, 20, 1)];
    const { labels } = await assignToCentroids(points, centroids, { backend });
    for (const [first, last] of [
      [0, 1],
      [7, 30],
      [30, 90],
    ]) {
      const some = { data: points.data.subarray(first * DIMS, last * DIMS), dims: [last - first, DIMS] };
      expect((await assignToCentroids(some, centroids, { backend })).labels).toEqual(labels.subarray(first, last));
    }
  });

  test('small whole numbers: of equally near centroids the first, as kmeans has it', async () => {
    for (const dims of [3, 17, 64]) {
      const random = new RandomStream(dims);
      const whole = (rows: number): { data: Float32Array; dims: number[] } => ({
        data: Float32Array.from({ length: rows * dims }, () => random.below(5) - 2),
        dims: [rows, dims],
      });
      const [points, centroids] = [whole(300), whole(35)];
      const nearest = Uint32Array.from({ length: 300 }, (_, i) => {
        const distances = Array.from({ length: 35 }, (_, c) => {
          let sum = 0;
          for (let dim = 0; dim < dims; dim++) sum += (points.data[i * dims + dim] - centroids.data[c * dims + dim]) ** 2;
          return sum;
        });
        return distances.indexOf(Math.min(...distances));
      });
      expect((await assignToCentroids(points, centroids, { backend })).labels).toEqual(nearest);
      expect((await kmeans(points, { initialization: centroids, maxIterations: 0, backend })).labels).toEqual(nearest);
    }
  });

  test('a start far away from the points', async () => {
    const points = vectors(5, 60, 1);
    const { labels, centroids } = await kmeans(points, { initialization: vectors(6, 5, 5e17), frozen: [0, 1, 2, 3, 4], backend });
    expect(labels.every((label) => label < 5)).toBe(true);
    expect(centroids.data.every(Number.isFinite)).toBe(true);
  });
});

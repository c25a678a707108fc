/** Labels and distances of many points at once, which may be screened, are to the bit those of few points, which are scored against all centroids. */
import { assignToCentroids, kmeans, type KMeansOptions, type Vectors } from '../../lib/index';
import { RandomStream } from '../../lib/clustering/random';
import { describeEachBackend } from '../conformance/backends';
import { vectorKinds } from './vector-kinds';

const COUNT = 600;
// From 512 on every instruction set screens them.
const CLUSTERS = 520;
const FEW = 60;
const KINDS = vectorKinds(COUNT);

function rowsOf({ data, dims: [, length], ...type }: Vectors, first: number, last: number): Vectors {
  return { ...type, data: data.subarray(first * length, last * length), dims: [last - first, length] };
}

describeEachBackend('exact assignment', (backend) => {
  async function expectSame(points: Vectors, centroids: Vectors): Promise<void> {
    const count = points.dims[0];
    const all = await assignToCentroids(points, centroids, { backend, threads: 2 });
    for (let first = 0; first < count; first += FEW) {
      const last = Math.min(count, first + FEW);
      const few = await assignToCentroids(rowsOf(points, first, last), centroids, { backend });
      expect(all.labels.subarray(first, last)).toEqual(few.labels);
      expect(all.squaredDistances.subarray(first, last)).toEqual(few.squaredDistances);
    }
  }

  test.each(Object.keys(KINDS))('%s', async (kind) => {
    for (const dims of [65, 131, 400]) {
      const data = KINDS[kind](new RandomStream(dims), dims);
      const vectors: Vectors = { data, dims: [COUNT, dims] };
      // Some of the points, and others of their kind.
      const others = { data: KINDS[kind](new RandomStream(dims + 1), dims), dims: [COUNT, dims] };
      await expectSame(vectors, rowsOf(vectors, 0, CLUSTERS));
      await expectSame(vectors, rowsOf(others, 0, CLUSTERS));
      // Labels alone, beside those that bounds give.
      const options: KMeansOptions = { clusters: CLUSTERS, initialization: 'random', maxIterations: 2, seed: dims, backend };
      expect(await kmeans(vectors, { ...options, boundsBytes: 0 })).toEqual(await kmeans(vectors, options));
    }
  });

  test('many points, most of them near too many centroids, in half precision', async () => {
    const [count, dims] = [6000, 64];
    const random = new RandomStream(3);
    // bfloat16: the upper half of a number.
    const upper = new Uint16Array(
      Float32Array.from({ length: count * dims }, (_, i) => (i / dims > 2000 ? 1e-3 : 1) * random.gaussian() + 1).buffer,
    );
    const data = Uint16Array.from({ length: count * dims }, (_, i) => upper[2 * i + 1]);
    const points: Vectors = { data, type: 'bfloat16', dims: [count, dims] };
    await expectSame(points, rowsOf(points, 1900, 2500));
  });

  test('the first point that is not finite is told, wherever it stands', async () => {
    const data = KINDS.noise(new RandomStream(1), 128);
    data[(COUNT - 3) * 128 + 5] = NaN;
    data[490 * 128] = Infinity;
    const points: Vectors = { data, dims: [COUNT, 128] };
    await expect(assignToCentroids(points, rowsOf(points, 0, CLUSTERS), { backend, threads: 2 })).rejects.toThrow('490');
  });
});

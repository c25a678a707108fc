/** The first runs of k-means in a process, for which the TypeScript backend takes the shortest code, are to the bit those that follow. */
import { kmeans, type KMeansOptions, type KMeansResult, type Vectors } from '../../lib/index';
import { worthCompiling } from '../../lib/backend/js/clustering/compiled';
import { RandomStream } from '../../lib/clustering/random';

const SHAPES = [
  { count: 900, dims: 16, clusters: 32 },
  { count: 700, dims: 48, clusters: 70 },
  // Changes in the middle of the first run.
  { count: 3000, dims: 64, clusters: 150 },
];

function run(points: Vectors, clusters: number, options: Partial<KMeansOptions>): Promise<KMeansResult> {
  const [, dims] = points.dims;
  const initialization = { data: points.data.slice(0, clusters * dims) as Float32Array, dims: [clusters, dims] };
  return kmeans(points, { initialization, maxIterations: 12, backend: 'js', ...options });
}

describe('first runs', () => {
  const cases = SHAPES.map(({ count, dims, clusters }) => {
    const random = new RandomStream(dims);
    const points = { data: Float32Array.from({ length: count * dims }, () => random.gaussian()), dims: [count, dims] };
    const weights = Float64Array.from({ length: count }, () => random.next());
    return { points, clusters, options: [{}, { weights, spherical: true }] };
  });
  const all = async (): Promise<KMeansResult[]> => {
    const results: KMeansResult[] = [];
    for (const { points, clusters, options } of cases) for (const more of options) results.push(await run(points, clusters, more));
    return results;
  };

  test('are like those that follow', async () => {
    const first = await all();
    expect(worthCompiling(Infinity)).toBe(true);
    expect(await all()).toEqual(first);
  });
});

/** Arrays in shared memory, which are not copied: the same results as of others. */
import {
  assignToCentroids,
  ClusteredContext,
  flashAttention,
  kmeans,
  maxSimAsync,
  ProductQuantizer,
  reduceAsync,
  silhouetteAsync,
  sparseAttention,
  VectorIndex,
} from '../../lib/index';
import { RandomStream } from '../../lib/clustering/random';
import { describeEachBackend } from '../conformance/backends';

const WIDTH = 32;
const ROWS = 400;

function sharedCopy(data: Float32Array): Float32Array {
  const shared = new Float32Array(new SharedArrayBuffer(data.byteLength));
  shared.set(data);
  return shared;
}

describeEachBackend('arrays in shared memory', (backend) => {
  const random = new RandomStream(7);
  const cloud = Float32Array.from({ length: ROWS * WIDTH }, () => random.gaussian());
  const shared = sharedCopy(cloud);
  const points = (data: Float32Array) => ({ data, dims: [data.length / WIDTH, WIDTH] });
  const heads = (data: Float32Array) => ({ data, dims: [1, 2, data.length / WIDTH / 2, WIDTH] });
  const offsets = Uint32Array.of(0, ROWS / 2, ROWS);
  const indices = Int32Array.from({ length: ROWS }, (_, i) => i % (ROWS / 2));

  const CALLS: Record<string, (data: Float32Array) => Promise<unknown>> = {
    kmeans: (data) => kmeans(points(data), { clusters: 20, maxIterations: 3, backend }),
    assignToCentroids: (data) => assignToCentroids(points(data), points(data.subarray(0, 30 * WIDTH)), { backend }),
    maxSim: (data) =>
      maxSimAsync({ ...points(data.subarray(0, 8 * WIDTH)), offsets: Uint32Array.of(0, 8) }, { ...points(data), offsets }, { backend }),
    reduce: (data) =>
      reduceAsync({ data, dims: [1, ROWS, WIDTH] }, { method: 'tome', ratio: 0.4, backend }).then(({ tokens }) => tokens.data),
    silhouette: (data) =>
      silhouetteAsync(
        points(data),
        Uint32Array.from({ length: ROWS }, (_, i) => i % 3),
        { backend },
      ),
    'product quantizer': async (data) => {
      const quantizer = await ProductQuantizer.train(points(data), { codebookSize: 16, maxIterations: 2, parts: 4, backend });
      return quantizer.encode(points(data), { backend });
    },
    flashAttention: (data) => flashAttention(heads(data), heads(data), heads(data), { backend }),
    sparseAttention: (data) => sparseAttention(heads(data), heads(data), heads(data), { indices, offsets }, { backend }),
    'clustered context': async (data) => {
      const context = await ClusteredContext.build(heads(data), heads(data), { clusters: 0.1, backend });
      return (await context.attend(heads(data), { budget: 0.2 })).output;
    },
    'vector index': async (data) => {
      const index = await VectorIndex.build(points(data), { lists: 8, backend });
      return index.searchAsync(points(data.subarray(0, 5 * WIDTH)), 5);
    },
  };

  test.each(Object.keys(CALLS))('%s', async (name) => {
    expect(await CALLS[name](shared)).toEqual(await CALLS[name](cloud));
  });
});

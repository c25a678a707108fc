/** Numbers in shared memory, which threads read where they are: what the same numbers in memory of their own give. */
import {
  assignToCentroids,
  ClusteredContext,
  flashAttention,
  kmeans,
  KMeansQuantizer,
  maxSimAsync,
  NearestCentroid,
  reduceAsync,
  silhouetteAsync,
  sparseAttention,
  VectorIndex,
} from '../../lib/index';
import { RandomStream } from '../../lib/clustering/random';
import { describeEachBackend } from '../conformance/backends';

const [ROWS, WIDTH] = [240, 16];

describeEachBackend('numbers in shared memory', (backend) => {
  const random = new RandomStream(8);
  const own = Float32Array.from({ length: ROWS * WIDTH }, () => random.gaussian());
  const bits = Uint16Array.from(new Uint32Array(own.buffer), (single) => single >>> 16);
  type Numbers = typeof own | typeof bits;
  /** Not at the beginning of the memory. */
  const shared = <Array extends Numbers>(array: Array): Array => {
    const type = array.constructor as new (buffer: SharedArrayBuffer, from: number, length: number) => Array;
    const copy = new type(new SharedArrayBuffer(array.byteLength + 24), 8, array.length);
    copy.set(array);
    return copy;
  };
  const points = (data: Numbers) => ({ data, dims: [ROWS, WIDTH], ...(data instanceof Uint16Array && { type: 'bfloat16' as const }) });
  const heads = (data: Numbers) => ({ ...points(data), dims: [1, 2, ROWS / 2, WIDTH] });
  const sequences = (data: Numbers) => ({ ...points(data), offsets: Uint32Array.of(0, 100, ROWS) });
  const lists = { indices: Int32Array.from({ length: ROWS }, (_, i) => i % (ROWS / 2)), offsets: Uint32Array.of(0, ROWS / 2, ROWS) };
  const labels = Uint32Array.from({ length: ROWS }, (_, i) => i % 3);

  const CALLS: Record<string, (data: Numbers) => Promise<unknown>> = {
    kmeans: (data) => kmeans(points(data), { clusters: 9, backend }),
    assignToCentroids: (data) => assignToCentroids(points(data), points(own), { backend }),
    'centroids of assignToCentroids': (data) => assignToCentroids(points(own), points(data), { backend }),
    maxSim: (data) => maxSimAsync(sequences(own), sequences(data), { backend }),
    flashAttention: (data) => flashAttention(heads(own), heads(data), heads(data), { backend }),
    sparseAttention: (data) => sparseAttention(heads(own), heads(data), heads(data), lists, { backend }),
    'clustered context': async (data) => {
      const context = await ClusteredContext.build(heads(data), heads(data), { clusters: 0.1, backend });
      return (await context.attend(heads(own), { budget: 0.2 })).output;
    },
    reduce: (data) =>
      reduceAsync({ data: data as Float32Array, dims: [ROWS, WIDTH] }, { method: 'tome', remove: 40, backend }).then(
        ({ source }) => source,
      ),
    silhouette: (data) => silhouetteAsync(points(data), labels, { backend }),
    classifier: (data) => NearestCentroid.fit(points(own), labels, { backend }).then((model) => model.predict(points(data))),
    quantizer: async (data) => (await KMeansQuantizer.train(points(data), { codebookSize: 8, backend })).encode(points(data), { backend }),
    index: async (data) => {
      const index = await VectorIndex.build(points(data), { lists: 4, metric: 'l2', storage: 'int8', rescore: points(data), backend });
      return index.searchAsync({ data: own.subarray(0, 5 * WIDTH), dims: [5, WIDTH] }, 5);
    },
  };

  test.each(Object.keys(CALLS))('%s', async (name) => {
    expect(await CALLS[name](shared(own))).toEqual(await CALLS[name](own));
    if (name !== 'reduce') expect(await CALLS[name](shared(bits))).toEqual(await CALLS[name](bits));
  });
});

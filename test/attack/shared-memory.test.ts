/** Numbers in shared memory, which threads read where they are: what the same numbers in memory of their own give. */
import { Worker } from 'node:worker_threads';
import {
  assignToCentroids,
  flashAttention,
  kmeans,
  KMeansQuantizer,
  maxSimAsync,
  NearestCentroid,
  reduceAsync,
  silhouetteAsync,
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
  const labels = Uint32Array.from({ length: ROWS }, (_, i) => i % 3);

  const CALLS: Record<string, (data: Numbers) => Promise<unknown>> = {
    kmeans: (data) => kmeans(points(data), { clusters: 9, backend }),
    assignToCentroids: (data) => assignToCentroids(points(data), points(own), { backend }),
    'centroids of assignToCentroids': (data) => assignToCentroids(points(own), points(data), { backend }),
    maxSim: (data) => maxSimAsync(sequences(own), sequences(data), { backend }),
    flashAttention: (data) => flashAttention(heads(own), heads(data), heads(data), { backend }),
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

  test('codes that others change while they are decoded', async () => {
    const [codes, width, place] = [16, 4, 70_000];
    const quantizer = new KMeansQuantizer({ type: 'float32', data: own.slice(0, codes * width), dims: [codes, width] });
    const data = new Uint32Array(new SharedArrayBuffer(4 * 100_000)).fill(1);
    const changing = new Worker(
      `const data = new Uint32Array(require('node:worker_threads').workerData);
       const end = Date.now() + 600_000;
       require('node:worker_threads').parentPort.postMessage('begun');
       while (Date.now() < end) for (let i = 0; i < 1e5; i++) data[${place}] = i % 8 === 0 ? 0x7fffffff : 1;`,
      { eval: true, workerData: data.buffer },
    );
    await new Promise((resolve) => changing.once('message', resolve));
    try {
      for (let run = 0; run < 40; run++) {
        const found = await quantizer
          .decode({ type: 'uint32', data, dims: [data.length, 1] }, { backend })
          .catch((error: unknown) => error);
        if (found instanceof Error) expect(found).toMatchObject({ code: 'INVALID_ARGUMENT' });
        else
          expect(Array.from((found as { data: Float32Array }).data.subarray(place * width, (place + 1) * width))).toEqual(
            Array.from(own.subarray(width, 2 * width)),
          );
      }
    } finally {
      await changing.terminate();
    }
  });
});

/** Arrays of subclasses, with properties of their own, and what only looks like an array: the numbers that there are count, or a clear error comes. */
import {
  agglomerate,
  agglomerateAsync,
  assignToCentroids,
  kmeans,
  KMeansQuantizer,
  maxSim,
  maxSimAsync,
  NearestCentroid,
  poolEmbeddings,
  poolVectors,
  quantizerFromBytes,
  reduce,
  reduceAsync,
  silhouette,
  silhouetteOfDistances,
  sinkhorn,
  VectorIndex,
} from '../../lib/index';
import { describeEachBackend } from '../conformance/backends';
import { gaussians } from './blobs';

const [COUNT, DIMS] = [60, 16];
const NUMBERS = Float32Array.from(gaussians(5, COUNT * DIMS));
const LABELS = Array.from({ length: COUNT }, (_, i) => i % 5);
const OFFSETS = Uint32Array.of(0, 20, COUNT);
const refused = expect.objectContaining({ code: 'INVALID_ARGUMENT' });

/** Whose constructor wants something else than a length, a buffer or numbers. */
class Named extends Float32Array {
  constructor(readonly unit: string) {
    super(COUNT * DIMS);
  }
}

/** Parts and copies are longer than they should be. */
class Longer extends Float32Array {
  static get [Symbol.species](): Float32ArrayConstructor {
    return class extends Float32Array {
      constructor(length: number) {
        super(length + 7);
      }
    } as unknown as Float32ArrayConstructor;
  }
}

function filled(array: Float32Array): Float32Array {
  array.set(NUMBERS);
  return array;
}

function withLength<Value extends object>(value: Value, length: number): Value {
  return Object.defineProperty(value, 'length', { value: length });
}

const odd = {
  named: () => filled(new Named('metres')),
  longer: () => filled(new Longer(COUNT * DIMS)),
  'with a constructor of its own': () => Object.assign(NUMBERS.slice(), { constructor: Array }),
  'with a length of its own': () => withLength(NUMBERS.slice(), 3 * COUNT * DIMS),
  growable: () => filled(new Float32Array(new SharedArrayBuffer(4 * COUNT * DIMS))),
};

const none = {
  'an object': () => withLength(Object.create(Float32Array.prototype) as Float32Array, COUNT * DIMS),
  'a proxy': () => new Proxy(NUMBERS.slice(), {}),
  'a short array that says it is long': () => withLength(NUMBERS.slice(0, 8), COUNT * DIMS),
  'what was taken away': () => {
    const taken = NUMBERS.slice();
    structuredClone(taken.buffer, { transfer: [taken.buffer] });
    return taken;
  },
};

describeEachBackend('odd arrays', (backend) => {
  const calls: Record<string, (data: Float32Array) => unknown> = {
    kmeans: async (data) => (await kmeans({ data, dims: [COUNT, DIMS] }, { clusters: 4, backend })).centroids,
    'centroids of k-means': (data) => assignToCentroids({ data: NUMBERS, dims: [COUNT, DIMS] }, { data, dims: [COUNT, DIMS] }, { backend }),
    maxSim: (data) => maxSim({ data, dims: [COUNT, DIMS], offsets: OFFSETS }, { data, dims: [COUNT, DIMS], offsets: OFFSETS }, { backend }),
    maxSimAsync: (data) =>
      maxSimAsync({ data, dims: [COUNT, DIMS], offsets: OFFSETS }, { data, dims: [COUNT, DIMS], offsets: OFFSETS }, { backend }),
    poolVectors: (data) => poolVectors({ data, dims: [COUNT, DIMS] }, { factor: 3, backend }),
    'training and coding': async (data) => {
      const quantizer = await KMeansQuantizer.train({ data, dims: [COUNT, DIMS] }, { codebookSize: 8, backend });
      return quantizer.encode({ data, dims: [COUNT, DIMS] }, { backend });
    },
    NearestCentroid: async (data) => {
      const classifier = await NearestCentroid.fit({ data, dims: [COUNT, DIMS] }, LABELS, { backend });
      return classifier.predictSync({ data, dims: [COUNT, DIMS] });
    },
    VectorIndex: async (data) => {
      using index = await VectorIndex.build({ data, dims: [COUNT, DIMS] }, { lists: 4, backend });
      return index.search({ data, dims: [COUNT, DIMS] }, 3);
    },
    silhouette: (data) => silhouette({ data, dims: [COUNT, DIMS] }, LABELS, { backend }),
    sinkhorn: (data) => sinkhorn(data, DIMS),
    poolEmbeddings: (data) => poolEmbeddings({ data, dims: [6, 10, DIMS] }, new Uint8Array(COUNT).fill(1), { method: 'mean' }),
    reduce: (data) => reduce({ data, dims: [COUNT, DIMS] }, { method: 'tome', ratio: 0.5, backend }).tokens,
    reduceAsync: async (data) => (await reduceAsync({ data, dims: [COUNT, DIMS] }, { method: 'pitome', ratio: 0.2, backend })).tokens,
    metric: (data) =>
      reduce({ data: NUMBERS, dims: [COUNT, DIMS] }, { method: 'tome', ratio: 0.5, metric: { data, dims: [COUNT, DIMS] }, backend }).tokens,
    merge: (data) => reduce({ data: NUMBERS, dims: [COUNT, DIMS] }, { method: 'tome', ratio: 0.5, backend }).merge(data),
  };

  test.each(Object.entries(calls))('%s', async (_name, call) => {
    const expected = await call(NUMBERS);
    for (const make of Object.values(odd)) expect(await call(make())).toEqual(expected);
    for (const make of Object.values(none)) await expect((async () => call(make()))()).rejects.toThrow(refused);
  });

  test('distances, offsets, masks, codes and bytes', async () => {
    const pairs = Float64Array.from({ length: 45 }, (_, i) => 1 + Math.abs(NUMBERS[i]));
    const long = withLength(pairs.slice(0, 6), 45);
    const four = agglomerate(pairs.slice(0, 6), 'ward', { backend });
    expect(agglomerate(long, 'ward', { backend })).toEqual(four);
    expect(await agglomerateAsync(long, 'ward', { backend })).toEqual(four);
    expect(() => silhouetteOfDistances(long, LABELS.slice(0, 10), { backend })).toThrow(refused);
    const points = { data: NUMBERS, dims: [COUNT, DIMS] };
    for (const wrong of [
      { offsets: withLength(Uint32Array.of(0, 20), 3) },
      { offsets: OFFSETS, mask: withLength(new Uint8Array(3), COUNT) },
    ])
      expect(() => maxSim({ ...points, offsets: OFFSETS }, { ...points, ...wrong }, { backend })).toThrow(refused);
    const quantizer = await KMeansQuantizer.train(points, { codebookSize: 8, backend });
    const codes = { data: withLength(new Uint32Array(2), 5000), dims: [5000, 1] as [number, number], type: 'uint32' as const };
    await expect(quantizer.decode(codes, { backend })).rejects.toThrow(refused);
    expect(() => quantizerFromBytes(withLength(quantizer.toBytes().slice(0, 9), 1000))).toThrow(
      expect.objectContaining({ code: 'MALFORMED_FILE' }),
    );
    for (const bytes of [null, undefined, 'x', new ArrayBuffer(100)])
      await expect(VectorIndex.fromBytes(bytes as never, { backend })).rejects.toThrow(refused);
  });

  test('a mask in a Buffer is copied: its parts are none', async () => {
    const points = { data: NUMBERS, dims: [COUNT, DIMS], offsets: OFFSETS };
    const mask = Buffer.from(new ArrayBuffer(COUNT));
    mask.fill(1, 0, 30);
    const expected = maxSim(points, { ...points, mask: Uint8Array.from(mask) }, { backend });
    const scoring = maxSimAsync(points, { ...points, mask }, { backend });
    structuredClone(mask.buffer, { transfer: [mask.buffer] });
    expect(await scoring).toEqual(expected);
  });
});

/** Token reduction of what no compiler has checked: positions of cascades, numbers of other kinds, signals that are none. */
import {
  agglomerate,
  agglomerateAsync,
  appendPoints,
  cascade,
  cascadeAsync,
  codeStatistics,
  daviesBouldinAsync,
  kmeans,
  KMeansQuantizer,
  loadQuantizer,
  maxSimAsync,
  poolEmbeddings,
  positionRows,
  reduce,
  reduceAsync,
  removalSchedule,
  ResidualQuantizer,
  silhouetteAsync,
  sinkhorn,
  transformerMacs,
  type QuantizerProgress,
  type ReduceOptions,
} from '../../lib/index';
import { blobs } from '../clustering/blobs';

const REFUSED = expect.objectContaining({ code: 'INVALID_ARGUMENT' });
const N = 12;
const TOKENS = { data: blobs(3, N, 3, 4, 0.5), dims: [N, 4] };
const step = (others: object): ReduceOptions => ({ method: 'tome', remove: 2, ...others });

test.each([
  ['too few', { data: [1, 2, 3], width: 1 }],
  ['not numbers', { data: Array.from({ length: N }, (_, i) => `${i}`), width: 1 }],
  ['large integers', { data: new BigInt64Array(N), width: 1 }],
  ['not finite', { data: new Float64Array(N).fill(NaN), width: 1 }],
  ['no data', { width: 1 }],
  ['null', null],
  ['half a width', { data: new Float64Array(N), width: 0.5 }],
  ['a negative number to keep', { data: new Float64Array(N), width: 1, keep: -1 }],
])('positions: %s', async (_, positions) => {
  expect(() => reduce(TOKENS, step({ positions }))).toThrow(REFUSED);
  expect(() => cascade(TOKENS, [step({ positions })])).toThrow(REFUSED);
  await expect(cascadeAsync(TOKENS, [step({ positions }), step({})])).rejects.toEqual(REFUSED);
});

test('lists of other things than numbers', () => {
  for (const size of [new BigInt64Array(N), new Array(N).fill('1'), { length: -1 }, new Array(N).fill(1e39)])
    expect(() => reduce(TOKENS, step({ size }))).toThrow(REFUSED);
  expect(() => agglomerate([1n] as unknown as number[], 'ward')).toThrow(REFUSED);
  expect(() => cascade(TOKENS, { length: -1 } as unknown as ReduceOptions[])).toThrow(REFUSED);
  expect(() => positionRows(new BigInt64Array(4) as unknown as Float64Array, 2, 1)).toThrow(REFUSED);
  expect(() => reduce({ ...TOKENS, dims: [Object.create(null) as number, 4] }, step({}))).toThrow(REFUSED);
});

test('names that are no text, and values whose memory was taken away', async () => {
  for (const method of [Object.create(null), [NaN], 1n]) expect(() => reduce(TOKENS, { method, remove: 2 })).toThrow(REFUSED);
  const { merge, unmerge } = reduce(TOKENS, step({}));
  const gone = new Float32Array(N);
  structuredClone(gone.buffer, { transfer: [gone.buffer] });
  expect(() => merge(gone)).toThrow(REFUSED);
  expect(() => unmerge(gone)).toThrow(REFUSED);
  const points = { data: TOKENS.data, dims: TOKENS.dims };
  const result = await kmeans(points, { clusters: 2 });
  await expect(appendPoints({ ...result, objective: 1n as unknown as number }, points)).rejects.toEqual(REFUSED);
});

test('quantizers: where to save, sizes of codebooks, numbers without end', async () => {
  const quantizer = await KMeansQuantizer.train(TOKENS, { codebookSize: 2 });
  for (const path of [Symbol('path'), Object.create(null), 7]) {
    await expect(quantizer.save(path as string)).rejects.toEqual(REFUSED);
    await expect(loadQuantizer(path as string)).rejects.toEqual(REFUSED);
  }
  const codes = { type: 'uint32', data: new Uint32Array(3), dims: [3, 1] } as const;
  for (const sizes of [[NaN], [1.5], { length: 1 }, ['a'], undefined])
    expect(() => codeStatistics(codes, sizes as number[])).toThrow(REFUSED);
  await expect(ResidualQuantizer.train(TOKENS, { codebooks: 1e300, codebookSize: 2 })).rejects.toEqual(REFUSED);
  const heard: number[] = [];
  const onProgress = ({ codebook }: QuantizerProgress): number => heard.push(codebook);
  await expect(ResidualQuantizer.train(TOKENS, { codebooks: 2, codebookSize: 2, beam: 0, onProgress })).rejects.toEqual(REFUSED);
  expect(heard).toEqual([]);
  expect(() => sinkhorn(new Float32Array(4), 2, { iterations: 1e300 })).toThrow(REFUSED);
});

test('numbers that nothing is made of', () => {
  expect(() => removalSchedule(1e9, 4)).toThrow(REFUSED);
  expect(() => transformerMacs({ layers: 1, width: 1e300, tokens: 1 })).toThrow(REFUSED);
});

test('a method of pooling that objects have', () => {
  for (const method of ['toString', 'constructor', Object.create(null) as string])
    expect(() => poolEmbeddings({ ...TOKENS, dims: [3, 4, 4] }, new Uint8Array(N).fill(1), { method: method as 'mean' })).toThrow(REFUSED);
});

test('what is no signal, and no options', async () => {
  const sequences = { ...TOKENS, offsets: Uint32Array.of(0, N) };
  for (const signal of [NaN, 0, 'x', {}] as unknown as AbortSignal[]) {
    await expect(reduceAsync(TOKENS, step({}), { signal })).rejects.toEqual(REFUSED);
    await expect(agglomerateAsync(new Float64Array(66).fill(1), 'ward', { signal })).rejects.toEqual(REFUSED);
    await expect(maxSimAsync(sequences, sequences, { signal })).rejects.toEqual(REFUSED);
  }
  await expect(maxSimAsync(sequences, sequences, null as unknown as object)).rejects.toEqual(REFUSED);
  const { mergeAsync } = reduce(TOKENS, step({}));
  await expect(mergeAsync(TOKENS.data, null as unknown as object)).rejects.toEqual(REFUSED);
});

test('what is to be told of progress is a function', async () => {
  const wrong = { onProgress: 5 as unknown as () => void };
  const labels = Uint32Array.from({ length: N }, (_, i) => i % 2);
  const quantizer = new KMeansQuantizer({ data: TOKENS.data.slice(0, 8), dims: [2, 4], type: 'float32' });
  for (const call of [
    () => reduceAsync(TOKENS, step({}), wrong),
    () => cascadeAsync(TOKENS, [step({})], wrong),
    () => daviesBouldinAsync(TOKENS, labels, wrong),
    () => silhouetteAsync(TOKENS, labels, wrong),
    () => quantizer.encode(TOKENS, wrong),
    () => kmeans(TOKENS, { clusters: 2, ...wrong }),
  ])
    await expect(call()).rejects.toEqual(REFUSED);
});

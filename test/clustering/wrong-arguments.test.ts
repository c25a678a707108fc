/** What JavaScript callers can hand over by mistake: every function says what it expected, or gives numbers. */
import * as merganser from '../../lib/index';
import { MerganserError } from '../../lib/errors';

const numbers = (count: number): Float32Array => Float32Array.from({ length: count }, (_, i) => 2 * Math.sin(1.7 * i));
const vectors = (rows: number, length: number): { data: Float32Array; dims: number[] } => ({
  data: numbers(rows * length),
  dims: [rows, length],
});
const distances = Float64Array.from({ length: 64 }, (_, i) => Math.abs(Math.floor(i / 8) - (i % 8)));
const sequences = { ...vectors(8, 4), offsets: Uint32Array.of(0, 3, 8) };
const states = { data: numbers(24), dims: [2, 3, 4] };
const mask = [1, 1, 1, 1, 1, 0];
const norm = { weight: numbers(4) };
const weights = {
  heads: 2,
  latents: vectors(3, 4),
  latentNorm: norm,
  contextNorm: norm,
  query: { weight: numbers(16) },
  keyValue: { weight: numbers(32) },
  output: { weight: numbers(16) },
  feedForwardNorm: norm,
  expand: { weight: numbers(128) },
  contract: { weight: numbers(64) },
};

const WRONG: readonly unknown[] = [
  null,
  0,
  -1,
  1.5,
  NaN,
  Infinity,
  5n,
  'x',
  '',
  true,
  [],
  {},
  [1, 2, 3],
  ['a', 'b'],
  [null],
  () => 1,
  new Float32Array(0),
  { data: null, dims: null },
  { data: [1, 2], dims: [1, 2] },
  { data: numbers(4), dims: [2, 3] },
  { data: numbers(4), dims: 'ab' },
  { data: numbers(4), dims: [4] },
  { data: numbers(4), dims: [-2, -2] },
  { data: new Float32Array(0), dims: [0, 2] },
  { data: Float32Array.of(1, NaN, 3, 4), dims: [2, 2] },
  { data: Float32Array.of(1, Infinity, 3, 4), dims: [2, 2] },
  { data: numbers(4), dims: [2, 2], type: 'float16' },
  { data: new Uint16Array(4), dims: [2, 2] },
];

type Call = (...wrong: any[]) => unknown;

const OPERATORS = {
  tome: { remove: 2, every: 2, seed: 1, metric: undefined, protect: [], size: undefined, positions: undefined },
  threshold: { threshold: 0.1 },
  'tome-grid': { grid: [4, 4], cell: [2, 2], seed: 1, remove: 3 },
  pitome: { remove: 2, margin: 0.9 },
  'dpc-knn': { clusters: 3, neighbours: 5 },
  'k-medoids': { clusters: 3, distance: 'euclidean', maxIterations: 9 },
  spectral: { clusters: 3, sigma: 2, neighbours: 4, locality: undefined },
  visionzip: { attention: numbers(16), dominant: 3, contextual: 2 },
  expedit: { grid: [4, 4], target: [2, 2], iterations: 2, window: 3, temperature: 1, nearest: 2, normalization: 'l1' },
} as const;

/** The first argument wrong, then options as a whole. */
const FIRST: Record<string, Call> = {
  cascade: (wrong) => merganser.cascade(wrong, [{ method: 'tome', remove: 1 }]),
  'steps of cascade': (wrong) => merganser.cascade(vectors(8, 4), wrong),
  'a step of cascade': (wrong) => merganser.cascadeAsync(vectors(8, 4), [wrong]),
  clusterSegments: (wrong) => merganser.clusterSegments(wrong, { segments: 1, method: 'k-medoids', clusters: 2 }),
  'options of clusterSegments': (wrong) => merganser.clusterSegments(states, wrong),
  positionRows: (wrong) => merganser.positionRows(wrong, 3, 2),
  'width of positionRows': (wrong) => merganser.positionRows(new Float64Array(12), wrong, 2),
  rotaryChunks: (wrong) => merganser.rotaryChunks(wrong, 2),
  transformerMacs: (wrong) => merganser.transformerMacs(wrong),
  'reduced of transformerMacs': (wrong) => merganser.transformerMacs({ layers: 2, width: 3, tokens: 4 }, wrong),
  removalSchedule: (wrong) => merganser.removalSchedule(3, 3, wrong),
  agglomerate: (wrong) => merganser.agglomerate(wrong, 'ward'),
  'linkage of agglomerate': (wrong) => merganser.agglomerateAsync(numbers(10).map(Math.abs), wrong),
  cutDendrogram: (wrong) => merganser.cutDendrogram(wrong, 2),
  hdbscan: (wrong) => merganser.hdbscan(wrong),
  'options of hdbscan': (wrong) => merganser.hdbscanAsync(distances, wrong),
  spectralClusters: (wrong) => merganser.spectralClusters(wrong, { clusters: 1 }),
  'options of spectralClusters': (wrong) => merganser.spectralClusters({ data: numbers(64).fill(1), dims: [8, 8] }, wrong),
  subspaceClusters: (wrong) => merganser.subspaceClusters(wrong, { clusters: 1 }),
  'options of subspaceClusters': (wrong) => merganser.subspaceClusters(vectors(8, 3), wrong),
  compareLabels: (wrong) => merganser.compareLabels(wrong, [1, 2, 3]),
  'clusters of compareLabels': (wrong) => merganser.compareLabelsAsync([1, 2, 3], wrong),
  silhouette: (wrong) => merganser.silhouette(wrong, [1, 2, 1]),
  'labels of silhouette': (wrong) => merganser.silhouetteAsync(vectors(6, 2), wrong),
  'options of silhouette': (wrong) => merganser.silhouette(vectors(6, 2), [1, 2, 1], wrong),
  silhouetteOfDistances: (wrong) => merganser.silhouetteOfDistances(wrong, [1, 2, 1]),
  'labels of silhouetteOfDistances': (wrong) => merganser.silhouetteOfDistancesAsync([1, 2, 3], wrong),
  'labels of daviesBouldin': (wrong) => merganser.daviesBouldin(vectors(6, 2), wrong),
  sinkhorn: (wrong) => merganser.sinkhorn(wrong, 2),
  'columns of sinkhorn': (wrong) => merganser.sinkhornAsync(numbers(8), wrong),
  'temperature of sinkhorn': (wrong) => merganser.sinkhorn(numbers(8), 2, { temperature: wrong }),
  nestedClusters: (wrong) => merganser.nestedClusters(wrong, { clusters: 1 }),
  'widths of nestedClusters': (wrong) => merganser.nestedClusters(vectors(8, 4), { clusters: 2, widths: wrong }),
  fitPositionalSubspace: (wrong) => merganser.fitPositionalSubspace(wrong, { grid: [2, 1] }),
  'options of fitPositionalSubspace': (wrong) => merganser.fitPositionalSubspace(vectors(8, 4), wrong),
  poolVectors: (wrong) => merganser.poolVectors(wrong, { factor: 2 }),
  'options of poolVectors': (wrong) => merganser.poolVectorsAsync(vectors(8, 4), wrong),
  'protect of poolVectors': (wrong) => merganser.poolVectors(vectors(8, 4), { factor: 2, protect: wrong }),
  poolSequences: (wrong) => merganser.poolSequences(wrong, { method: 'tail', keep: 2 }),
  'options of poolSequences': (wrong) => merganser.poolSequences(sequences, wrong),
  poolEmbeddings: (wrong) => merganser.poolEmbeddings(wrong, mask, { method: 'mean' }),
  'mask of poolEmbeddings': (wrong) => merganser.poolEmbeddings(states, wrong, { method: 'mean' }),
  'options of poolEmbeddings': (wrong) => merganser.poolEmbeddingsAsync(states, mask, wrong),
  LatentPooling: (wrong) => new merganser.LatentPooling(wrong),
  'latents of LatentPooling': (wrong) => new merganser.LatentPooling({ ...weights, latents: wrong }),
  'query of LatentPooling': (wrong) => new merganser.LatentPooling({ ...weights, query: wrong }),
  'expand of LatentPooling': (wrong) => new merganser.LatentPooling({ ...weights, expand: wrong }),
  'layerEmbedding of LatentPooling': (wrong) => new merganser.LatentPooling({ ...weights, layerEmbedding: wrong }),
  'LatentPooling.pool': (wrong) => new merganser.LatentPooling(weights).pool(wrong, mask),
  'KMeansQuantizer.train': (wrong) => merganser.KMeansQuantizer.train(wrong, { codebookSize: 2 }),
  'options of KMeansQuantizer.train': (wrong) => merganser.KMeansQuantizer.train(vectors(6, 4), wrong),
  'options of ResidualQuantizer.train': (wrong) => merganser.ResidualQuantizer.train(vectors(6, 4), wrong),
  'options of ProductQuantizer.train': (wrong) => merganser.ProductQuantizer.train(vectors(6, 4), wrong),
  KMeansQuantizer: (wrong) => new merganser.KMeansQuantizer(wrong),
  ResidualQuantizer: (wrong) => new merganser.ResidualQuantizer(wrong),
  'a codebook of ProductQuantizer': (wrong) => new merganser.ProductQuantizer([wrong]),
  FiniteScalarQuantizer: (wrong) => new merganser.FiniteScalarQuantizer(wrong),
  'FiniteScalarQuantizer.encode': (wrong) => new merganser.FiniteScalarQuantizer([4, 3]).encode(wrong),
  'FiniteScalarQuantizer.decode': (wrong) => new merganser.FiniteScalarQuantizer([4, 3]).decode(wrong),
  quantizerFromBytes: (wrong) => merganser.quantizerFromBytes(wrong),
  evaluateQuantizer: (wrong) => merganser.evaluateQuantizer(new merganser.FiniteScalarQuantizer([4, 3]), wrong),
  'classes of evaluateQuantizer': (wrong) =>
    merganser.evaluateQuantizer(new merganser.FiniteScalarQuantizer([4, 3]), vectors(5, 2), { classes: wrong }),
  codeStatistics: (wrong) => merganser.codeStatistics(wrong, [2]),
  unitAgreement: (wrong) => merganser.unitAgreement([0, 1], wrong),
};

/** Whether NaN is somewhere in a result. */
function holdsNaN(value: unknown): boolean {
  if (typeof value === 'number') return Number.isNaN(value);
  if (typeof value !== 'object' || value === null) return false;
  if (ArrayBuffer.isView(value)) return (value instanceof Float32Array || value instanceof Float64Array) && value.some(Number.isNaN);
  return Object.values(value).some(holdsNaN);
}

async function expectErrorOrNumbers(call: Call, wrong: unknown): Promise<void> {
  let result: unknown;
  try {
    result = await call(wrong);
  } catch (error) {
    if (error instanceof MerganserError && ['INVALID_ARGUMENT', 'MALFORMED_FILE'].includes(error.code)) return;
    throw error;
  }
  expect(holdsNaN(result)).toBe(false);
}

test.each(Object.keys(FIRST))('%s', async (name) => {
  for (const wrong of WRONG) await expectErrorOrNumbers(FIRST[name], wrong);
});

describe.each(Object.keys(OPERATORS) as Array<keyof typeof OPERATORS>)('reduce with %s', (method) => {
  const options = OPERATORS[method];
  const tokens = vectors(16, 3);

  test('tokens, options, values', async () => {
    const { merge, unmergeAsync } = merganser.reduce(tokens, { method, ...options } as merganser.ReduceOptions);
    for (const wrong of WRONG) {
      await expectErrorOrNumbers((value) => merganser.reduce(value, { method, ...options } as merganser.ReduceOptions), wrong);
      await expectErrorOrNumbers((value) => merganser.reduceAsync(tokens, value), wrong);
      await expectErrorOrNumbers(merge, wrong);
      await expectErrorOrNumbers(unmergeAsync, wrong);
    }
  });

  test.each(Object.keys(options))('%s', async (name) => {
    for (const wrong of WRONG)
      await expectErrorOrNumbers((value) => merganser.reduce(tokens, { method, ...options, [name]: value } as never), wrong);
  });

  test('options that it does not have are refused', () => {
    const others = Object.values(OPERATORS).flatMap((all) => Object.keys(all));
    for (const name of [...others, 'cluster', 'normalisation']) {
      if (name in options || ['every', 'seed', 'metric', 'protect', 'size', 'positions', 'backend', 'remove'].includes(name)) continue;
      expect(() => merganser.reduce(tokens, { method, ...options, [name]: 1 } as never)).toThrow(`but got ${name}, which it does not have`);
    }
  });
});

test('the asynchronous forms reject, and do not throw', async () => {
  const never = undefined as never;
  const calls: Array<() => Promise<unknown>> = [
    () => merganser.reduceAsync(never, never),
    () => merganser.cascadeAsync(never, never),
    () => merganser.clusterSegmentsAsync(never, never),
    () => merganser.poolVectorsAsync(never, never),
    () => merganser.poolEmbeddingsAsync(never, never, never),
    () => merganser.agglomerateAsync(never, never, null as never),
    () => merganser.hdbscanAsync(never, null as never),
    () => merganser.compareLabelsAsync(never, never, null as never),
    () => merganser.silhouetteAsync(never, never, null as never),
    () => merganser.silhouetteOfDistancesAsync(never, never, null as never),
    () => merganser.sinkhornAsync(never, never, null as never),
  ];
  for (const call of calls) await expect(call()).rejects.toThrow(MerganserError);
});

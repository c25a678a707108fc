/** Which clusters of keys matter to queries: scores by centroids and sizes, and the choice by scores. */
import type { AttentionShape, CentroidScoreSpec } from '../backend/attention-kernels';
import type { BackendName } from '../backend/kernels';
import { selectKernels } from '../backend/select';
import { invalidArgument, unexpected } from '../errors';
import { ownArray } from '../own-array';
import { float32Of } from './half-queries';
import { ownRows } from './own-rows';
import { readTensor, type AttentionTensor } from './tensors';
import type { AttentionAsyncOptions, Float32Tensor } from './types';

export interface CentroidScoreOptions {
  /** Queries of a head that are scored together. Default: all. */
  readonly perTile?: number;
  /** Every so many queries of a tile vote, the first one always. Default 1. */
  readonly step?: number;
  /** What products of queries and centroids are multiplied with. Default 1/√d. */
  readonly scale?: number;
  /** Upper limit for the native backend's threads. The result does not depend on it. Default: all. */
  readonly threads?: number;
  readonly backend?: BackendName;
}

/** Centroids as numbers, or as multiples of 8 bits of one factor each (`quantizeCentroids`), which are faster to look up. */
export type Centroids =
  | (AttentionTensor & { readonly type?: 'float32' | 'bfloat16' })
  | { readonly type: 'int8'; readonly data: Int8Array; readonly scales: Float32Array; readonly dims: readonly number[] };

interface ScorePlan {
  readonly spec: CentroidScoreSpec;
  readonly scores: Float32Tensor;
}

function wholeFrom1(name: string, value: number): number {
  if (!Number.isInteger(value) || value < 1) throw invalidArgument(name, 'a whole number from 1', value);
  return value;
}

function plan(queries: AttentionTensor, centroids: Centroids, sizes: Uint32Array, options: CentroidScoreOptions): ScorePlan {
  const asked = readTensor(queries, 'queries');
  const [batch, heads, length, dims] = asked.dims;
  const { count, kvHeads } = checkCentroids(centroids, batch, dims);
  if (kvHeads === 0 ? heads > 0 : heads % kvHeads !== 0)
    throw unexpected('queries', `a multiple of the ${kvHeads} KV heads`, `${heads} heads`);
  const offsets = offsetsOf(sizes, batch * kvHeads, count);
  const tile = wholeFrom1('perTile', options.perTile ?? Math.max(1, length));
  const scale = options.scale ?? 1 / Math.sqrt(dims);
  if (!Number.isFinite(scale)) throw invalidArgument('scale', 'a finite number', scale);
  const spec: CentroidScoreSpec = {
    sequences: batch,
    kvHeads,
    group: kvHeads === 0 ? 1 : heads / kvHeads,
    queryLengths: new Uint32Array(batch).fill(length),
    tile,
    scale,
    threads: options.threads ?? 0,
    queries: {
      data: float32Of(asked.data, asked.type),
      type: 'float32',
      dims,
      starts: Float64Array.from({ length: batch }, (_, i) => i * heads * length * dims),
      headStride: length * dims,
      rowStride: dims,
    },
    clusters: {
      clusters: count,
      room: count,
      dims,
      centroids: centroids.data,
      scales: centroids.type === 'int8' ? centroids.scales : null,
      offsets,
      groups: null,
    },
    step: wholeFrom1('step', options.step ?? 1),
  };
  const shape = [batch, kvHeads, Math.ceil(length / tile), count];
  return { spec, scores: { type: 'float32', data: new Float32Array(shape.reduce((a, b) => a * b)), dims: shape } };
}

function checkCentroids(centroids: Centroids, batch: number, dims: number): { readonly count: number; readonly kvHeads: number } {
  if (centroids?.type === 'int8') {
    const [first, heads, count, d] = centroids.dims;
    if (centroids.dims.length !== 4 || !(centroids.data instanceof Int8Array) || centroids.data.length !== first * heads * count * d) {
      throw unexpected('centroids', 'an Int8Array and its shape: batch, KV heads, clusters, d', 'others');
    }
    if (!(centroids.scales instanceof Float32Array) || centroids.scales.length !== first * heads * count) {
      throw unexpected('centroids.scales', `a Float32Array of ${first * heads * count} numbers`, 'another');
    }
  } else if (readTensor(centroids, 'centroids').type === 'float16') {
    throw invalidArgument('centroids.type', '"float32", "bfloat16" or "int8"', 'float16');
  }
  const [first, kvHeads, count, d] = centroids.dims;
  if (first !== batch || d !== dims)
    throw unexpected('centroids', `[${batch}, KV heads, clusters, ${dims}], as the queries are`, `[${centroids.dims.join(', ')}]`);
  return { count, kvHeads };
}

/** Rows as if all clusters lay one after the other. */
function offsetsOf(sizes: Uint32Array, streams: number, count: number): Uint32Array {
  if (!(sizes instanceof Uint32Array) || sizes.length !== streams * count) {
    throw unexpected('sizes', `a Uint32Array of ${streams * count} numbers, one for each centroid`, 'another');
  }
  const offsets = new Uint32Array(streams * (count + 1));
  for (let stream = 0; stream < streams; stream++) {
    let sum = 0;
    for (let i = 0; i < count; i++) {
      sum += sizes[stream * count + i];
      if (sum >= 2 ** 31) throw unexpected('sizes', 'fewer than 2³¹ keys of a head', 'more');
      offsets[stream * (count + 1) + i + 1] = sum;
    }
  }
  return offsets;
}

/**
 * How much of the attention goes to each key of each cluster, by the clusters' centroids C and numbers of keys N: exp(q·C × scale) / Σ_j N_j exp(q·C_j × scale), averaged over
 * the queries of a tile and the query heads of a KV head. Exponents are shifted by the greatest. (Hooper et al. 2024, Squeezed Attention.)
 *
 * queries: [batch, query heads, rows, d]; centroids: [batch, KV heads, clusters, d]; sizes: [batch × KV heads × clusters], empty clusters score 0. Gives [batch, KV heads,
 * tiles, clusters]. Rejects with INVALID_ARGUMENT and ABORTED.
 */
export async function centroidScores(
  queries: AttentionTensor,
  centroids: Centroids,
  sizes: Uint32Array,
  options: CentroidScoreOptions & AttentionAsyncOptions = {},
): Promise<Float32Tensor> {
  const { spec, scores } = plan(queries, centroids, sizes, options);
  const { backend, signal } = options;
  const { clusters } = spec;
  const scales = clusters.scales?.slice() ?? null;
  const [ownQueries, ownCentroids] = await Promise.all([
    ownRows(spec.queries, 'queries', signal),
    ownArray(clusters.centroids, 'centroids', signal),
  ]);
  const own = { ...spec, queries: ownQueries, clusters: { ...clusters, centroids: ownCentroids, scales } };
  await selectKernels(backend).centroidScoresAsync(own, scores.data, options);
  return scores;
}

/** The same at once. Throws INVALID_ARGUMENT. */
export function centroidScoresSync(
  queries: AttentionTensor,
  centroids: Centroids,
  sizes: Uint32Array,
  options: CentroidScoreOptions = {},
): Float32Tensor {
  const { spec, scores } = plan(queries, centroids, sizes, options);
  selectKernels(options.backend).centroidScores(spec, scores.data);
  return scores;
}

/** One of the three. */
export type ClusterChoice =
  /** Clusters whose score is greater. */
  | { readonly threshold: number }
  /** Clusters of the highest scores, as long as they have no more keys together; a number below 1 is a part of the keys. */
  | { readonly budget: number }
  /** The fewest clusters of the highest scores that have this part of the attention together, 0 … 1. */
  | { readonly topP: number };

/** Clusters of unit u (by sequence, KV head, tile): clusters[offsets[u]] … clusters[offsets[u + 1] − 1], ascending. */
export interface ChosenClusters {
  readonly offsets: Uint32Array;
  readonly clusters: Uint32Array;
}

/**
 * Chooses clusters by scores that `centroidScores` gave, for each tile. Of equal scores the first cluster is chosen first; empty clusters never are.
 * sizes: [batch × KV heads × clusters]. Throws INVALID_ARGUMENT.
 */
export function selectClusters(
  scores: Float32Tensor,
  sizes: Uint32Array,
  choice: ClusterChoice,
  options: { readonly backend?: BackendName } = {},
): ChosenClusters {
  const { data, dims } = (scores ?? {}) as Partial<Float32Tensor>;
  if (!(data instanceof Float32Array) || dims?.length !== 4 || dims.reduce((a, b) => a * b, 1) !== data.length) {
    throw unexpected('scores', 'a Float32Array and its shape: batch, KV heads, tiles, clusters', 'others');
  }
  const [batch, kvHeads, tiles, clusters] = dims;
  const streams = batch * kvHeads;
  const offsets = offsetsOf(sizes, streams, clusters);
  const shape: AttentionShape = {
    sequences: batch,
    kvHeads,
    group: 1,
    queryLengths: new Uint32Array(batch).fill(tiles),
    tile: 1,
    scale: 1,
    threads: 0,
  };
  const { kind, limit } = readChoice(choice);
  const limits = Float64Array.from({ length: streams }, (_, stream) =>
    kind === 'budget' && limit < 1 ? Math.floor(limit * offsets[stream * (clusters + 1) + clusters]) : limit,
  );
  return selectKernels(options.backend).selectClusters(shape, { clusters, room: clusters, offsets }, { kind, limits }, data);
}

function readChoice(choice: ClusterChoice): { readonly kind: 'threshold' | 'budget' | 'topP'; readonly limit: number } {
  const kinds = (['threshold', 'budget', 'topP'] as const).filter(
    (kind) => (choice as Partial<Record<string, number>>)?.[kind] !== undefined,
  );
  if (kinds.length !== 1)
    throw unexpected('the choice', 'one of threshold, budget and topP', kinds.length === 0 ? 'none' : kinds.join(' and '));
  const [kind] = kinds;
  const limit = (choice as Record<typeof kind, number>)[kind];
  if (typeof limit !== 'number' || Number.isNaN(limit)) throw invalidArgument(kind, 'a number', limit);
  if (kind === 'budget' && limit < 0) throw invalidArgument(kind, 'a number of keys, or a part of them', limit);
  if (kind === 'topP' && !(limit >= 0 && limit <= 1)) throw invalidArgument(kind, 'from 0 to 1', limit);
  return { kind, limit };
}

/** Centroids in 8 bits, each with a factor of its own: its greatest magnitude becomes 127. centroids: [batch, KV heads, clusters, d] of finite numbers. */
export function quantizeCentroids(centroids: AttentionTensor): Extract<Centroids, { readonly type: 'int8' }> {
  const { data, type, dims } = readTensor(centroids, 'centroids');
  const numbers = float32Of(data, type);
  const width = dims[3];
  const scales = new Float32Array(numbers.length / width);
  const bytes = new Int8Array(numbers.length);
  for (let row = 0; row < scales.length; row++) {
    let most = 0;
    for (let at = row * width; at < (row + 1) * width; at++) {
      if (!Number.isFinite(numbers[at])) throw unexpected('centroids', 'finite numbers', `${numbers[at]}`);
      most = Math.max(most, Math.abs(numbers[at]));
    }
    scales[row] = most / 127;
    if (scales[row] > 0) for (let at = row * width; at < (row + 1) * width; at++) bytes[at] = Math.round(numbers[at] / scales[row]);
  }
  return { type: 'int8', data: bytes, scales, dims };
}

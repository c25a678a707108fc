/** The lookup in a context: the scores of a stream's clusters, or of groups of them. */
import type { Kernels } from '../../backend/kernels';
import type { Pace } from './blocks';
import type { ContextStore } from './context-store';
import { addClusterScores } from './lookup';
import { queryBlock, type Queries, type QueryBlock } from './query-rows';

/** Queries of a head that are worked on together. */
const QUERIES_AT_A_TIME = 256;

/** Queries [from, to) of each head. */
export type QueryRange = readonly [from: number, to: number];

export interface Lookup {
  readonly kernels: Kernels;
  readonly queries: Queries;
  readonly pace: Pace;
}

/** The queries of a stream's heads, some at a time. */
export function* queryBlocks({ heads }: ContextStore, queries: Queries, stream: number, [from, to]: QueryRange): Generator<QueryBlock> {
  for (let at = from; at < to; at += QUERIES_AT_A_TIME) {
    yield queryBlock(queries, queries.heads / heads, stream, at, Math.min(to, at + QUERIES_AT_A_TIME));
  }
}

/** Scores for some queries: averages over them, sums over the heads of the group. data: [clusters × dims]; `sizes` may leave clusters out. */
export async function scoresOf(
  store: ContextStore,
  { kernels, queries, pace }: Lookup,
  stream: number,
  range: QueryRange,
  data: Float32Array,
  sizes: Uint32Array,
): Promise<Float64Array> {
  const scores = new Float64Array(sizes.length);
  const centroids = { data, dims: store.dims, sizes };
  for (const block of queryBlocks(store, queries, stream, range)) {
    await addClusterScores(kernels, block.data, centroids, store.scale, 1 / (range[1] - range[0]), scores, pace);
  }
  return scores;
}

/** Keys of each cluster of a stream. */
export function sizesOf({ arrays, clusterRoom, clusters }: ContextStore, stream: number): Uint32Array {
  const first = stream * (clusterRoom + 1);
  return Uint32Array.from({ length: clusters }, (_, i) => arrays.offsets[first + i + 1] - arrays.offsets[first + i]);
}

export function centroidsOf({ arrays, clusterRoom, clusters, dims }: ContextStore, stream: number): Float32Array {
  return arrays.centroids.subarray(stream * clusterRoom * dims, (stream * clusterRoom + clusters) * dims);
}

/** Groups of clusters, with their sizes in keys. */
export function groupsOf(
  { coarse, dims }: ContextStore,
  stream: number,
  clusterSizes: Uint32Array,
): { readonly data: Float32Array; readonly sizes: Uint32Array; readonly offsets: Uint32Array } {
  const { groups, centroids, offsets } = coarse!;
  const own = offsets.subarray(stream * (groups + 1), (stream + 1) * (groups + 1));
  const sizes = Uint32Array.from({ length: groups }, (_, i) =>
    clusterSizes.subarray(own[i], own[i + 1]).reduce((sum, size) => sum + size, 0),
  );
  return { data: centroids.subarray(stream * groups * dims, (stream + 1) * groups * dims), sizes, offsets: own };
}

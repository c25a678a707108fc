/** The lookup of a context: what all queries together give to the clusters of each stream, or to groups of them. */
import type { ClusterRows } from '../../backend/attention-kernels';
import type { Kernels } from '../../backend/kernels';
import { centroidRows, groupOf, shapeOf } from './attend-call';
import { streamsOf, type ContextStore } from './context-store';
import type { Queries } from './query-rows';
import type { LookupType } from './types';

/** Scores of everything that keys can be in, each with its number of keys. */
export interface ScoredKeys {
  /** Sums over the heads of a group. */
  readonly scores: Float64Array;
  readonly sizes: Uint32Array;
}

/** Of each stream, just as attention compares them with thresholds. */
export function clusterScores(
  store: ContextStore,
  queries: Queries,
  lookup: { readonly kernels: Kernels; readonly lookup: LookupType },
  signal?: AbortSignal,
): Promise<ScoredKeys[]> {
  return scoresOf(store, centroidRows(store, lookup), queries, lookup.kernels, signal);
}

/** The same of groups; the store must have them. */
export function groupScores(store: ContextStore, queries: Queries, kernels: Kernels, signal?: AbortSignal): Promise<ScoredKeys[]> {
  const { groups, centroids, offsets } = store.coarse!;
  const { clusterRoom, arrays } = store;
  const keyOffsets = offsets.map((cluster, i) => arrays.offsets[Math.floor(i / (groups + 1)) * (clusterRoom + 1) + cluster]);
  const rows: ClusterRows = {
    ...{ clusters: groups, room: groups, dims: store.dims, centroids, scales: null, offsets: keyOffsets, groups: null },
  };
  return scoresOf(store, rows, queries, kernels, signal);
}

async function scoresOf(
  store: ContextStore,
  clusters: ClusterRows,
  queries: Queries,
  kernels: Kernels,
  signal: AbortSignal | undefined,
): Promise<ScoredKeys[]> {
  const count = clusters.clusters;
  const group = groupOf(store, queries);
  const scores = new Float32Array(streamsOf(store) * count);
  await kernels.centroidScoresAsync({ ...shapeOf(store, queries, Math.max(1, queries.length)), clusters }, scores, { signal });
  return Array.from({ length: streamsOf(store) }, (_, stream) => ({
    scores: Float64Array.from(scores.subarray(stream * count, (stream + 1) * count), (score) => score * group),
    sizes: sizesOf(clusters, stream),
  }));
}

function sizesOf({ clusters, room, offsets }: ClusterRows, stream: number): Uint32Array {
  const first = stream * (room + 1);
  return Uint32Array.from({ length: clusters }, (_, i) => offsets[first + i + 1] - offsets[first + i]);
}

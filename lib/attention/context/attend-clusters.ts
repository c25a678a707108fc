/** A context's attention as one call of the backend: lookup in one step, over all clusters. */
import type {
  AttentionOutput,
  ClusterAttentionSpec,
  ClusterRows,
  ClusterSelection,
  Float32HeadRows,
  HeadRows,
  KeyPart,
} from '../../backend/attention-kernels';
import type { Kernels } from '../../backend/kernels';
import { float32Of } from '../half-queries';
import type { Attended, AttendPlan } from './attend-store';
import { lengthOf, streamsOf, withRoom, type ContextStore } from './context-store';
import type { Elements, ElementType } from './element-rows';
import { requireFiniteLogit } from './lookup';
import type { Queries } from './query-rows';
import type { Selection } from './selection';

/** Arrays of clusters without the room that appending leaves; made once for each store. */
const compactClusters = new WeakMap<ContextStore, ContextStore>();

export async function attendClusters(store: ContextStore, plan: AttendPlan): Promise<Attended> {
  const { queries, kernels, perTile, signal } = plan;
  const rows = queries.batch * queries.heads * queries.length;
  const output = new Float32Array(rows * queries.dims);
  const logSumExp = new Float32Array(rows);
  const to: AttentionOutput = {
    output: denseRows(output, 'float32', queries.heads, queries.length, queries.dims, queries.batch) as Float32HeadRows,
    logSumExp: denseRows(logSumExp, 'float32', queries.heads, queries.length, 1, queries.batch) as Float32HeadRows,
  };
  const chosen = await kernels.attendClustersAsync(specOf(store, plan), to, { signal });
  // Products that overflow make sums that are no numbers.
  for (const sum of logSumExp) if (!(sum < Infinity)) requireFiniteLogit(Infinity);
  const tiles = Math.ceil(queries.length / perTile);
  const clusters = Array.from({ length: streamsOf(store) * tiles }, (_, unit) =>
    chosen.clusters.subarray(chosen.offsets[unit], chosen.offsets[unit + 1]),
  );
  return { output, logSumExp, clusters, tiles };
}

/** Scores of each stream's clusters over all queries, just as {@link attendClusters} compares them with thresholds. */
export async function clusterScores(
  store: ContextStore,
  queries: Queries,
  kernels: Kernels,
  signal?: AbortSignal,
): Promise<Float64Array[]> {
  const { clusters } = store;
  const group = groupOf(store, queries);
  const scores = new Float32Array(streamsOf(store) * clusters);
  const spec = { ...shapeOf(store, queries, Math.max(1, queries.length)), clusters: clustersOf(store, kernels) };
  await kernels.centroidScoresAsync(spec, scores, { signal });
  return Array.from({ length: streamsOf(store) }, (_, stream) =>
    Float64Array.from(scores.subarray(stream * clusters, (stream + 1) * clusters), (score) => score * group),
  );
}

function groupOf({ heads }: ContextStore, queries: Queries): number {
  return heads === 0 ? 1 : queries.heads / heads;
}

function clustersOf(store: ContextStore, kernels: Kernels): ClusterRows {
  const { arrays } = compacted(store, kernels);
  return { clusters: store.clusters, dims: store.dims, centroids: arrays.centroids, scales: null, offsets: arrays.offsets, groups: null };
}

function compacted(store: ContextStore, kernels: Kernels): ContextStore {
  if (store.clusterRoom === store.clusters) return store;
  let compact = compactClusters.get(store);
  if (compact === undefined) compactClusters.set(store, (compact = withRoom(store, lengthOf(store), store.clusters, kernels)));
  return compact;
}

function shapeOf(
  store: ContextStore,
  queries: Queries,
  tile: number,
): Omit<ClusterAttentionSpec, 'clusters' | 'parts' | 'selection' | 'keys' | 'values' | 'estimate'> {
  const { batch, heads, dims, scale } = store;
  return {
    ...{ sequences: batch, kvHeads: heads, group: groupOf(store, queries), tile, scale, threads: 0, step: 1 },
    queryLengths: new Uint32Array(batch).fill(queries.length),
    queries: denseRows(float32Of(queries.data, queries.type), 'float32', queries.heads, queries.length, dims, batch) as Float32HeadRows,
  };
}

function specOf(store: ContextStore, { queries, perTile, estimate, selections, added, causal, kernels }: AttendPlan): ClusterAttentionSpec {
  const { batch, heads, dims, type, sink, clustered, tail, rowRoom, keys, values } = store;
  const { arrays } = compacted(store, kernels);
  const zone = (data: Elements, first: number): HeadRows => shifted(denseRows(data, type, heads, rowRoom, dims, batch), first * dims);
  const zonePart = (first: number, length: number): KeyPart => ({
    ...{ keys: zone(keys, first), values: zone(values, first), lengths: new Uint32Array(batch).fill(length) },
    ...{ causal: false, lists: null, bias: null, variances: null },
  });
  const parts = [zonePart(0, sink), zonePart(sink + clustered, tail)].filter(({ lengths }) => lengths[0] > 0);
  if (added !== null) {
    parts.push({
      keys: denseRows(added.keys, added.type, heads, added.length, dims, batch),
      values: denseRows(added.values, added.type, heads, added.length, dims, batch),
      lengths: new Uint32Array(batch).fill(added.length),
      ...{ causal, lists: null, bias: null, variances: null },
    });
  }
  return {
    ...shapeOf(store, queries, perTile),
    ...{ clusters: clustersOf(store, kernels), parts },
    selection: selectionOf(selections, groupOf(store, queries)),
    keys: zone(keys, 0),
    values: zone(values, 0),
    estimate:
      estimate === 'none' ? null : { valueMeans: arrays.valueMeans, variances: estimate === 'variance' ? arrays.keyVariances : null },
  };
}

/** The backend averages scores over all queries of a unit; here they are summed over the heads of a group. */
function selectionOf(selections: readonly Selection[], group: number): ClusterSelection {
  const limitOf = (selection: Selection): number =>
    selection.kind === 'threshold' ? selection.threshold / group : selection.kind === 'budget' ? selection.keys : selection.part;
  return { kind: selections[0]?.kind ?? 'budget', limits: Float64Array.from(selections, limitOf) };
}

/** [batch, heads, rows, dims], one row after the other. */
function denseRows(data: Elements, type: ElementType, heads: number, rows: number, dims: number, batch: number): HeadRows {
  const starts = Float64Array.from({ length: batch }, (_, sequence) => sequence * heads * rows * dims);
  return { data, type, dims, starts, headStride: rows * dims, rowStride: dims };
}

function shifted(rows: HeadRows, elements: number): HeadRows {
  return { ...rows, starts: rows.starts.map((start) => start + elements) };
}

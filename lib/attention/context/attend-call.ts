/** A context's attention, and its lookup, as calls of the backend. */
import type {
  AttentionOutput,
  AttentionShape,
  ClusterAttentionSpec,
  ClusterEstimate as BackendEstimate,
  ClusterRows,
  ClusterSelection,
  ClusterVectors,
  Float32HeadRows,
  QueryRows,
  HeadRows,
  KeyPart,
} from '../../backend/attention-kernels';
import { queryNumbers } from '../half-queries';
import type { AttendPlan, Selection } from './attend-plan';
import type { ContextSource } from './build-store';
import { compactArrays } from './compact-arrays';
import type { ContextStore } from './context-store';
import type { Elements, ElementType } from './element-rows';
import type { Queries } from './query-rows';

type Lookup = Pick<AttendPlan, 'lookup' | 'kernels'>;

/** Query heads of each KV head. */
export function groupOf({ heads }: ContextStore, queries: Queries): number {
  return heads === 0 ? 1 : queries.heads / heads;
}

export function centroidRows(store: ContextStore, { lookup, kernels }: Lookup): ClusterRows {
  const { clusters, clusterRoom, dims, arrays } = store;
  const { data, scales } = lookup === 'int8' ? compactArrays(store, kernels).centroids : { data: arrays.centroids, scales: null };
  return { clusters, room: clusterRoom, dims, centroids: data, scales, offsets: arrays.offsets, groups: null };
}

/** All queries with tiles of `tile`. */
export function shapeOf(
  store: ContextStore,
  queries: Queries,
  tile: number,
): AttentionShape & { readonly queries: QueryRows; readonly step: number } {
  const { batch, heads, dims, scale } = store;
  const { data, type } = queryNumbers(queries.data, queries.type);
  return {
    ...{ sequences: batch, kvHeads: heads, group: groupOf(store, queries), tile, scale, threads: 0, step: 1 },
    queryLengths: new Uint32Array(batch).fill(queries.length),
    queries: denseRows(data, type, queries.heads, queries.length, dims, batch) as QueryRows,
  };
}

export function attendSpec(store: ContextStore, plan: AttendPlan): ClusterAttentionSpec {
  const { queries, perTile, estimate, selections, threads, added } = plan;
  const { clusters, keys, values, zones } = fixedRows(store, plan);
  return {
    ...shapeOf(store, queries, perTile),
    threads,
    clusters: plan.coarseThresholds === null ? clusters : { ...clusters, groups: groupsOf(store, plan) },
    parts: added === null || added.length === 0 ? zones : [...zones, addedPart(store, added, plan.causal)],
    selection: selectionOf(selections, groupOf(store, queries)),
    keys,
    values,
    estimate: estimate === 'none' ? null : estimateOf(store, estimate, plan),
  };
}

/** What is the same in all calls over a store. Steps are short, and what JavaScript does in them counts. */
interface FixedRows {
  readonly lookup: AttendPlan['lookup'];
  readonly clusters: ClusterRows;
  readonly keys: HeadRows;
  readonly values: HeadRows;
  /** What takes part whatever is chosen: sinks and the tail. */
  readonly zones: readonly KeyPart[];
}

const known = new WeakMap<ContextStore, FixedRows>();

function fixedRows(store: ContextStore, plan: Lookup): FixedRows {
  const { lookup } = plan;
  const there = known.get(store);
  if (there?.lookup === lookup) return there;
  const { batch, heads, dims, type, sink, clustered, tail, rowRoom, keys, values } = store;
  const rows = (data: Elements, first = 0): HeadRows => denseRows(data, type, heads, rowRoom, dims, batch, first);
  const zone = (first: number, length: number): KeyPart => partOf(rows(keys, first), rows(values, first), length, false);
  const zones = [zone(0, sink), zone(sink + clustered, tail)].filter(({ lengths }) => lengths[0] > 0);
  const fixed = { lookup, clusters: centroidRows(store, plan), keys: rows(keys), values: rows(values), zones };
  known.set(store, fixed);
  return fixed;
}

function estimateOf(store: ContextStore, estimate: 'mean' | 'variance', { lookup, kernels }: Lookup): BackendEstimate {
  const compact = lookup === 'int8' ? compactArrays(store, kernels) : null;
  const vectors = (name: 'valueMeans' | 'keyVariances'): ClusterVectors => compact?.[name] ?? { data: store.arrays[name], scales: null };
  return { valueMeans: vectors('valueMeans'), variances: estimate === 'variance' ? vectors('keyVariances') : null };
}

/** Limits are on averages over all queries of a unit; users' are on sums over the heads of a group. */
function groupsOf(store: ContextStore, { coarseThresholds, queries }: AttendPlan): ClusterRows['groups'] {
  if (coarseThresholds === null || store.coarse === null) return null;
  const group = groupOf(store, queries);
  return { ...store.coarse, limits: Float64Array.from(coarseThresholds, (threshold) => threshold / group) };
}

function selectionOf(selections: readonly Selection[], group: number): ClusterSelection {
  const limitOf = (selection: Selection): number =>
    selection.kind === 'threshold' ? selection.threshold / group : selection.kind === 'budget' ? selection.keys : selection.part;
  return { kind: selections[0]?.kind ?? 'budget', limits: Float64Array.from(selections, limitOf) };
}

function partOf(keys: HeadRows, values: HeadRows, length: number, causal: boolean): KeyPart {
  const lengths = new Uint32Array(keys.starts.length).fill(length);
  return { keys, values, lengths, causal, lists: null, bias: null, variances: null };
}

function addedPart({ batch, heads, dims }: ContextStore, added: ContextSource, causal: boolean): KeyPart {
  const rows = (data: Elements): HeadRows => denseRows(data, added.type, heads, added.length, dims, batch);
  return partOf(rows(added.keys), rows(added.values), added.length, causal);
}

/** Room for results: arrays, and as the backend takes them. */
export function emptyResult({ batch, heads, length, dims }: Queries): {
  readonly output: Float32Array;
  readonly logSumExp: Float32Array;
  readonly to: AttentionOutput;
} {
  const output = new Float32Array(batch * heads * length * dims);
  const logSumExp = new Float32Array(batch * heads * length);
  const rows = (data: Float32Array, width: number): Float32HeadRows =>
    denseRows(data, 'float32', heads, length, width, batch) as Float32HeadRows;
  return { output, logSumExp, to: { output: rows(output, dims), logSumExp: rows(logSumExp, 1) } };
}

/** [batch, heads, rows, dims], one row after the other, from row `first` of each head on. */
function denseRows(data: Elements, type: ElementType, heads: number, rows: number, dims: number, batch: number, first = 0): HeadRows {
  const starts = new Float64Array(batch);
  for (let sequence = 0; sequence < batch; sequence++) starts[sequence] = (sequence * heads * rows + first) * dims;
  return { data, type, dims, starts, headStride: rows * dims, rowStride: dims };
}

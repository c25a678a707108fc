/** From queries to outputs: lookup, selection, and one softmax over kept keys, estimates of the others and new keys. */
import type { Kernels } from '../../backend/kernels';
import { aborted } from '../../errors';
import { attendClusters } from './attend-clusters';
import { partsOf } from './attend-parts';
import { Pace } from './blocks';
import type { ContextSource } from './build-store';
import { centroidsOf, groupsOf, queryBlocks, scoresOf, sizesOf, type QueryRange } from './cluster-scores';
import { streamsOf, type ContextStore } from './context-store';
import type { Queries, QueryBlock } from './query-rows';
import { selectClusters, type Selection } from './selection';
import type { ClusterEstimate } from './types';
import { BlockAttention, type WeightedRows } from './weighted-rows';

export interface AttendPlan {
  readonly kernels: Kernels;
  readonly queries: Queries;
  readonly added: ContextSource | null;
  readonly causal: boolean;
  /** For each stream. */
  readonly selections: readonly Selection[];
  /** What groups of clusters must exceed, for each stream; null: lookup in one step. */
  readonly coarseThresholds: readonly number[] | null;
  /** Queries of a head that share a mask. */
  readonly perTile: number;
  readonly estimate: ClusterEstimate;
  readonly signal: AbortSignal | undefined;
}

export interface Attended {
  readonly output: Float32Array;
  readonly logSumExp: Float32Array;
  /** Of each stream and tile: the clusters that were retrieved. */
  readonly clusters: readonly Uint32Array[];
  readonly tiles: number;
}

export async function attendStore(store: ContextStore, plan: AttendPlan): Promise<Attended> {
  const inTwoSteps = plan.coarseThresholds !== null && store.coarse !== null;
  return inTwoSteps ? attendInTwoSteps(store, plan) : attendClusters(store, plan);
}

/** Groups first, then the clusters of those that were kept: what the backends have no call for. */
async function attendInTwoSteps(store: ContextStore, plan: AttendPlan): Promise<Attended> {
  const { queries, perTile, signal } = plan;
  const output = new Float32Array(queries.batch * queries.heads * queries.length * queries.dims);
  const logSumExp = new Float32Array(queries.batch * queries.heads * queries.length);
  const clusters: Uint32Array[] = [];
  const pace = new Pace(signal);
  if (signal?.aborted) throw aborted(signal);
  const tiles = Math.ceil(queries.length / perTile);
  for (let stream = 0; stream < streamsOf(store); stream++) {
    for (let tile = 0; tile < tiles; tile++) {
      const range: QueryRange = [tile * perTile, Math.min(queries.length, (tile + 1) * perTile)];
      const kept = await keptClusters(store, plan, pace, stream, range);
      clusters.push(kept);
      const parts = partsOf(store, plan, stream, kept);
      for (const block of queryBlocks(store, queries, stream, range))
        await attendBlock(store, plan, pace, block, parts, { output, logSumExp });
    }
  }
  return { output, logSumExp, clusters, tiles };
}

async function keptClusters(store: ContextStore, plan: AttendPlan, pace: Pace, stream: number, range: QueryRange): Promise<Uint32Array> {
  const { kernels, queries, selections } = plan;
  const sizes = sizesOf(store, stream);
  await leaveOutGroups(store, plan, pace, stream, range, sizes);
  const scores = await scoresOf(store, { kernels, queries, pace }, stream, range, centroidsOf(store, stream), sizes);
  return selectClusters(scores, sizes, selections[stream]);
}

/** Sets the sizes of clusters to 0 whose group's score is not above the threshold. */
async function leaveOutGroups(
  store: ContextStore,
  { kernels, queries, coarseThresholds }: AttendPlan,
  pace: Pace,
  stream: number,
  range: QueryRange,
  sizes: Uint32Array,
): Promise<void> {
  const groups = groupsOf(store, stream, sizes);
  const scores = await scoresOf(store, { kernels, queries, pace }, stream, range, groups.data, groups.sizes);
  scores.forEach((score, group) => {
    if (!(score > coarseThresholds![stream])) sizes.fill(0, groups.offsets[group], groups.offsets[group + 1]);
  });
}

async function attendBlock(
  store: ContextStore,
  { kernels }: AttendPlan,
  pace: Pace,
  block: QueryBlock,
  parts: readonly WeightedRows[],
  { output, logSumExp }: { readonly output: Float32Array; readonly logSumExp: Float32Array },
): Promise<void> {
  const attention = new BlockAttention(kernels, block.data, block.numbers, store.dims, store.scale);
  for (const part of parts) await attention.add(part, pace);
  block.places.forEach((place, row) => (logSumExp[place] = attention.write(row, output, place * store.dims)));
}

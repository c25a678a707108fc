/** From queries to outputs: lookup, selection, and one softmax over kept keys, estimates of the others and new keys. */
import { yieldToEventLoop } from '../../backend/js/event-loop';
import type { Kernels } from '../../backend/kernels';
import { aborted } from '../../errors';
import type { ContextSource } from './build-store';
import { streamsOf, type ContextStore } from './context-store';
import { numbersOf, type Elements } from './element-rows';
import { addClusterScores } from './lookup';
import { queryBlock, type Queries, type QueryBlock } from './query-rows';
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

/** Queries that are worked on together. */
const QUERIES_AT_A_TIME = 256;

export async function attendStore(store: ContextStore, plan: AttendPlan): Promise<Attended> {
  const { queries, perTile, signal } = plan;
  const output = new Float32Array(queries.batch * queries.heads * queries.length * queries.dims);
  const logSumExp = new Float32Array(queries.batch * queries.heads * queries.length);
  const clusters: Uint32Array[] = [];
  const tiles = Math.ceil(queries.length / perTile);
  for (let stream = 0; stream < streamsOf(store); stream++) {
    for (let tile = 0; tile < tiles; tile++) {
      if (signal?.aborted) throw aborted(signal);
      const [from, to] = [tile * perTile, Math.min(queries.length, (tile + 1) * perTile)];
      const kept = keptClusters(store, plan, stream, from, to);
      clusters.push(kept);
      const parts = partsOf(store, plan, stream, kept);
      for (let at = from; at < to; at += QUERIES_AT_A_TIME) {
        attendBlock(store, plan, queryBlock(queries, groupOf(store, queries), stream, at, Math.min(to, at + QUERIES_AT_A_TIME)), parts, {
          output,
          logSumExp,
        });
      }
      await yieldToEventLoop();
    }
  }
  return { output, logSumExp, clusters, tiles };
}

export function groupOf({ heads }: ContextStore, queries: Queries): number {
  return queries.heads / heads;
}

/** Scores of clusters for queries [from, to): averages over the queries, sums over the heads of the group. `sizes` may leave clusters out. */
export function scoresOf(
  store: ContextStore,
  kernels: Kernels,
  queries: Queries,
  stream: number,
  [from, to]: readonly [number, number],
  data: Float32Array,
  sizes: Uint32Array,
): Float64Array {
  const scores = new Float64Array(sizes.length);
  for (let at = from; at < to; at += QUERIES_AT_A_TIME) {
    const block = queryBlock(queries, groupOf(store, queries), stream, at, Math.min(to, at + QUERIES_AT_A_TIME));
    addClusterScores(kernels, block.data, { data, dims: store.dims, sizes }, store.scale, 1 / (to - from), scores);
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

function keptClusters(store: ContextStore, plan: AttendPlan, stream: number, from: number, to: number): Uint32Array {
  const { kernels, queries, coarseThresholds, selections } = plan;
  const sizes = sizesOf(store, stream);
  if (coarseThresholds !== null && store.coarse !== null) leaveOutGroups(store, plan, stream, [from, to], coarseThresholds[stream], sizes);
  const scores = scoresOf(store, kernels, queries, stream, [from, to], centroidsOf(store, stream), sizes);
  return selectClusters(scores, sizes, selections[stream]);
}

/** Sets the sizes of clusters to 0 whose group's score is not above the threshold. */
function leaveOutGroups(
  store: ContextStore,
  { kernels, queries }: AttendPlan,
  stream: number,
  range: readonly [number, number],
  threshold: number,
  sizes: Uint32Array,
): void {
  const groups = groupsOf(store, stream, sizes);
  const scores = scoresOf(store, kernels, queries, stream, range, groups.data, groups.sizes);
  scores.forEach((score, group) => {
    if (!(score > threshold)) sizes.fill(0, groups.offsets[group], groups.offsets[group + 1]);
  });
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

function partsOf(store: ContextStore, plan: AttendPlan, stream: number, kept: Uint32Array): WeightedRows[] {
  const parts = [keptRows(store, stream, kept)];
  if (plan.estimate !== 'none') parts.push(estimates(store, stream, kept, plan.estimate === 'variance'));
  if (plan.added !== null) parts.push(addedRows(plan.added, stream, plan));
  return parts;
}

/** Sinks, the tail, and the rows of the kept clusters. */
function keptRows(
  { keys, values, type, dims, sink, clustered, tail, rowRoom, clusterRoom, arrays }: ContextStore,
  stream: number,
  kept: Uint32Array,
): WeightedRows {
  const offsets = arrays.offsets.subarray(stream * (clusterRoom + 1), (stream + 1) * (clusterRoom + 1));
  const ranges: [number, number][] = [
    [0, sink],
    ...Array.from(kept, (cluster): [number, number] => [offsets[cluster], offsets[cluster + 1]]),
    [sink + clustered, sink + clustered + tail],
  ];
  const count = ranges.reduce((sum, [from, to]) => sum + to - from, 0);
  const gather = (data: Elements): Float32Array => {
    const out = new Float32Array(count * dims);
    let at = 0;
    for (const [from, to] of ranges) {
      const size = (to - from) * dims;
      const room = out.subarray(at, at + size);
      const numbers = numbersOf(data, type, (stream * rowRoom + from) * dims, size, room);
      if (numbers.buffer !== out.buffer) room.set(numbers);
      at += size;
    }
    return out;
  };
  return { keys: gather(keys), values: gather(values), bias: null, variances: null, causal: null };
}

/** What stands for clusters that were not retrieved: their means, with the logarithm of their sizes. */
function estimates(store: ContextStore, stream: number, kept: Uint32Array, withVariance: boolean): WeightedRows {
  const { arrays, clusterRoom, dims } = store;
  const sizes = sizesOf(store, stream);
  for (const cluster of kept) sizes[cluster] = 0;
  const rest = Uint32Array.from(sizes, (_, i) => i).filter((i) => sizes[i] > 0);
  const gather = (rows: Float32Array): Float32Array => {
    const out = new Float32Array(rest.length * dims);
    rest.forEach((cluster, i) =>
      out.set(rows.subarray((stream * clusterRoom + cluster) * dims, (stream * clusterRoom + cluster + 1) * dims), i * dims),
    );
    return out;
  };
  return {
    keys: gather(arrays.centroids),
    values: gather(arrays.valueMeans),
    bias: Float64Array.from(rest, (cluster) => Math.log(sizes[cluster])),
    variances: withVariance ? gather(arrays.keyVariances) : null,
    causal: null,
  };
}

/** New keys: the last query sees all of them, the one before it all but the last, and so on. */
function addedRows({ keys, values, type, length, dims }: ContextSource, stream: number, { causal, queries }: AttendPlan): WeightedRows {
  const size = length * dims;
  return {
    keys: numbersOf(keys, type, stream * size, size, new Float32Array(size)),
    values: numbersOf(values, type, stream * size, size, new Float32Array(size)),
    bias: null,
    variances: null,
    causal: causal ? length - queries.length : null,
  };
}

function attendBlock(
  store: ContextStore,
  { kernels }: AttendPlan,
  block: QueryBlock,
  parts: readonly WeightedRows[],
  { output, logSumExp }: { readonly output: Float32Array; readonly logSumExp: Float32Array },
): void {
  const attention = new BlockAttention(kernels, block.data, block.numbers, store.dims, store.scale);
  for (const part of parts) attention.add(part);
  block.places.forEach((place, row) => (logSumExp[place] = attention.write(row, output, place * store.dims)));
}

/** From keys and values to a context's arrays: clusters, the order of the rows, what is known of each cluster. */
import type { Kernels } from '../../backend/kernels';
import { membersOf, type Members } from '../../clustering/members';
import { inBlocks } from '../../backend/js/in-blocks';
import { similarNext } from './cluster-order';
import { clusterRows, segmentClusters, type ClusteringPlan } from './cluster-rows';
import { ClusterStatistics, meanOfRows } from './cluster-statistics';
import { requireSource } from './context-source';
import { emptyClusterArrays, type ContextStore } from './context-store';
import { emptyElements, type Elements, type ElementType } from './element-rows';

/** Keys and values of a context: [batch × heads × length × dims]. */
export interface ContextSource {
  readonly keys: Elements;
  readonly values: Elements;
  readonly type: ElementType;
  readonly batch: number;
  readonly heads: number;
  readonly length: number;
  readonly dims: number;
}

export interface BuildPlan {
  readonly kernels: Kernels;
  readonly clustering: ClusteringPlan;
  /** A part of the clustered keys if below 1, else how many; 0: none. */
  readonly coarse: number;
  readonly sink: number;
  readonly recent: number;
  readonly scale: number;
  readonly signal: AbortSignal | undefined;
  readonly onStream: ((done: number, total: number) => void) | undefined;
}

/** Rejects with INVALID_ARGUMENT if keys or values are taken away meanwhile: they are read in turns, where they lie. */
export async function buildStore(source: ContextSource, plan: BuildPlan): Promise<ContextStore> {
  const store = emptyStore(source, plan);
  const streams = source.batch * source.heads;
  for (let stream = 0; stream < streams; stream++) {
    await fillStream(store, source, stream, plan);
    plan.onStream?.(stream + 1, streams);
  }
  return store;
}

function emptyStore(source: ContextSource, plan: BuildPlan): ContextStore {
  const { clustering, coarse, sink, recent, scale } = plan;
  const { batch, heads, length, dims, type } = source;
  const first = Math.min(sink, length);
  const clustered = Math.max(0, length - first - recent);
  const clusters = segmentClusters(clustering, clustered).reduce((sum, count) => sum + count, 0);
  const groups = Math.min(clusters, coarse < 1 ? Math.max(1, Math.floor(coarse * clustered)) : coarse);
  const streams = batch * heads;
  return {
    ...{ batch, heads, dims, type, scale, recent, clusters },
    sink: first,
    clustered,
    tail: length - first - clustered,
    rowRoom: length,
    keys: emptyElements(plan.kernels, type, streams * length * dims),
    values: emptyElements(plan.kernels, type, streams * length * dims),
    positions: new Uint32Array(streams * length),
    clusterRoom: clusters,
    arrays: emptyClusterArrays(streams, clusters, dims, plan.kernels),
    coarse:
      coarse === 0 || clusters === 0
        ? null
        : { groups, centroids: new Float32Array(streams * groups * dims), offsets: new Uint32Array(streams * (groups + 1)) },
  };
}

async function fillStream(store: ContextStore, source: ContextSource, stream: number, plan: BuildPlan): Promise<void> {
  requireSource(source);
  const { sink, clustered, tail, dims, positions, clusters } = store;
  const { length, keys, type } = source;
  const place = stream * length;
  for (let row = 0; row < sink; row++) positions[place + row] = row;
  for (let row = sink + clustered; row < sink + clustered + tail; row++) positions[place + row] = row;
  if (clustered > 0) {
    const labels = await clusterRows(keys, type, dims, (place + sink) * dims, clustered, plan.clustering);
    writeMembers(store, stream, membersOf(labels, clusters));
  }
  await copyRows(store, source, stream, plan.signal);
  await describeClusters(store, stream, 0, clusters, plan.signal);
  if (clusters === 0) return;
  await orderClusters(store, stream, plan);
  await copyRows(store, source, stream, plan.signal);
}

/** Rows of clusters, from the row behind the sinks on. */
function writeMembers({ sink, positions, rowRoom, arrays, clusterRoom }: ContextStore, stream: number, { values, offsets }: Members): void {
  const place = stream * rowRoom + sink;
  for (let row = 0; row < values.length; row++) positions[place + row] = sink + values[row];
  offsets.forEach((offset, cluster) => (arrays.offsets[stream * (clusterRoom + 1) + cluster] = sink + offset));
}

async function copyRows(
  { keys, values, positions, dims }: ContextStore,
  source: ContextSource,
  stream: number,
  signal?: AbortSignal,
): Promise<void> {
  const place = stream * source.length;
  await inBlocks(source.length, 2 * dims, signal, (from, to) => {
    requireSource(source);
    for (let row = from; row < to; row++) {
      const at = (place + positions[place + row]) * dims;
      keys.set(source.keys.subarray(at, at + dims), (place + row) * dims);
      values.set(source.values.subarray(at, at + dims), (place + row) * dims);
    }
  });
}

/** Means and variances of clusters [from, to) of a stream. */
export async function describeClusters(store: ContextStore, stream: number, from: number, to: number, signal?: AbortSignal): Promise<void> {
  const { keys, values, type, dims, rowRoom, clusterRoom, arrays } = store;
  const statistics = new ClusterStatistics(dims);
  const offsets = arrays.offsets.subarray(stream * (clusterRoom + 1), (stream + 1) * (clusterRoom + 1));
  const meanRows = Math.ceil((offsets[to] - offsets[from]) / Math.max(1, to - from));
  await inBlocks(to - from, 3 * dims * Math.max(1, meanRows), signal, (first, end) => {
    for (let cluster = from + first; cluster < from + end; cluster++) {
      const at = (stream * rowRoom + offsets[cluster]) * dims;
      const rows = { keys, values, type, dims, at, count: offsets[cluster + 1] - offsets[cluster] };
      const into = (stream * clusterRoom + cluster) * dims;
      statistics.write(rows, into, arrays.centroids, arrays.keyVariances, arrays.valueMeans);
    }
  });
}

/** Clusters the centroids, puts the clusters of a group beside each other, and within it those that are alike. */
async function orderClusters(store: ContextStore, stream: number, { clustering, signal }: BuildPlan): Promise<void> {
  const { arrays, clusters, dims, coarse } = store;
  const groups = coarse?.groups ?? Math.ceil(Math.sqrt(clusters));
  const plan = { ...clustering, clusters: groups, segment: clusters };
  const members = membersOf(await clusterRows(arrays.centroids, 'float32', dims, stream * clusters * dims, clusters, plan), groups);
  const centroids = arrays.centroids.subarray(stream * clusters * dims, (stream + 1) * clusters * dims);
  await reorderClusters(store, stream, await similarNext(centroids, dims, members, signal), signal);
  if (coarse === null) return;
  coarse.offsets.set(members.offsets, stream * (groups + 1));
  for (let group = 0; group < groups; group++) {
    const [from, to] = [members.offsets[group], members.offsets[group + 1]];
    meanOfRows(arrays.centroids, stream * clusters + from, to - from, dims, coarse.centroids, (stream * groups + group) * dims);
  }
}

/** Gives cluster i what was cluster order[i]: its rows' positions, and what is known of it. */
async function reorderClusters(store: ContextStore, stream: number, order: Uint32Array, signal: AbortSignal | undefined): Promise<void> {
  const { arrays, positions, clusters, dims, rowRoom, sink } = store;
  const oldPositions = positions.slice(stream * rowRoom, (stream + 1) * rowRoom);
  const offsets = arrays.offsets.subarray(stream * (clusters + 1), (stream + 1) * (clusters + 1));
  const oldOffsets = offsets.slice();
  let row = sink;
  order.forEach((old, cluster) => {
    offsets[cluster] = row;
    positions.set(oldPositions.subarray(oldOffsets[old], oldOffsets[old + 1]), stream * rowRoom + row);
    row += oldOffsets[old + 1] - oldOffsets[old];
  });
  for (const array of [arrays.centroids, arrays.keyVariances, arrays.valueMeans]) {
    const rows = array.subarray(stream * clusters * dims, (stream + 1) * clusters * dims);
    const old = rows.slice();
    await inBlocks(clusters, 2 * dims, signal, (first, end) => {
      for (let cluster = first; cluster < end; cluster++) {
        rows.set(old.subarray(order[cluster] * dims, (order[cluster] + 1) * dims), cluster * dims);
      }
    });
  }
}

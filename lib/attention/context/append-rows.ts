/**
 * New keys of a context that grows. They join the tail; as soon as that holds a block more than it must, the oldest block becomes clusters of its own
 * (as in Chen et al., "RetroInfer", 2025), which leaves all other clusters as they are. What comes out does not depend on the portions that keys come in.
 */
import type { Kernels } from '../../backend/kernels';
import { membersOf, type Members } from '../../clustering/members';
import { describeClusters, type ContextSource } from './build-store';
import { clusterRows, type ClusteringPlan } from './cluster-rows';
import { meanOfRows } from './cluster-statistics';
import { lengthOf, streamsOf, withRoom, type CoarseArrays, type ContextStore } from './context-store';

/** Keys that become clusters together, how many clusters, and with how many rounds of k-means. */
export const BLOCK_KEYS = 128;
export const BLOCK_CLUSTERS = 8;
const BLOCK_ROUNDS = 3;
/** Room is made for so many times what is needed. */
const GROWTH = 1.125;

export type AppendRest = ClusteringPlan['rest'];

/** The store must not be in use, and must not be used afterwards if this resolves. If it rejects, it is what it was. */
export async function appendRows(store: ContextStore, source: ContextSource, rest: AppendRest, kernels: Kernels): Promise<ContextStore> {
  const length = lengthOf(store) + source.length;
  const blocks = Math.max(0, Math.floor((store.tail + source.length - store.recent) / BLOCK_KEYS));
  const clusters = store.clusters + blocks * BLOCK_CLUSTERS;
  const roomy = withRoom(store, roomFor(length, store.rowRoom), roomFor(clusters, store.clusterRoom), kernels);
  const longer = copyToTail(roomy, source);
  if (blocks === 0) return longer;
  const streams = streamsOf(store);
  const members: Members[] = [];
  for (let stream = 0; stream < streams; stream++) {
    for (let block = 0; block < blocks; block++) members.push(await clusterBlock(longer, stream, block, rest));
  }
  const next = { ...longer, clusters, clustered: longer.clustered + blocks * BLOCK_KEYS, tail: longer.tail - blocks * BLOCK_KEYS };
  for (let stream = 0; stream < streams; stream++) {
    for (let block = 0; block < blocks; block++) moveBlock(longer, stream, block, members[stream * blocks + block]);
    await describeClusters(next, stream, store.clusters, clusters);
  }
  return store.coarse === null ? next : { ...next, coarse: withGroups(next, store.coarse, blocks) };
}

function roomFor(wanted: number, there: number): number {
  return wanted <= there ? there : Math.ceil(wanted * GROWTH);
}

function copyToTail(store: ContextStore, { keys, values, length }: ContextSource): ContextStore {
  const { dims, rowRoom } = store;
  const first = lengthOf(store);
  for (let stream = 0; stream < streamsOf(store); stream++) {
    const row = stream * rowRoom + first;
    store.keys.set(keys.subarray(stream * length * dims, (stream + 1) * length * dims), row * dims);
    store.values.set(values.subarray(stream * length * dims, (stream + 1) * length * dims), row * dims);
    for (let i = 0; i < length; i++) store.positions[row + i] = first + i;
  }
  return { ...store, tail: store.tail + length };
}

/** First row of a block, from the beginning of the store. */
function blockRow({ sink, clustered, rowRoom }: ContextStore, stream: number, block: number): number {
  return stream * rowRoom + sink + clustered + block * BLOCK_KEYS;
}

async function clusterBlock(store: ContextStore, stream: number, block: number, rest: AppendRest): Promise<Members> {
  const plan: ClusteringPlan = {
    ...{ clusters: BLOCK_CLUSTERS, segment: BLOCK_KEYS, levels: 1, maxIterations: BLOCK_ROUNDS, tolerance: 0, seed: 1 },
    rest: { initialization: 'kkz', ...rest },
  };
  const at = blockRow(store, stream, block) * store.dims;
  return membersOf(await clusterRows(store.keys, store.type, store.dims, at, BLOCK_KEYS, plan), BLOCK_CLUSTERS);
}

/** Sorts the rows of a block by their clusters. `store` still counts them to the tail. */
function moveBlock(store: ContextStore, stream: number, block: number, { values: order, offsets }: Members): void {
  const { keys, values, positions, dims, sink, clustered, clusters, clusterRoom, arrays } = store;
  const row = blockRow(store, stream, block);
  for (const array of [keys, values]) {
    const old = array.slice(row * dims, (row + BLOCK_KEYS) * dims);
    order.forEach((from, to) => array.set(old.subarray(from * dims, (from + 1) * dims), (row + to) * dims));
  }
  const oldPositions = positions.slice(row, row + BLOCK_KEYS);
  order.forEach((from, to) => (positions[row + to] = oldPositions[from]));
  const own = arrays.offsets.subarray(stream * (clusterRoom + 1), (stream + 1) * (clusterRoom + 1));
  const begin = sink + clustered + block * BLOCK_KEYS;
  for (let i = 0; i < BLOCK_CLUSTERS; i++) own[clusters + block * BLOCK_CLUSTERS + i] = begin + offsets[i];
  own.fill(begin + BLOCK_KEYS, clusters + (block + 1) * BLOCK_CLUSTERS);
}

/** The clusters of a block are a group. */
function withGroups({ arrays, batch, heads, dims, clusters, clusterRoom }: ContextStore, old: CoarseArrays, blocks: number): CoarseArrays {
  const streams = batch * heads;
  const groups = old.groups + blocks;
  const centroids = new Float32Array(streams * groups * dims);
  const offsets = new Uint32Array(streams * (groups + 1));
  const first = clusters - blocks * BLOCK_CLUSTERS;
  for (let stream = 0; stream < streams; stream++) {
    centroids.set(old.centroids.subarray(stream * old.groups * dims, (stream + 1) * old.groups * dims), stream * groups * dims);
    offsets.set(old.offsets.subarray(stream * (old.groups + 1), (stream + 1) * (old.groups + 1)), stream * (groups + 1));
    for (let block = 0; block < blocks; block++) {
      const group = old.groups + block;
      const from = first + block * BLOCK_CLUSTERS;
      offsets[stream * (groups + 1) + group + 1] = from + BLOCK_CLUSTERS;
      meanOfRows(arrays.centroids, stream * clusterRoom + from, BLOCK_CLUSTERS, dims, centroids, (stream * groups + group) * dims);
    }
  }
  return { groups, centroids, offsets };
}

/** Eight bits of what describes clusters, for lookups and estimates, which wait for memory. */
import { inBlocks } from '../../backend/js/in-blocks';
import type { Kernels } from '../../backend/kernels';
import { streamsOf, type ClusterArrays, type ContextStore } from './context-store';

/** data: [streams × room × dims], multiples of `scales`: [streams × room]. */
export interface CompactRows {
  readonly data: Int8Array;
  readonly scales: Float32Array;
}

export type CompactArrays = Readonly<Record<(typeof NAMES)[number], CompactRows>>;

const NAMES = ['centroids', 'valueMeans', 'keyVariances'] as const;
/** Rounding a number takes as long as so many elements of other loops. */
const ELEMENTS_A_NUMBER = 4;

interface Known {
  readonly compact: CompactArrays;
  clusters: number;
}

/** Clusters that are there never change, so that only new ones are converted. */
const known = new WeakMap<ClusterArrays, Known>();

export function compactArrays(store: ContextStore, kernels: Kernels): CompactArrays {
  const entry = knownOf(store, kernels);
  for (let stream = 0; stream < streamsOf(store) && entry.clusters < store.clusters; stream++) {
    convert(store, entry.compact, stream, entry.clusters, store.clusters);
  }
  entry.clusters = Math.max(entry.clusters, store.clusters);
  return entry.compact;
}

/** Makes them with time for other work in between, where a context is made or grows, so that calls at once need not. Rejects with ABORTED. */
export async function compactInTurns(store: ContextStore, kernels: Kernels, signal: AbortSignal | undefined): Promise<void> {
  const entry = knownOf(store, kernels);
  const first = entry.clusters;
  const each = store.clusters - first;
  // The new clusters of all streams, one stream after the other.
  await inBlocks(streamsOf(store) * Math.max(0, each), NAMES.length * ELEMENTS_A_NUMBER * store.dims, signal, (from, to) => {
    for (let row = from, end; row < to; row = end) {
      const stream = Math.floor(row / each);
      end = Math.min(to, (stream + 1) * each);
      convert(store, entry.compact, stream, first + row - stream * each, first + end - stream * each);
    }
  });
  entry.clusters = Math.max(entry.clusters, store.clusters);
}

function knownOf(store: ContextStore, kernels: Kernels): Known {
  let entry = known.get(store.arrays);
  if (entry === undefined) known.set(store.arrays, (entry = { compact: emptyArrays(store, kernels), clusters: 0 }));
  return entry;
}

function emptyArrays({ arrays: { centroids }, dims }: ContextStore, kernels: Kernels): CompactArrays {
  const rows = (): CompactRows => ({
    data: new Int8Array(kernels.allocate(centroids.length).buffer),
    scales: new Float32Array(centroids.length / dims),
  });
  return { centroids: rows(), valueMeans: rows(), keyVariances: rows() };
}

/** Clusters [first, end) of a stream. */
function convert({ arrays, clusterRoom, dims }: ContextStore, to: CompactArrays, stream: number, first: number, end: number): void {
  for (const name of NAMES) {
    for (let cluster = stream * clusterRoom + first; cluster < stream * clusterRoom + end; cluster++) {
      round(arrays[name], cluster * dims, (cluster + 1) * dims, to[name], cluster);
    }
  }
}

function round(numbers: Float32Array, from: number, end: number, { data, scales }: CompactRows, cluster: number): void {
  let greatest = 0;
  for (let i = from; i < end; i++) greatest = Math.max(greatest, Math.abs(numbers[i]));
  const scale = (scales[cluster] = greatest / 127);
  for (let i = from; i < end; i++) data[i] = scale === 0 ? 0 : Math.round(numbers[i] / scale);
}

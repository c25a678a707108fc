/** Eight bits of what describes clusters, for lookups and estimates, which wait for memory. */
import type { Kernels } from '../../backend/kernels';
import { streamsOf, type ClusterArrays, type ContextStore } from './context-store';

/** data: [streams × room × dims], multiples of `scales`: [streams × room]. */
export interface CompactRows {
  readonly data: Int8Array;
  readonly scales: Float32Array;
}

export type CompactArrays = Readonly<Record<(typeof NAMES)[number], CompactRows>>;

const NAMES = ['centroids', 'valueMeans', 'keyVariances'] as const;

/** Clusters that are there never change, so that only new ones are converted. */
const known = new WeakMap<ClusterArrays, { readonly compact: CompactArrays; clusters: number }>();

export function compactArrays(store: ContextStore, kernels: Kernels): CompactArrays {
  const { arrays, clusters } = store;
  let entry = known.get(arrays);
  if (entry === undefined) known.set(arrays, (entry = { compact: emptyArrays(store, kernels), clusters: 0 }));
  for (let stream = 0; stream < streamsOf(store) && entry.clusters < clusters; stream++)
    convert(store, entry.compact, stream, entry.clusters);
  entry.clusters = Math.max(entry.clusters, clusters);
  return entry.compact;
}

function emptyArrays({ arrays: { centroids }, dims }: ContextStore, kernels: Kernels): CompactArrays {
  const rows = (): CompactRows => ({
    data: new Int8Array(kernels.allocate(centroids.length).buffer),
    scales: new Float32Array(centroids.length / dims),
  });
  return { centroids: rows(), valueMeans: rows(), keyVariances: rows() };
}

/** A stream's clusters from the `first` on. */
function convert({ arrays, clusters, clusterRoom, dims }: ContextStore, to: CompactArrays, stream: number, first: number): void {
  for (const name of NAMES) {
    for (let cluster = stream * clusterRoom + first; cluster < stream * clusterRoom + clusters; cluster++) {
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

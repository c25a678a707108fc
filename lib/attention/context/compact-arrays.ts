/** Smaller forms of what describes clusters, for lookups and estimates, which wait for memory. */
import { toBfloat16 } from '../../backend/half-floats';
import type { Kernels } from '../../backend/kernels';
import { emptyElements } from './element-rows';
import { streamsOf, type ClusterArrays, type ContextStore } from './context-store';

export interface CompactArrays {
  /** `[streams × room × dims]`: multiples of `scales`. */
  readonly centroids: Int8Array;
  /** [streams × room]. */
  readonly scales: Float32Array;
  /** [streams × room × dims], bfloat16. */
  readonly valueMeans: Uint16Array;
  readonly keyVariances: Uint16Array;
}

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
  const halves = (): Uint16Array => emptyElements(kernels, 'bfloat16', centroids.length) as Uint16Array;
  return {
    centroids: new Int8Array(kernels.allocate(centroids.length).buffer),
    scales: new Float32Array(centroids.length / dims),
    valueMeans: halves(),
    keyVariances: halves(),
  };
}

/** A stream's clusters from the `first` on. */
function convert({ arrays, clusters, clusterRoom, dims }: ContextStore, to: CompactArrays, stream: number, first: number): void {
  for (let cluster = stream * clusterRoom + first; cluster < stream * clusterRoom + clusters; cluster++) {
    const [from, end] = [cluster * dims, (cluster + 1) * dims];
    let greatest = 0;
    for (let i = from; i < end; i++) greatest = Math.max(greatest, Math.abs(arrays.centroids[i]));
    const scale = (to.scales[cluster] = greatest / 127);
    for (let i = from; i < end; i++) {
      to.centroids[i] = scale === 0 ? 0 : Math.round(arrays.centroids[i] / scale);
      to.valueMeans[i] = toBfloat16(arrays.valueMeans[i]);
      to.keyVariances[i] = toBfloat16(arrays.keyVariances[i]);
    }
  }
}

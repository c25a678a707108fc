import type { ClusterLists } from '../../backend/attention-kernels';
import type { Attended } from './attend-store';
import { lengthOf, type ContextStore } from './context-store';
import type { Queries } from './query-rows';
import type { AttendResult, KeptClusters } from './types';

export function resultOf(store: ContextStore, queries: Queries, { output, logSumExp, kept, tiles }: Attended): AttendResult {
  let known: KeptClusters | null = null;
  return {
    output: { type: 'float32', data: output, dims: [queries.batch, queries.heads, queries.length, queries.dims] },
    logSumExp,
    // Counting takes longer than it matters to those who do not ask.
    get kept() {
      return (known ??= keptClusters(store, kept, tiles));
    },
  };
}

export function keptClusters(store: ContextStore, chosen: ClusterLists, tiles: number): KeptClusters {
  const keys = keptKeys(store, chosen, tiles);
  const all = keys.length * lengthOf(store);
  const fraction = all === 0 ? 0 : keys.reduce((sum, count) => sum + count, 0) / all;
  return { tiles, clusters: chosen.clusters, offsets: chosen.offsets, keys, fraction };
}

/** For each mask. */
function keptKeys({ sink, tail, arrays, clusterRoom }: ContextStore, { offsets, clusters }: ClusterLists, tiles: number): Uint32Array {
  const keys = new Uint32Array(offsets.length - 1).fill(sink + tail);
  for (let mask = 0; mask < keys.length; mask++) {
    const first = Math.floor(mask / tiles) * (clusterRoom + 1);
    for (let i = offsets[mask]; i < offsets[mask + 1]; i++)
      keys[mask] += arrays.offsets[first + clusters[i] + 1] - arrays.offsets[first + clusters[i]];
  }
  return keys;
}

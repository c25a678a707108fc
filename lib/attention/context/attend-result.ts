import type { Attended } from './attend-store';
import { lengthOf, streamsOf, type ContextStore } from './context-store';
import type { Queries } from './query-rows';
import type { AttendResult } from './types';

export function resultOf(store: ContextStore, queries: Queries, { output, logSumExp, clusters, tiles }: Attended): AttendResult {
  const offsets = new Uint32Array(clusters.length + 1);
  clusters.forEach((kept, mask) => (offsets[mask + 1] = offsets[mask] + kept.length));
  const values = new Uint32Array(offsets[clusters.length]);
  const keys = new Uint32Array(clusters.length);
  clusters.forEach((kept, mask) => {
    values.set(kept, offsets[mask]);
    keys[mask] = keptKeys(store, Math.floor(mask / tiles), kept);
  });
  const all = streamsOf(store) * tiles * lengthOf(store);
  const fraction = all === 0 ? 0 : keys.reduce((sum, count) => sum + count, 0) / all;
  return {
    output: { type: 'float32', data: output, dims: [queries.batch, queries.heads, queries.length, queries.dims] },
    logSumExp,
    kept: { tiles, clusters: values, offsets, keys, fraction },
  };
}

function keptKeys({ sink, tail, arrays, clusterRoom }: ContextStore, stream: number, kept: Uint32Array): number {
  const first = stream * (clusterRoom + 1);
  return kept.reduce((sum, cluster) => sum + arrays.offsets[first + cluster + 1] - arrays.offsets[first + cluster], sink + tail);
}

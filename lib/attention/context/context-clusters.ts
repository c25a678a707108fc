/** What users see of a context's clusters. */
import type { ContextStore } from './context-store';
import type { ContextClusters } from './types';

/** Copies. */
export function clustersOf(store: ContextStore, stream: number): ContextClusters {
  const { arrays, clusters, clusterRoom, dims, rowRoom, sink, clustered, positions, coarse } = store;
  const rows = (array: Float32Array): Float32Array => array.slice(stream * clusterRoom * dims, (stream * clusterRoom + clusters) * dims);
  const offsets = arrays.offsets.slice(stream * (clusterRoom + 1), stream * (clusterRoom + 1) + clusters + 1);
  const first = stream * rowRoom + sink;
  return {
    centroids: rows(arrays.centroids),
    keyVariances: rows(arrays.keyVariances),
    valueMeans: rows(arrays.valueMeans),
    members: positions.slice(first, first + clustered),
    offsets: clusters === 0 ? Uint32Array.of(0) : offsets.map((offset) => offset - sink),
    groupOffsets: coarse === null ? null : coarse.offsets.slice(stream * (coarse.groups + 1), (stream + 1) * (coarse.groups + 1)),
  };
}

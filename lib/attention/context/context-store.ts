/**
 * What a context holds. Rows of a stream (one KV head of one sequence) lie zone by zone:
 *
 *     sink rows │ clustered rows, cluster by cluster │ tail: recent rows, in order of their positions │ room
 *
 * so that clusters are ranges of rows, and rows leave the tail for a cluster by being sorted where they are.
 */
import type { Kernels } from '../../backend/kernels';
import { emptyElements, type Elements, type ElementType } from './element-rows';

export interface ClusterArrays {
  /** `[streams × room × dims]`: means of the member keys. */
  readonly centroids: Float32Array;
  /** `[streams × room × dims]`: variances of the member keys, per dimension. */
  readonly keyVariances: Float32Array;
  /** `[streams × room × dims]`: means of the member values. */
  readonly valueMeans: Float32Array;
  /** `[streams × (room + 1)]`: cluster c of a stream has its rows [offsets[c], offsets[c + 1]). */
  readonly offsets: Uint32Array;
}

/** Groups of clusters, for a lookup in two steps. They are ranges of clusters, too. */
export interface CoarseArrays {
  readonly groups: number;
  /** `[streams × groups × dims]`: means of the centroids of a group. */
  readonly centroids: Float32Array;
  /** [streams × (groups + 1)], in clusters. */
  readonly offsets: Uint32Array;
}

export interface ContextStore {
  readonly batch: number;
  /** KV heads. */
  readonly heads: number;
  readonly dims: number;
  readonly type: ElementType;
  readonly scale: number;
  /** Rows of each zone, the same in every stream. */
  readonly sink: number;
  readonly clustered: number;
  readonly tail: number;
  /** Rows that a stream has room for. */
  readonly rowRoom: number;
  /** [streams × rowRoom × dims]. */
  readonly keys: Elements;
  readonly values: Elements;
  /** `[streams × rowRoom]`: which key of the context each row is. */
  readonly positions: Uint32Array;
  readonly clusters: number;
  /** Clusters that a stream has room for; those beyond `clusters` are empty. */
  readonly clusterRoom: number;
  readonly arrays: ClusterArrays;
  readonly coarse: CoarseArrays | null;
  /** How many of the newest keys stay out of clusters. */
  readonly recent: number;
}

export function streamsOf({ batch, heads }: Pick<ContextStore, 'batch' | 'heads'>): number {
  return batch * heads;
}

/** Keys of a stream. */
export function lengthOf({ sink, clustered, tail }: ContextStore): number {
  return sink + clustered + tail;
}

export function emptyClusterArrays(streams: number, room: number, dims: number, kernels: Kernels): ClusterArrays {
  const rows = (): Float32Array => emptyElements(kernels, 'float32', streams * room * dims) as Float32Array;
  return {
    centroids: rows(),
    keyVariances: rows(),
    valueMeans: rows(),
    offsets: new Uint32Array(streams * (room + 1)),
  };
}

/** The same context with other room for rows and clusters, which must suffice. */
export function withRoom(store: ContextStore, rowRoom: number, clusterRoom: number, kernels: Kernels): ContextStore {
  const streams = streamsOf(store);
  const { dims, type } = store;
  if (rowRoom === store.rowRoom && clusterRoom === store.clusterRoom) return store;
  const keys = emptyElements(kernels, type, streams * rowRoom * dims);
  const values = emptyElements(kernels, type, streams * rowRoom * dims);
  const positions = new Uint32Array(streams * rowRoom);
  const arrays = emptyClusterArrays(streams, clusterRoom, dims, kernels);
  for (let stream = 0; stream < streams; stream++) {
    const move = (from: Elements | Uint32Array, to: Elements | Uint32Array, oldRoom: number, newRoom: number, used: number): void =>
      to.set(from.subarray(stream * oldRoom, stream * oldRoom + used), stream * newRoom);
    move(store.keys, keys, store.rowRoom * dims, rowRoom * dims, lengthOf(store) * dims);
    move(store.values, values, store.rowRoom * dims, rowRoom * dims, lengthOf(store) * dims);
    move(store.positions, positions, store.rowRoom, rowRoom, lengthOf(store));
    for (const name of ['centroids', 'keyVariances', 'valueMeans'] as const) {
      move(store.arrays[name], arrays[name], store.clusterRoom * dims, clusterRoom * dims, store.clusters * dims);
    }
    move(store.arrays.offsets, arrays.offsets, store.clusterRoom + 1, clusterRoom + 1, store.clusters + 1);
    arrays.offsets.fill(store.sink + store.clustered, stream * (clusterRoom + 1) + store.clusters + 1, (stream + 1) * (clusterRoom + 1));
  }
  return { ...store, rowRoom, keys, values, positions, clusterRoom, arrays };
}

/** The same context without unused room. */
export function compacted(store: ContextStore, kernels: Kernels): ContextStore {
  return withRoom(store, lengthOf(store), store.clusters, kernels);
}

import type { BackendName } from '../../backend/kernels';
import type { KMeansInitialization } from '../../clustering/types';

export interface ContextClusterOptions {
  /** Clusters of each KV head; a number below 1 is a part of the keys that are clustered. Default 0.05. */
  readonly clusters?: number;
  /** Keys that are clustered together; longer contexts are clustered piece by piece. Default: all. */
  readonly segment?: number;
  /** 2 (default): about √K groups of keys first, and each of them on its own. 1: all at once, which takes much longer and is a little better. */
  readonly levels?: 1 | 2;
  /** How the first centroids are chosen. Default: that of `kmeans`. */
  readonly initialization?: Exclude<KMeansInitialization, object>;
  /** Of k-means. Default 10. */
  readonly maxIterations?: number;
  /** Of k-means: ends when an iteration improves the objective by no more than this part of it. Default 0.001. */
  readonly tolerance?: number;
  /** Of the random numbers, 0 … 2³² − 1. Default 1. */
  readonly seed?: number;
}

export interface ContextOptions extends ContextClusterOptions {
  /** Groups of clusters for a lookup in two steps; below 1: a part of the clustered keys. Default: none, the lookup goes through all clusters. */
  readonly coarse?: number;
  /** So many of the first keys belong to no cluster and always take part. Default 4. */
  readonly sink?: number;
  /** The same for the last keys. Default 64. */
  readonly recent?: number;
  /** What products of queries and keys are multiplied with. Default 1/√d. */
  readonly scale?: number;
  /** Upper limit for the native backend's threads. The result does not depend on it. */
  readonly threads?: number;
  readonly backend?: BackendName;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: ContextProgress) => void;
}

export interface ContextProgress {
  /** Heads (of all sequences) that are clustered, and how many there are. */
  readonly done: number;
  readonly total: number;
}

export interface LoadContextOptions {
  /**
   * Map the file into memory: keys and values are read when they are first used, and shared with other processes that map it. The file must not be changed
   * meanwhile (`save` replaces files, it never changes one). Where nothing can be mapped (in browsers, without the addon, on Windows) it is read. Default false.
   */
  readonly map?: boolean;
  /** Compare all arrays with their checksums, which reads them once. The outline's is always compared. Default true. */
  readonly verify?: boolean;
  readonly backend?: BackendName;
  readonly signal?: AbortSignal;
}

export type SaveContextOptions = Pick<LoadContextOptions, 'signal'>;

export type AppendContextOptions = Pick<ContextOptions, 'threads' | 'signal'>;

/** The clusters of one KV head, as copies. */
export interface ContextClusters {
  /** [clusters, d]: means of the member keys. */
  readonly centroids: Float32Array;
  /** [clusters, d]: variances of the member keys in each dimension. */
  readonly keyVariances: Float32Array;
  /** [clusters, d]: means of the member values. */
  readonly valueMeans: Float32Array;
  /** Keys of each cluster: numbers of keys in the context, ascending; those of cluster c are members[offsets[c]] … members[offsets[c + 1] − 1]. */
  readonly members: Uint32Array;
  readonly offsets: Uint32Array;
  /** Groups of clusters, if the context has them: group g has the clusters [groupOffsets[g], groupOffsets[g + 1]). */
  readonly groupOffsets: Uint32Array | null;
}

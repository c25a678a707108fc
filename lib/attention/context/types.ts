import type { BackendName } from '../../backend/kernels';
import type { KMeansInitialization } from '../../clustering/types';
import type { AttentionTensor } from '../tensors';

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

/**
 * What queries look at first. 'float32': the centroids as they are. 'int8': centroids, means of values and variances of keys rounded to eight bits, made
 * while the context is built, loaded or grows: a quarter of the memory is read, and scores change by about a hundredth.
 */
export type LookupType = 'float32' | 'int8';

export interface ContextOptions extends ContextClusterOptions {
  /** Groups of clusters for a lookup in two steps; below 1: a part of the clustered keys. Default: none, the lookup goes through all clusters. */
  readonly coarse?: number;
  /** So many of the first keys belong to no cluster and always take part. Default 4. */
  readonly sink?: number;
  /** The same for the last keys. Default 64. */
  readonly recent?: number;
  /** What products of queries and keys are multiplied with. Default 1/√d. */
  readonly scale?: number;
  /** Default 'float32'. It is not saved with the context. */
  readonly lookup?: LookupType;
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
   * meanwhile (`save` replaces files, it never changes one). Where nothing can be mapped (in browsers, without the addon) it is read. Default false.
   */
  readonly map?: boolean;
  /** Compare all arrays with their checksums, which reads them once. The outline's is always compared. Default true. */
  readonly verify?: boolean;
  /** Default 'float32'. */
  readonly lookup?: LookupType;
  readonly backend?: BackendName;
  readonly signal?: AbortSignal;
}

export type SaveContextOptions = Pick<LoadContextOptions, 'signal'>;

export type AppendContextOptions = Pick<ContextOptions, 'threads' | 'signal'>;

/** The clusters of one KV head, as copies. */
export interface ContextClusters {
  /** `[clusters, d]`: means of the member keys. */
  readonly centroids: Float32Array;
  /** `[clusters, d]`: variances of the member keys in each dimension. */
  readonly keyVariances: Float32Array;
  /** `[clusters, d]`: means of the member values. */
  readonly valueMeans: Float32Array;
  /** Keys of each cluster: numbers of keys in the context, ascending; those of cluster c are members[offsets[c]] … members[offsets[c + 1] − 1]. */
  readonly members: Uint32Array;
  readonly offsets: Uint32Array;
  /** Groups of clusters, if the context has them: group g has the clusters [groupOffsets[g], groupOffsets[g + 1]). */
  readonly groupOffsets: Uint32Array | null;
}

export interface ContextCalibrationOptions {
  /** The part of the clustered keys that is to be left out, 0 … 1. */
  readonly sparsity: number;
  /** The same for groups of clusters, if the context has them; it should be lower. Default 0.5, at most `sparsity`. */
  readonly coarseSparsity?: number;
  /** One threshold for each KV head instead of one for all. Default false. */
  readonly perHead?: boolean;
  readonly signal?: AbortSignal;
}

/** Scores that clusters must exceed to be retrieved. */
export interface ContextThresholds {
  /** One for all KV heads, or one for each KV head of each sequence. */
  readonly fine: readonly number[];
  /** The same for groups of clusters; null for a lookup in one step. */
  readonly coarse: readonly number[] | null;
}

/** How the clusters that were not retrieved take part. */
export type ClusterEstimate = 'none' | 'mean' | 'variance';

export interface AttendOptions {
  /**
   * Clusters whose score is greater are retrieved: exp(q·C) / Σ_j N_j exp(q·C_j), averaged over queries and summed over the query heads of a KV head. One number, one for each KV
   * head of each sequence, or what `calibrate` gave. Default: the thresholds that the context was calibrated to.
   */
  readonly threshold?: number | readonly number[] | ContextThresholds;
  /** Instead: at most so many clustered keys for each KV head, those of the highest scores; below 1: a part of the clustered keys. */
  readonly budget?: number;
  /** Instead: clusters of the highest scores that together get this part of the attention, by the estimate of the lookup. */
  readonly topP?: number;
  /** Queries of a head that share a mask. Default: all. */
  readonly perTile?: number;
  /**
   * What becomes of clusters that were not retrieved. 'none' (default): nothing. 'mean': each stands for its keys with its mean key, mean value and size.
   * 'variance': with half the variance of its logits, too, which takes out most of the error of that where the keys of a cluster are about normally distributed.
   */
  readonly estimate?: ClusterEstimate;
  /** Keys behind the context, [batch, KV heads, new, d]: the queries attend to all of them. */
  readonly newKeys?: AttentionTensor;
  readonly newValues?: AttentionTensor;
  /** The last query sees all new keys, the one before it all but the last, and so on. Default true. */
  readonly causal?: boolean;
  /** Upper limit for the native backend's threads. The result does not depend on it. Default: all. */
  readonly threads?: number;
  readonly signal?: AbortSignal;
}

export interface DecodingOptions extends Pick<AttendOptions, 'threshold' | 'budget' | 'topP' | 'perTile' | 'estimate' | 'threads'> {
  /** A multiple of the context's KV heads. */
  readonly queryHeads: number;
  /** Queries of each head in a step. Default 1. */
  readonly queries?: number;
  /** What queries come as. Default 'float32'. */
  readonly type?: 'float32' | 'float16' | 'bfloat16';
}

export interface AttendResult {
  /** [batch, query heads, queries, d], float32. Zeros for a query that sees nothing. */
  readonly output: { readonly type: 'float32'; readonly data: Float32Array; readonly dims: readonly [number, number, number, number] };
  /** `[batch × query heads × queries]`: the logarithm of the sum of all exponentials, to merge with attention over other keys. −∞ for a query that sees nothing. */
  readonly logSumExp: Float32Array;
  readonly kept: KeptClusters;
}

/** What was retrieved, for each KV head of each sequence and each tile of queries: mask (sequence × KV heads + head) × tiles + tile. */
export interface KeptClusters {
  readonly tiles: number;
  /** Numbers of clusters, ascending; those of mask m are clusters[offsets[m]] … clusters[offsets[m + 1] − 1]. */
  readonly clusters: Uint32Array;
  readonly offsets: Uint32Array;
  /** Keys of the context that took part exactly, sinks and recent ones included, for each mask. */
  readonly keys: Uint32Array;
  /** The same as a part of all keys of the context, on average. 0 for an empty context. */
  readonly fraction: number;
}

import type { BackendName } from '../backend/kernels';
import type { Float32Vectors, Vectors } from './matrix';
import type { Members } from './members';

/** The methods of choosing the first centroids. */
export type InitializationName = 'random' | 'k-means++' | 'greedy-k-means++' | 'k-means||' | 'afk-mc2' | 'kkz';

/** How the first centroids are chosen. Vectors: they are given. */
export type KMeansInitialization = InitializationName | Vectors;

export interface KMeansProgress {
  /** Iterations done. */
  readonly iteration: number;
  /** Σ weight × squared distance, with the centroids that the iteration began with. */
  readonly objective: number;
}

export interface KMeansOptions {
  /** How many; a number below 1 is a part of the points. Left out where the first centroids are given: as many as those. */
  readonly clusters?: number;
  /** Default: 'k-means++' for up to 64 clusters, else 'random'. */
  readonly initialization?: KMeansInitialization;
  /** 'lloyd' (default) goes through all points in every iteration, 'mini-batch' through `batchSize` random ones. */
  readonly algorithm?: 'lloyd' | 'mini-batch';
  /** Cluster by direction: points and centroids are scaled to unit length. Zero vectors stay what they are, and those below 3e-39 stay shorter. */
  readonly spherical?: boolean;
  /** One per point, from 0 to below 1e100, not all zero. */
  readonly weights?: ArrayLike<number>;
  /** Numbers of given centroids that are not to be moved. */
  readonly frozen?: ArrayLike<number>;
  /** No cluster gets more points; labels are then not always those of the nearest centroids. */
  readonly maxClusterSize?: number;
  /** 2: clusters about √K groups first, and each of them on its own: K clusters in a fraction of the time. */
  readonly levels?: 1 | 2;
  /** Default 25. 0: only assigns to the first centroids. */
  readonly maxIterations?: number;
  /** Ends when an iteration improves the objective by no more than this part of it. Default 0: when nothing changes any more. */
  readonly tolerance?: number;
  /** Points in each iteration of 'mini-batch'. Default 1024. */
  readonly batchSize?: number;
  /** Of the random numbers, 0 … 2³² − 1. Default 1. */
  readonly seed?: number;
  /**
   * Memory for what saves work: bounds (a quarter of points × clusters, in bytes) and earlier centroids (at most half as much, or four times the centroids; without room for both every iteration is a full
   * one), and if there is more also points rounded to bytes (twice points × dims), and float32 points of up to 512 numbers in the order of their clusters. Default 2³⁰.
   */
  readonly boundsBytes?: number;
  /** Upper limit for the native backend's threads. The result does not depend on it. */
  readonly threads?: number;
  readonly backend?: BackendName;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: KMeansProgress) => void;
}

export interface KMeansResult {
  readonly centroids: Float32Vectors;
  /** The cluster of each point. */
  readonly labels: Uint32Array;
  /** Points of each cluster. A cluster can be empty only if there are fewer different points (of positive weight) than clusters, if it is frozen or capped, with mini-batches or two levels, or if `maxIterations` or `tolerance` ended the run just when it had lost its points. */
  readonly sizes: Uint32Array;
  readonly members: Members;
  /** Σ weight × squared distance of each iteration, with the centroids that it began with; of 'mini-batch': estimated from the batch. Empty with `levels: 2` of more than 3 clusters, whose levels have iterations of their own. */
  readonly objectives: Float64Array;
  /** The same for the result. */
  readonly objective: number;
  /** 0 with `levels: 2` of more than 3 clusters. */
  readonly iterations: number;
  /** 'converged': no point changed its cluster. 'tolerance': the objective improved too little, or with a tolerance of 0 not at all. 'maxIterations' with `levels: 2`. */
  readonly stopReason: 'converged' | 'tolerance' | 'maxIterations';
}

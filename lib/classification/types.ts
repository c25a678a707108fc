import type { BackendName } from '../backend/kernels';

/** What a class is called: all numbers, or all strings. */
export type ClassLabel = number | string;

export interface NearestCentroidOptions {
  /**
   * 'euclidean' and 'cosine' (1 − cos; 1 with a vector of zeros): a centroid is the mean of its vectors as they are; 'manhattan': it is their median in each dimension.
   * Default 'euclidean'.
   */
  readonly metric?: 'euclidean' | 'cosine' | 'manhattan';
  /** Vectors are so many blocks of equal length, the layers of a model for example, and the distance is the mean of the blocks' distances (CLUE). Default 1. */
  readonly blocks?: number;
  /** Centroids move towards the mean of all vectors by so many standard errors in each dimension, but not beyond it (Tibshirani et al. 2002). Default 0. */
  readonly shrinkThreshold?: number;
  /** Clusters of each class, by k-means; the nearest one counts. A class has no more than vectors. Default 1. */
  readonly centroidsPerClass?: number;
  /** How probable classes are before anything is known of a vector: alike, as they came, or a number for each in the order of `classes`. Default 'uniform'. */
  readonly priors?: 'uniform' | 'empirical' | readonly number[];
  /** Of k-means. Default 1. */
  readonly seed?: number;
  readonly backend?: BackendName;
}

export interface ClassificationOptions {
  /** Upper limit for the native backend's threads. The result does not depend on it. Default: all. */
  readonly threads?: number;
}

export interface AsyncClassificationOptions extends ClassificationOptions {
  readonly signal?: AbortSignal;
}

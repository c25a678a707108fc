import type { BackendName } from '../backend/kernels';
import type { Vectors } from '../clustering/matrix';

/** 'l2' is the squared Euclidean distance. */
export type VectorMetric = 'inner-product' | 'cosine' | 'l2';
export type VectorStorage = 'float32' | 'float16' | 'bfloat16' | 'int8';

export interface VectorIndexProgress {
  readonly phase: 'cluster' | 'assign' | 'store' | 'calibrate';
  /** 0 … 1, of the phase. */
  readonly done: number;
}

export interface VectorIndexOptions {
  /** 'exact' compares with every vector, 'inverted-file' (default) with those of the lists that lie near. */
  readonly kind?: 'exact' | 'inverted-file';
  /** Default 'cosine'. */
  readonly metric?: VectorMetric;
  /** What vectors are kept as. int8: one scale per vector. Default 'float32'. */
  readonly storage?: VectorStorage;
  /**
   * Vectors to score the best candidates with once more: kept beside `storage` in this type, or an array whose row i is the vector with id i, which the index reads
   * whenever it is searched: where it is if its memory is shared, else a copy of it. Default: none.
   */
  readonly rescore?: 'float32' | 'float16' | 'bfloat16' | Vectors;
  /**
   * 'binary': one bit per dimension beside each vector, by which most vectors of a list are passed over without being read. Default: 'binary' for inverted files with 64
   * dimensions or more, else 'none'.
   */
  readonly codes?: 'binary' | 'none';
  /** Different whole numbers, 0 … 2³² − 1, one per vector. Default: 0, 1, 2 … */
  readonly ids?: ArrayLike<number>;
  /** Lists of an inverted file. Default: about 4 √n. */
  readonly lists?: number;
  /** Lists that a search goes through. Default: √lists, or what `recall` asks for. */
  readonly probes?: number;
  /** Choose `probes` by {@link VectorIndex.calibrate} so that this part of the 10 nearest is found. */
  readonly recall?: number;
  /** Vectors per list that the centroids are made from. Default 64. */
  readonly samplesPerList?: number;
  /** Of the clustering. Default 10. */
  readonly maxIterations?: number;
  /** Default 1. */
  readonly seed?: number;
  readonly threads?: number;
  readonly backend?: BackendName;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: VectorIndexProgress) => void;
}

/** Ids that may be found: a set of them, a bit map (bit id % 32 of word id / 32), or a test. */
export type IdFilter = Iterable<number> | { readonly bitmap: Uint32Array } | ((id: number) => boolean);

export interface VectorSearchOptions {
  /** Lists that are searched. Default: those of the index. */
  readonly probes?: number;
  /** Instead of `probes`: as many as {@link VectorIndex.calibrate} found to be enough for this recall. */
  readonly recall?: number;
  readonly filter?: IdFilter | undefined;
  /** With `rescore`: how many of the best are scored once more. Default: the greater of 4 k and k + 32. */
  readonly candidates?: number;
  /** With binary codes: how many standard deviations better than estimated a vector may be without being passed over. Default 2. Infinity: all are read. */
  readonly confidence?: number;
  /** Upper limit for the native backend's threads. The result does not depend on it. */
  readonly threads?: number;
}

export interface AsyncVectorSearchOptions extends VectorSearchOptions {
  readonly signal?: AbortSignal;
}

/** Of query i the results offsets[i] … offsets[i + 1] − 1, best first; of equal scores the lowest id first. */
export interface VectorSearchResult {
  readonly ids: Uint32Array;
  /** Inner products, cosines, or squared distances. */
  readonly scores: Float32Array;
  /** Queries + 1 entries. */
  readonly offsets: Uint32Array;
}

export interface IndexCalibrationOptions {
  /** Like those that will come. Default: vectors of the index, which then do not count as their own neighbours. */
  readonly queries?: Vectors;
  /** Default 10. */
  readonly k?: number;
  /** Queries at most. Default 256. */
  readonly maxQueries?: number;
  readonly seed?: number;
  readonly threads?: number;
  readonly signal?: AbortSignal;
}

/** Recall that was found with so many lists. */
export interface CalibrationPoint {
  readonly probes: number;
  readonly recall: number;
}

export interface LoadIndexOptions {
  /** Leave the vectors in the file. */
  readonly mapped?: boolean;
  /** The vectors that the index was built to score once more by, if those were an array. */
  readonly rescore?: Vectors;
  readonly backend?: BackendName;
}

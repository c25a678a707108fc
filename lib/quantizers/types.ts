import type { BackendName } from '../backend/kernels';
import type { Float32Vectors, Vectors } from '../clustering/matrix';
import type { KMeansInitialization, KMeansOptions } from '../clustering/types';

export type QuantizerKind = 'k-means' | 'residual' | 'product' | 'finite-scalar';

/** Codes of vectors, row by row: code j of a vector is below the quantizer's `codebookSizes[j]`. */
export interface Codes {
  readonly type: 'uint32';
  readonly data: Uint32Array;
  /** [vectors, codes per vector]. */
  readonly dims: readonly [number, number];
}

export interface CodingOptions {
  /** Upper limit for the native backend's threads. The result does not depend on it. */
  readonly threads?: number;
  readonly backend?: BackendName;
  readonly signal?: AbortSignal;
  /** Vectors done, and how many there are. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** What vectors become and come back from. All quantizers have it, trained or not. */
export interface Quantizer {
  readonly kind: QuantizerKind;
  /** Length of the vectors. */
  readonly dims: number;
  /** How many values each code of a vector can have. */
  readonly codebookSizes: readonly number[];
  /** Rejects with INVALID_ARGUMENT for vectors of another length or with numbers that are not finite, and with ABORTED. */
  encode(vectors: Vectors, options?: CodingOptions): Promise<Codes>;
  /** What the codes stand for. Rejects with INVALID_ARGUMENT for codes that the quantizer does not have, and with ABORTED. */
  decode(codes: Codes, options?: CodingOptions): Promise<Float32Vectors>;
  /** As a file that {@link loadQuantizer} reads; docs/clustering.md describes it. */
  toBytes(): Uint8Array;
  /** Writes that file as a whole: whoever reads it sees the old contents or the new ones. Rejects with NOT_FOUND if it cannot be written. */
  save(path: string): Promise<void>;
}

export interface QuantizerProgress {
  /** The codebook that is trained, from 0, and how many there are. */
  readonly codebook: number;
  readonly codebooks: number;
  /** k-means iterations done for it, and Σ squared distance to its codes. */
  readonly iteration: number;
  readonly objective: number;
}

/** The options of each codebook's k-means. */
export interface QuantizerTraining extends Pick<
  KMeansOptions,
  'maxIterations' | 'tolerance' | 'seed' | 'threads' | 'boundsBytes' | 'backend' | 'signal'
> {
  /** Codes of each codebook; at most as many as there are vectors. */
  readonly codebookSize: number;
  readonly initialization?: Exclude<KMeansInitialization, Vectors>;
  readonly onProgress?: (progress: QuantizerProgress) => void;
}

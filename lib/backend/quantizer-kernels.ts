/** The part of the contract (see kernels.ts) that makes codes of vectors. */
import type { PointArray } from './clustering-kernels';

/** Rows of which each stands for a code. */
export interface CodebookRows {
  readonly data: Float32Array;
  readonly codes: number;
  readonly dims: number;
  /** Where in a vector they belong. */
  readonly place: number;
}

export interface VectorCoding {
  readonly points: PointArray;
  readonly codebooks: readonly CodebookRows[];
  /** part: each codebook is of a part of the vectors, and parts stand one after the other. rest: each is of what those before left. */
  readonly kind: 'part' | 'rest';
  /** Of 'rest': how many partial sums of codes are kept; 1: the nearest code each time. */
  readonly beam: number;
  /** Upper limit; 0: all of the pool. The result does not depend on it. */
  readonly threads: number;
}

export interface CodeDecoding {
  /** Vector by vector, one of each codebook. */
  readonly codes: Uint32Array;
  readonly count: number;
  readonly codebooks: readonly CodebookRows[];
  readonly dims: number;
  readonly threads: number;
}

/** Some rows of vectors whose numbers are each rounded to a level. */
export interface ScalarCoding {
  readonly points: PointArray;
  readonly first: number;
  readonly count: number;
  /** For each number of a vector the least number of each of its levels from the second on, ascending: one to 255. */
  readonly starts: readonly Float32Array[];
  /** What a level of each number counts; all together are below 2³². */
  readonly basis: Uint32Array;
}

export interface CodingControl {
  readonly signal?: AbortSignal | undefined;
  /** Called on the calling thread now and then with the number of vectors that are done. */
  readonly onProgress?: ((done: number) => void) | undefined;
}

export interface QuantizerKernels {
  /**
   * codes[i × codebooks + j]: the code that codebook j has for vector i; of equally near ones the lowest, of equally good sums the one found first. Codes are those of exact arithmetic but for ties within
   * rounding to single precision. Rejects with ABORTED, and with INVALID_ARGUMENT if a vector is not finite or longer than 3·10¹⁸.
   */
  encodeVectors(spec: VectorCoding, codes: Uint32Array, control: CodingControl): Promise<void>;
  /**
   * out: what the codes stand for, in single precision: sums in the order of the codebooks. `out` may hold anything. Rejects with ABORTED, and with INVALID_ARGUMENT if a code is not below its
   * codebook's size.
   */
  decodeCodes(spec: CodeDecoding, out: Float32Array, control: CodingControl): Promise<void>;
  /** codes[i]: of row first + i, Σ basis × how many levels of the number have begun. Throws INVALID_ARGUMENT if a row is not finite or longer than 3·10¹⁸. */
  encodeScalars(spec: ScalarCoding, codes: Uint32Array): void;
}

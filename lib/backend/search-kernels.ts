/** The part of the contract (see kernels.ts) that searches for near vectors. */
import type { PointArray } from './clustering-kernels';
import type { Handle } from './handle';

export type SearchViewHandle = Handle<'searchView'>;

/** Vectors of a list stand in pages of so many slots. */
export const PAGE_SLOTS = 32;

/** How scores are made: ⟨x, q⟩, or −‖x − q‖². The greatest are the best. */
export type ScoreKind = 'dot' | 'l2';

/** One vector per slot. Half-precision types are the bits of each element. */
export interface SlotRows {
  readonly data: Float32Array | Uint16Array | Int8Array;
  readonly type: 'float32' | 'float16' | 'bfloat16' | 'int8';
  /** int8, per slot: the vector is its row times the first number, the second is its squared length. null for other types. */
  readonly scales: Float32Array | null;
}

/**
 * One bit per dimension: the signs s of the rotated residual r = x − c, c being the centroid of the vector's list (RaBitQ, Gao & Long, SIGMOD 2024). As
 * ⟨r, q − c⟩ ≈ factor · ⟨s, R(q − c)⟩, what a score will be about is known without reading the vector. R: for each round, dimensions are multiplied by its signs, and a
 * window of the greatest power of two that fits is transformed by Hadamard's matrix, scaled to keep lengths: in even rounds the first so many dimensions, in odd ones the last.
 */
export interface BinaryCodes {
  /** Per page, per four dimensions, 16 bytes: four bits of slot i in the low half of byte i, of slot i + 16 in the high half. Dimensions rounded up to a multiple of 8. */
  readonly bits: Uint8Array;
  /** Per page: 32 offsets (dot: ⟨r, c⟩ − factor · ⟨s, R(c − centre)⟩, l2: −½‖r‖² − the same), then 32 factors ‖r‖² / ‖R r‖₁. */
  readonly factors: Float32Array;
  /** Subtracted from centroids and queries before they are rotated. */
  readonly centre: Float32Array;
  /** Rounds × dimensions, ±1. */
  readonly signs: Float32Array;
}

/** Lists have centroids; a single list may do without. */
export interface ListCentroids {
  /** lists × dimensions. */
  readonly data: Float32Array;
  /** The same as int8: enough to say which lists are searched, and in which order. */
  readonly rows: SlotRows;
  /** Added to ⟨c, q⟩ for that: −½‖c‖² for l2, 0 for dot. */
  readonly biases: Float32Array;
  /** How far a list's vectors lie around its centroid, times the part of ‖q‖ with which it counts for that. */
  readonly spreads: Float32Array;
}

/**
 * An index as the kernels see it. List i has sizes[i] vectors, in its pages pages[pageOffsets[i]] …, full but for the last. Contents of the arrays may change between
 * calls, but not during one, nor their places.
 */
export interface SearchSpec {
  readonly dims: number;
  readonly score: ScoreKind;
  readonly rows: SlotRows;
  /** What a result is called, per slot. */
  readonly ids: Uint32Array;
  readonly pages: Uint32Array;
  /** lists + 1 entries. */
  readonly pageOffsets: Uint32Array;
  readonly sizes: Uint32Array;
  readonly centroids: ListCentroids | null;
  readonly codes: BinaryCodes | null;
  /** Vectors to score the best candidates with once more: in slots, or at the place that their id says. */
  readonly exact: { readonly rows: SlotRows; readonly byId: boolean } | null;
}

export interface SearchCall {
  /** count × dims, finite. */
  readonly queries: Float32Array;
  readonly k: number;
  /** Lists that are searched. */
  readonly probes: number;
  /** One word per page, one bit per slot that may be found; null: all. */
  readonly mask: Uint32Array | null;
  /** With `exact`: so many of the best by `rows` are scored once more; at least k. */
  readonly candidates: number;
  /** With codes: how many standard deviations better than its estimate a vector may be without being missed. */
  readonly confidence: number;
  /** Upper limit; 0: all of the pool. The result does not depend on it. */
  readonly threads: number;
}

/** Per query k places, best first, of equal scores the lowest id first; the first counts[query] are filled. */
export interface SearchOutput {
  readonly ids: Uint32Array;
  readonly scores: Float32Array;
  readonly counts: Uint32Array;
}

export interface StoreCall {
  readonly points: PointArray;
  /** Per point. */
  readonly slots: Uint32Array;
  /** Per point; null: all in list 0. */
  readonly lists: Uint32Array | null;
  /** Points are scaled to unit length; zeros stay zeros. */
  readonly unitLength: boolean;
  readonly threads: number;
}

export interface StoreControl {
  readonly signal?: AbortSignal | undefined;
  /** Called on the calling thread with the number of points done, a few times a second at most. */
  readonly onProgress?: ((points: number) => void) | undefined;
}

export interface SearchKernels {
  /** Throws OUT_OF_MEMORY. */
  createSearchView(spec: SearchSpec): SearchViewHandle;
  /**
   * Puts points into slots: `rows`, `exact.rows` unless it is by id, and codes. Rejects with INVALID_ARGUMENT if a point is not finite, longer than 3·10¹⁸, or beyond what
   * float16 rows can hold, and with ABORTED; what stands in the slots is undefined then.
   */
  storeRows(view: SearchViewHandle, call: StoreCall, control: StoreControl): Promise<void>;
  /**
   * The k best of the probed lists. Without codes nothing is missed but what rounding decides: scores of half-precision and float32 rows are within 2·dims·2⁻²⁴ of the sum of
   * their terms' magnitudes, those of int8 rows are as exact for a query rounded to 12 bits or more. With codes a vector is missed if its estimate is off by `confidence`
   * standard deviations.
   */
  searchLists(view: SearchViewHandle, call: SearchCall, out: SearchOutput): void;
  /** The same on the pool's threads. Rejects with ABORTED. */
  searchListsAsync(view: SearchViewHandle, call: SearchCall, out: SearchOutput, signal?: AbortSignal): Promise<void>;
}

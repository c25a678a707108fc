/**
 * The contract between merganser and its backends: plain functions over typed arrays, and opaque handles where state is heavy.
 * Every backend gives the same answers, to the bit (floats: within the tolerance that a function states). TypeScript above this line validates; nothing here checks its arguments.
 *
 * Conventions
 * - Text is well-formed UTF-8 (the caller has replaced or refused malformed bytes) unless a function says otherwise.
 * - Offsets are in bytes and count from the start of the given array.
 * - "Ragged is flat": n sequences are `values` and `offsets` with n + 1 entries.
 * - Handles belong to the backend that made them. `dispose` frees them early; otherwise the garbage collector does.
 */

import type { BpeHandle, DecoderHandle, EncoderHandle, EncodingKernels, PatternHandle } from './encoding-kernels';
import type { AttentionKernels } from './attention-kernels';
import type { DynamicKernels, PrefixTrieHandle, TokenMergerHandle } from './dynamic-kernels';
import type { ClusteringKernels } from './clustering-kernels';
import type { SearchKernels, SearchViewHandle } from './search-kernels';
import type { QuantizerKernels } from './quantizer-kernels';
import type { ReductionKernels } from './reduction-kernels';
import type { TrainingKernels, WordCounterHandle } from './training-kernels';

export * from './encoding-kernels';

export type BackendName = 'native' | 'js';

export interface Kernels
  extends
    EncodingKernels,
    TrainingKernels,
    DynamicKernels,
    ClusteringKernels,
    QuantizerKernels,
    SearchKernels,
    ReductionKernels,
    AttentionKernels {
  readonly backend: BackendName;

  /** XXH64 with seed 0. */
  checksum(bytes: Uint8Array): bigint;
  /** Zeroed bytes for a file to be read into: in memory that is fast to touch for the first time, where the backend has such. */
  allocate(size: number): Uint8Array;
  /** Room for results, all of which are written to: what is there before may be anything, where memory need not be cleared. */
  roomFor(count: number): Float32Array;
  /** A file's bytes (the first `most` of them) in memory of `allocate`'s kind; null if the backend does not read files, or cannot read this one. */
  readFile(path: string, most?: number): Uint8Array | null;
  /**
   * Of what was read into such an array: checksums of its strips of 512 KiB and then a model with `tables` (`BpeSpec.tables`) will be asked for. All may be begun on
   * another thread, so the array must not change from now on.
   */
  readAhead(tables: Uint8Array): void;
  /** The bytes of a file, in memory that reads them when they are touched; writing to it leaves the file alone. null where there is no such memory, or no such file. */
  mapFile(path: string): Uint8Array | null;

  dispose(
    handle:
      | PatternHandle
      | BpeHandle
      | EncoderHandle
      | DecoderHandle
      | WordCounterHandle
      | TokenMergerHandle
      | PrefixTrieHandle
      | SearchViewHandle,
  ): void;
}

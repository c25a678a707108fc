import type { BackendName } from '../backend/kernels';

/** 'BHND': [batch, heads, rows, d]; 'BNHD': [batch, rows, heads, d]. */
export type AttentionLayout = 'BHND' | 'BNHD';

export interface AttentionOptions {
  /** How queries, keys, values and outputs lie. Default 'BHND'. */
  readonly layout?: AttentionLayout;
  /**
   * Sequences of different lengths, packed into tensors of [rows, heads, d]: sequence s has the queries queryOffsets[s] … queryOffsets[s + 1] − 1, and keys by `keyOffsets`
   * alike. `layout` is not used then.
   */
  readonly queryOffsets?: Uint32Array;
  readonly keyOffsets?: Uint32Array;
  /** What products of queries and keys are multiplied with. Default 1/√d. */
  readonly scale?: number;
  /** Upper limit for the native backend's threads. The result does not depend on it. Default: all. */
  readonly threads?: number;
  readonly backend?: BackendName;
}

export interface FlashAttentionOptions extends AttentionOptions {
  /** Query i of n sees the keys j ≤ i + (keys − n): the last query sees all of them. Default false. */
  readonly causal?: boolean;
}

export interface SparseAttentionOptions extends AttentionOptions {
  /** Queries of a head that share a list. Default: all of a sequence. */
  readonly perTile?: number;
}

/** Which keys each unit sees. A unit is a tile of queries of all heads that share a KV head; units are numbered by sequence, KV head, tile. */
export type SparseKeys =
  /** Key numbers `indices[i]` (blocks of `block` keys, if given), i from offsets[unit] to offsets[unit + 1]; negative ones are skipped. */
  | { readonly offsets: Uint32Array; readonly indices: Int32Array; readonly block?: number }
  /** Runs of lengths[i] keys from starts[i]. */
  | { readonly offsets: Uint32Array; readonly starts: Int32Array; readonly lengths: Uint32Array }
  /** `[units × ⌈longest keys / block⌉]`: 1 where the keys of a block are seen. */
  | { readonly mask: Uint8Array; readonly block: number };

export interface AttentionAsyncOptions {
  readonly signal?: AbortSignal;
  /** Called a few times a second at most, with the part that is done, up to 1. */
  readonly onProgress?: (done: number) => void;
}

export interface Float32Tensor {
  readonly type: 'float32';
  readonly data: Float32Array;
  readonly dims: readonly number[];
}

export interface AttentionResult {
  /** Shaped as the queries, with rows as long as the values. Zeros for a query that sees nothing. */
  readonly output: Float32Tensor;
  /** [batch, heads, rows] ([heads, rows] if packed): logarithm of the sum of exponentials; −∞ for a query that sees nothing. */
  readonly logSumExp: Float32Tensor;
}

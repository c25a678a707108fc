/** The part of the contract (see kernels.ts) that merges tokens of a batch on the fly. */
import type { Handle } from './handle';

export type TokenMergerHandle = Handle<'tokenMerger'>;

/**
 * What is known of a token's text, as bits. A mark shows where a word or a line begins. The traits of a + b follow from those of both:
 * `joinTraits` and `isBarred` (js/dynamic/traits.ts) say how.
 */
export enum TokenTrait {
  /** Never merged: special tokens, and those that stand for text which they do not spell. */
  Fixed = 1,
  /** Begins with a mark. */
  StartsMarked = 2,
  /** Has a mark behind its first character. */
  MarkedInside = 4,
  /** Consists of marks. */
  OnlyMarks = 8,
  /** Ends a word by itself (`end_of_word_suffix`): nothing of that word can follow. */
  EndsWord = 16,
  /** Has a newline. */
  Newline = 32,
  /** Has two newlines or more. */
  Newlines = 64,
}

export interface TokenMergerSpec {
  /** The text of each token, by which tokens are recognised; a token without text must be `Fixed`. Of equal tokens the lowest id counts. */
  readonly tokenBytes: Uint8Array;
  /** vocabSize + 1 entries. */
  readonly tokenOffsets: Uint32Array;
  /** {@link TokenTrait}s of each token. */
  readonly traits: Uint8Array;
  /** Whether a verdict on a pair depends on where its two tokens meet, and not only on their text together. */
  readonly splitMatters: boolean;
}

/** Pairs whose verdict is asked for: pair i is bytes[offsets[i], offsets[i + 1]), and its left token has splits[i] bytes. */
export interface PairQuestions {
  readonly bytes: Uint8Array;
  /** n + 1 entries. */
  readonly offsets: Uint32Array;
  readonly splits: Uint32Array;
}

/** One verdict for each question, 1: the pair may be merged. The same pair always gets the same verdict: they are remembered. */
export type PairJudge = (questions: PairQuestions) => Uint8Array;

export interface TokenMergeRun {
  /** Sequence i is values[offsets[i], offsets[i + 1]); every id is below the vocabulary's size. */
  readonly values: Uint32Array;
  readonly offsets: Uint32Array;
  /** false: pairs are counted over all sequences together. true: each sequence is a batch of its own. */
  readonly perSequence: boolean;
  /** Most merges of each batch: one entry, or one for each sequence if they are batches of their own. */
  readonly merges: Uint32Array;
  /** A batch is done when it has no more tokens than this; as many entries as `merges`. */
  readonly targets: Uint32Array;
  /** Pairs with a lower count are not merged; at least 1. */
  readonly leastCount: number;
  /**
   * After so many merges of a batch, or when no pair is left before, every pair may be merged that has no fixed token. 0: from the start;
   * 2³² − 1: never.
   */
  readonly freeAfter: number;
}

export interface MergedTokens {
  /** Ids from the vocabulary's size on are new tokens, numbered as they came up. */
  readonly values: Uint32Array;
  readonly offsets: Uint32Array;
  /** Token i stands for the given values[starts[i], starts[i + 1]). */
  readonly starts: Uint32Array;
  /** Texts of the new tokens, back to back. */
  readonly newBytes: Uint8Array;
  readonly newByteOffsets: Uint32Array;
  /** The given ids that each new token was made of when it first came up, back to back. */
  readonly newParts: Uint32Array;
  readonly newPartOffsets: Uint32Array;
  /** (left, right, product, occurrences) of each merge in order; batches one after the other. */
  readonly merges: Uint32Array;
  /** Batch i's are the merges mergeOffsets[i] … mergeOffsets[i + 1] − 1. */
  readonly mergeOffsets: Uint32Array;
}

export type PrefixTrieHandle = Handle<'prefixTrie'>;

/** Texts to cut into the longest tokens that stand in them: text i is text[offsets[i], offsets[i + 1]). */
export interface PrefixRun {
  readonly text: Uint8Array;
  readonly offsets: Uint32Array;
  /** The id of a byte at which no token begins; −1: there is none. */
  readonly unknownId: number;
}

/** A byte at which no token begins, where that has no id. */
export class UnknownByte extends Error {
  constructor(readonly at: number) {
    super(`no token begins at byte ${at}`);
  }
}

/** Rows of a table that are added up: output row i is made of the table's rows parts[offsets[i] … offsets[i + 1] − 1]. */
export interface RowSums {
  /** rows × width, row by row. */
  readonly table: Float32Array;
  readonly width: number;
  /** Each is a row of the table. */
  readonly parts: Uint32Array;
  /** n + 1 entries. */
  readonly offsets: Uint32Array;
  /** One for each part; null: the mean. */
  readonly weights: Float64Array | null;
}

export interface DynamicKernels {
  /**
   * Fills out (n × width) with Σ weight · row, or with the mean of the rows; a row without parts is 0. Sums are of doubles, in order of the parts, and
   * rounded once: every backend gives the same bits.
   */
  sumRows(sums: RowSums, out: Float32Array): void;
  /**
   * Fills out (rows.length × width) with rows of two tables: of `first` if the number is below its height, else of `second`, which goes on counting where
   * it ends.
   */
  gatherRows(first: Float32Array, second: Float32Array, width: number, rows: Uint32Array, out: Float32Array): void;
  /**
   * Fills probabilities (one for each row) with clamp((1 − cos(queries[t − 1], keys[t])) / 2, 0, 1), and with 1 where a sequence of `offsets` begins. A row of
   * zeros has the cosine 0. In doubles, rounded once.
   */
  routeRows(queries: Float32Array, keys: Float32Array, width: number, offsets: Uint32Array, probabilities: Float32Array): void;
  /**
   * Fills out (as rows) with z[k] = p[k] · rows[k] + (1 − p[k]) · z[k − 1], with z = 0 before each sequence of `offsets`. z is kept in doubles.
   */
  averageRows(rows: Float32Array, probabilities: Float32Array, width: number, offsets: Uint32Array, out: Float32Array): void;
  /** Token i is tokenBytes[tokenOffsets[i], tokenOffsets[i + 1]). Empty ones are left out; of equal ones the lowest id counts. */
  createPrefixTrie(tokenBytes: Uint8Array, tokenOffsets: Uint32Array): PrefixTrieHandle;
  /** The same off this thread (native) or in turns (js). Rejects with ABORTED. The arrays must not change meanwhile. */
  createPrefixTrieAsync(tokenBytes: Uint8Array, tokenOffsets: Uint32Array, signal: AbortSignal | undefined): Promise<PrefixTrieHandle>;
  /** Bytes of memory that a trie takes. */
  prefixTrieBytes(trie: PrefixTrieHandle): number;
  /** From left to right, the longest token that stands where the last one ended. Throws {@link UnknownByte}. */
  encodePrefixes(trie: PrefixTrieHandle, run: PrefixRun): { values: Uint32Array; offsets: Uint32Array };
  /** The same off this thread (native) or in turns (js). Rejects with ABORTED too. The arrays of `run` must not change meanwhile. */
  encodePrefixesAsync(
    trie: PrefixTrieHandle,
    run: PrefixRun,
    signal: AbortSignal | undefined,
  ): Promise<{ values: Uint32Array; offsets: Uint32Array }>;
  createTokenMerger(spec: TokenMergerSpec): TokenMergerHandle;
  /**
   * Repeats in each batch: of the adjacent pairs that may be merged the one that stands most often (overlaps count), of equal counts the one whose first
   * occurrence comes first, becomes one token wherever it stands, from left to right. Tokens of one text are one token, those of the vocabulary
   * included.
   */
  mergeTokens(merger: TokenMergerHandle, run: TokenMergeRun, judge: PairJudge): MergedTokens;
  /** The same with the work off this thread (native) or in turns (js). Rejects with ABORTED. The arrays of `run` must not change meanwhile. */
  mergeTokensAsync(merger: TokenMergerHandle, run: TokenMergeRun, judge: PairJudge, signal: AbortSignal | undefined): Promise<MergedTokens>;
}

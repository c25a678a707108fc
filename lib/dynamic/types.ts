/** Public types of the dynamic part. */
import type { AsyncEncodeOptions, BatchEncodeOptions } from '../tokenizer/types';

/**
 * How far merged tokens may reach. Words and lines always begin tokens of their own, but in 'sentence' and at the end of 'superword'; special tokens are never
 * merged.
 * - 'pretokens' (default): within what the tokenizer's own pre-tokenization leaves as one piece;
 * - 'word': within what white space separates;
 * - 'wordHyphen': as 'word', but punctuation does not follow other characters, unless it is a single hyphen;
 * - 'sentence': anywhere;
 * - 'superword': as 'pretokens' until `transition` merges are done, then as 'sentence'.
 */
export type MergeBoundary = 'pretokens' | 'word' | 'wordHyphen' | 'sentence' | 'superword';

export interface DynamicTokenizerOptions {
  /** Default 'pretokens'. */
  boundary?: MergeBoundary;
}

export interface MergeOptions {
  /**
   * Most merges; with `perSample` also one number for each sequence. Default: until no pair is left that may be merged (then `reduction` may end it
   * before).
   */
  merges?: number | readonly number[] | Uint32Array;
  /**
   * Merge until the tokens are fewer by so many per cent of what merging to words would save: 100 · (L₀ − Lₘ) / (L₀ − L_words) is at least this. With
   * the boundaries 'sentence' and 'superword' L_words is what 'pretokens' comes to.
   */
  reduction?: number;
  /** Each sequence is a batch of its own: pairs are counted in it alone, and `merges` and `reduction` hold for each. Default false. */
  perSample?: boolean;
  /** Pairs with a lower count are not merged. Default 1. */
  minCount?: number;
  /** Only with 'superword': after so many merges tokens may reach over words. Default: when no other pair is left. */
  transition?: number;
}

export interface AsyncMergeOptions extends MergeOptions {
  signal?: AbortSignal;
}

export interface DynamicEncodeOptions extends Omit<BatchEncodeOptions, 'padding'>, MergeOptions {
  /** Find the place of each token in its text, and the word that it belongs to: `textOffsets` and `wordIds`. Slower. Default false. */
  alignment?: boolean;
}

export interface AsyncDynamicEncodeOptions extends DynamicEncodeOptions, Pick<AsyncEncodeOptions, 'signal'> {}

/** The tokens that a batch made, numbered from `firstId` on. */
export interface NewTokens {
  /** The size of the base vocabulary: ids below are its tokens. */
  readonly firstId: number;
  readonly count: number;
  /** Their texts, back to back: token firstId + i is bytes[byteOffsets[i], byteOffsets[i + 1]). In byte-level tokenizers the text's own bytes. */
  readonly bytes: Uint8Array;
  /** count + 1 entries. */
  readonly byteOffsets: Uint32Array;
  /** The base ids that each was made of when it first came up, back to back: parts[partOffsets[i], partOffsets[i + 1]). */
  readonly parts: Uint32Array;
  /** count + 1 entries. */
  readonly partOffsets: Uint32Array;
}

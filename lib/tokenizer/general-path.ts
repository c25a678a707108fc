/**
 * The general path from text to tokens: every tokenizer.json can take it, and it knows offsets and words.
 * Tokenizers whose path the backends have fused (see fused-plan.ts) take it only where more than ids is wanted.
 *
 * text → stretches between added tokens → normalized → stretches between `normalized` added tokens → pieces → tokens
 */
import type { BpeHandle, Kernels } from '../backend/kernels';
import type { AddedVocabulary } from './added-vocabulary';
import type { Normalizer } from './normalizers/normalizer';
import type { PreTokenizer } from './pre-tokenizers/pre-tokenizer';

/** The parts of a tokenizer that take part before post-processing. */
export interface GeneralParts {
  readonly kernels: Kernels;
  readonly model: BpeHandle;
  /** The model's vocabulary has U+0020 where tokenizer.json has U+2581 (see space-alias.ts): pieces are rewritten to match. */
  readonly spaceAlias: boolean;
  readonly added: AddedVocabulary;
  readonly normalizer: Normalizer | null;
  readonly preTokenizer: PreTokenizer | null;
}

export interface GeneralOptions {
  /** Whether offsets and words are wanted. */
  readonly full: boolean;
  /** What to do with each added token (`AddedTokenAction`), by its index in `added.tokens`; null: all are recognised. */
  readonly actions: Uint8Array | null;
}

export interface GeneralEncoding {
  readonly ids: Uint32Array;
  /** start, end of each token in the given text, in bytes, rounded outwards to whole characters as Hugging Face does. null unless `full`. */
  readonly spans: Uint32Array | null;
  /** Number of the piece (or added token) each token comes from. null unless `full`. */
  readonly wordIds: Int32Array | null;
}

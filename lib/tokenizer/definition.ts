/** What every loader produces and the tokenizer is built from. */
import type { BpeSpec } from '../backend/kernels';
import type { AddedTokens } from './added-tokens';
import type { MergeEvents } from './load/merge-events';
import type { Padding, Truncation } from './types';
import type { Vocabulary } from './vocabulary';

/** The settings of a BPE model as tokenizer.json names them. */
export interface BpeSettings {
  readonly unkToken: string | null;
  readonly continuingSubwordPrefix: string | null;
  readonly endOfWordSuffix: string | null;
  readonly fuseUnk: boolean;
  readonly byteFallback: boolean;
  readonly ignoreMerges: boolean;
}

export interface BpeModel {
  readonly kind: 'bpe';
  readonly vocabulary: Vocabulary;
  readonly settings: BpeSettings;
  /** (left, right, product) ids in order of rank; null: tiktoken's rule. */
  readonly merges: Uint32Array | null;
  /** (left, right, product) ids in order of rank: merges of neighbouring pieces that are one token each (BoundlessBPE). */
  readonly supermerges?: Uint32Array | undefined;
  /** In place of `merges`, which are empty then: merges and removals of tokens in the order of time (PickyBPE). */
  readonly events?: MergeEvents | undefined;
  readonly spec: BpeSpec;
  /**
   * What the model reads. 'bytes': the pieces' raw bytes, where pre-tokenization ends in ByteLevel and the model's tokens were turned back from the
   * printable alphabet. 'text': the pieces as they come out of pre-tokenization.
   */
  readonly input: 'bytes' | 'text';
}

/** The models that can be loaded; a new one is a new member, and each use is a switch over `kind`. */
export type Model = BpeModel;

/** Padding with every choice made. */
export type ResolvedPadding = Required<Omit<Padding, 'multipleOf'>> & { readonly multipleOf: number };
/** Truncation with every choice made. */
export type ResolvedTruncation = Required<Truncation>;

/** How text is split before a tiktoken model: the pieces are the pattern's matches, and what lies between them is dropped. */
export interface TiktokenSplit {
  /** fancy-regex syntax. */
  readonly pattern: string;
}

export interface TokenizerDefinition {
  /** The library whose behaviour is the standard for everything that both do differently. */
  readonly flavor: 'huggingface' | 'tiktoken';
  readonly model: Model;
  readonly addedTokens: AddedTokens;
  /** Objects of tokenizer.json, or null. */
  readonly normalizer: unknown;
  readonly preTokenizer: unknown;
  readonly postProcessor: unknown;
  readonly decoder: unknown;
  /** Only with flavor 'tiktoken': replaces normalizer and pre-tokenizer, which are null. */
  readonly split: TiktokenSplit | null;
  readonly truncation: ResolvedTruncation | null;
  readonly padding: ResolvedPadding | null;
}

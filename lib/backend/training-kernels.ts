/** The part of the contract (see kernels.ts) that trains: counting words, and merging pairs in what was counted. */
import type { Handle } from './handle';
import type { BpeSpec, EncoderSpec } from './encoding-kernels';

export type WordCounterHandle = Handle<'wordCounter'>;

/** How texts become words: as an encoder's pieces do (`EncoderSpec`), without added tokens. */
/** Words are not counted themselves, but words of tokens made of them, of two tokens and more. */
export interface TokenWordsSpec {
  readonly model: BpeSpec;
  /** false: a word is a run of `eligible` tokens within a piece. true: it is a run of pieces that are one such token each. */
  readonly runs: boolean;
  /** By token id. */
  readonly eligible: Uint8Array;
}

export interface WordCounterSpec extends Pick<EncoderSpec, 'nfc' | 'spaceAlias' | 'prefixSpace' | 'steps' | 'scanner'> {
  /** Every line of a text, with its newline, is a text of its own. Lines end at U+000A only. */
  readonly lines: boolean;
  /** Words end before a space between two ASCII letters, whatever stands around them: long texts may be cut there. */
  readonly cutsWords: boolean;
  /** null: words are counted as they are. `addWords` takes words of tokens if they are counted: three bytes for an id, the most significant first. */
  readonly tokens: TokenWordsSpec | null;
}

/** Words and how often they were counted: word i is bytes[offsets[i], offsets[i + 1]). */
export interface CountedWords {
  readonly bytes: Uint8Array;
  /** n + 1 entries. */
  readonly offsets: Uint32Array;
  /** Exact up to 2⁵³. */
  readonly counts: Float64Array;
}

/** Words that were written: for each its length, its bytes and its count; numbers as varints of seven bits a byte, the lowest first. */
export interface WrittenWords {
  readonly words: number;
  /** If no word was written: what the next one needs; 0: there is none. */
  readonly bytes: number;
  /** Sum of the counts. */
  readonly total: number;
}

/**
 * What words are made of, by number: 'byte': the byte. 'char': the character's code point, or, if `placed`, 4 × code point + (1 if it does not begin
 * the word) + (2 if it ends it). 'token': the token's id, in words of tokens; not for `countSymbols`.
 */
export interface SymbolKind {
  readonly unit: 'byte' | 'char' | 'token';
  readonly placed: boolean;
}

/** Symbols, ascending, with how often words hold them. */
export interface SymbolCounts {
  readonly symbols: Uint32Array;
  readonly counts: Float64Array;
}

/** What is known of a token for `TokenRuleSpec`: the number of its words (runs of characters that are no space) in the lower 16 bits, and these. */
export enum TokenTrait {
  StartsWithWord = 0x1_0000,
  EndsWithWord = 0x2_0000,
  EndsWithColon = 0x4_0000,
  /** It holds a colon before a space. */
  Forbidden = 0x8_0000,
}

/** Tokens have no colon before a space, and at most so many words. */
export interface TokenRuleSpec {
  readonly maxWords: number;
  /** Of the tokens that are there at first. */
  readonly traits: Uint32Array;
}

/**
 * Merges inside of words, found before, that the training makes too, each before the first supermerge of a lower count. Words of tokens consist of the
 * numbers that these merges give; supermerges are about the ids of the vocabulary that has both.
 */
export interface MergeScheduleSpec {
  /** left, right, product */
  readonly triples: Uint32Array;
  readonly counts: Float64Array;
  /** For each merge: whether words that are spelt as its product are one token from then on, and take part in supermerges. */
  readonly completes: Uint8Array;
  /** So many come before any supermerge, whatever the counts. */
  readonly forced: number;
}

/** left, right, product ids of merges in order, and how often each pair was there. With a schedule, `SUPERMERGE` is added to the left id of supermerges. */
export interface TrainedMerges {
  readonly triples: Uint32Array;
  readonly counts: Float64Array;
  /** Only with `removalThreshold`; as `RemovalsSpec.list`. */
  readonly removals?: Uint32Array;
}
/** So many merges can be made again. */
export const REPLAYED_MERGES = 1 << 20;
export const SUPERMERGE = 0x8000_0000;

export interface BpeTrainingSpec extends SymbolKind {
  /** Merging ends when there are so many tokens. */
  readonly vocabSize: number;
  /** Pairs with a lower count are not merged; at least 1. */
  readonly leastCount: number;
  /** Pairs are merged if they have fewer symbols together, those of two symbols always; 2³² − 1: no limit. */
  readonly maxTokenLength: number;
  /** The tokens that are there before any merge, in UTF-8, in order of their ids; no two are equal. */
  readonly tokenBytes: Uint8Array;
  readonly tokenOffsets: Uint32Array;
  /** Symbols and, parallel, the ids of the tokens that stand for them. Other symbols are deleted from words. */
  readonly symbols: Uint32Array;
  readonly symbolIds: Uint32Array;
  /** UTF-8. Taken off the right part of a pair that begins with it; usually empty. */
  readonly continuingPrefix: Uint8Array;
  readonly rule: TokenRuleSpec | null;
  /** Only for words of tokens. */
  readonly schedule: MergeScheduleSpec | null;
  /**
   * PickyBPE (arXiv:2409.04599): after each merge its left part, then its right part is taken back if the merge's share of its occurrences is above this.
   * What is left of it falls into the tokens that it was made of. Tokens that are there at first stay. `vocabSize` is about the tokens that are left; a
   * token that comes back has its old id. Not for words of tokens.
   */
  readonly removalThreshold?: number | undefined;
  /**
   * Merges that were made before, in order: training goes on behind them, and gives them too. Each made a new token; at most REPLAYED_MERGES. Not for
   * words of tokens.
   */
  readonly done?: TrainedMerges | undefined;
  /**
   * Of so many pairs, the most frequent ones, the one is merged after which the tokens of other words take the fewest bits (each id as
   * its share of all asks for); of equally good ones the most frequent. Takes all words out of that counter too. Not for words of tokens.
   */
  readonly compression?: { readonly validation: WordCounterHandle; readonly candidates: number } | undefined;
}

export interface TrainingControl {
  readonly signal?: AbortSignal | undefined;
  /** Called on the calling thread a few times a second at most; `merges` gives those that have been made. */
  readonly onProgress?: ((count: number, merges: () => TrainedMerges) => void) | undefined;
  /** Called with the merges that have been made, before a rejection with ABORTED. */
  readonly onAbort?: ((merges: TrainedMerges) => void) | undefined;
}

/** Tokens in UTF-8 back to back: token i is tokenBytes[tokenOffsets[i], tokenOffsets[i + 1]). */
export type TokenBytes = Pick<BpeTrainingSpec, 'tokenBytes' | 'tokenOffsets'>;

export interface TrainingKernels {
  /** How many calls of `countTexts` and `countFile` run at the same time. */
  readonly countingThreads: number;
  createWordCounter(spec: WordCounterSpec): WordCounterHandle;
  /** Adds the words of texts: text i is text[textOffsets[i], textOffsets[i + 1]). The array must not change meanwhile, and has 64 bytes behind the last text. */
  countTexts(counter: WordCounterHandle, text: Uint8Array, textOffsets: Uint32Array): Promise<void>;
  /**
   * Adds the words of bytes [from, to) of a file of `size` bytes; the ranges of a file together give the words of the whole. With neither `lines` nor
   * `cutsWords` only the whole is a range. Malformed UTF-8 is replaced, or rejects with INVALID_UTF8. null: the backend reads no files.
   */
  readonly countFile:
    | ((counter: WordCounterHandle, path: string, range: { from: number; to: number; size: number }, replace: boolean) => Promise<void>)
    | null;
  /** Adds ready words. */
  addWords(counter: WordCounterHandle, words: CountedWords): void;
  /** Memory of the counter's tables, in bytes. Not while it counts, as all that follows. */
  counterBytes(counter: WordCounterHandle): number;
  /** Number of words counted. */
  countedWords(counter: WordCounterHandle): number;
  countSymbols(counter: WordCounterHandle, kind: SymbolKind): Promise<SymbolCounts>;
  /** Number of different words; after `countSymbols`. */
  distinctWords(counter: WordCounterHandle): number;
  /** Puts all words in the order of their bytes, for `takeSortedWords`, which is called until nothing is left before anything else is done with the counter. */
  sortWords(counter: WordCounterHandle): Promise<void>;
  /** Writes the words that come next, at most so many, as many as there is room for. When nothing is left, the counter is empty. */
  takeSortedWords(counter: WordCounterHandle, out: Uint8Array, most: number): WrittenWords;
  /** Adds words that were written so. false: they were not; some may have been added. */
  addWrittenWords(counter: WordCounterHandle, bytes: Uint8Array, words: number): boolean;
  /**
   * Takes all words out of the counter and trains on them: the pair of the highest count is merged, of equal counts that of the smallest left id, then
   * right id. A product that is a token already keeps its id; in words of tokens such pairs are left alone. Rejects with ABORTED.
   */
  trainBpe(counter: WordCounterHandle, spec: BpeTrainingSpec, control: TrainingControl): Promise<TrainedMerges>;
  /** The tokens of `start` and those that merges (left, right, product ids) made; `prefix` is taken off a right part that begins with it. */
  growTokens(start: TokenBytes, merges: Uint32Array, prefix: Uint8Array): TokenBytes;
}

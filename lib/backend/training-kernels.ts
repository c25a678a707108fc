/** The part of the contract (see kernels.ts) that trains: counting words, and merging pairs in what was counted. */
import type { Handle } from './kernels';
import type { EncoderSpec } from './kernels';

export type WordCounterHandle = Handle<'wordCounter'>;

/** How texts become words: as an encoder's pieces do (`EncoderSpec`), without added tokens. */
export interface WordCounterSpec extends Pick<EncoderSpec, 'nfc' | 'spaceAlias' | 'prefixSpace' | 'steps' | 'scanner'> {
  /** Every line of a text, with its newline, is a text of its own. Lines end at U+000A only. */
  readonly lines: boolean;
  /** Words end before a space between two ASCII letters, whatever stands around them: long texts may be cut there. */
  readonly cutsWords: boolean;
}

/** Words and how often they were counted: word i is bytes[offsets[i], offsets[i + 1]). */
export interface CountedWords {
  readonly bytes: Uint8Array;
  /** n + 1 entries. */
  readonly offsets: Uint32Array;
  /** Exact up to 2⁵³. */
  readonly counts: Float64Array;
}

/**
 * What words are made of, by number: 'byte': the byte. 'char': the character's code point, or, if `placed`, 4 × code point + (1 if it does not begin
 * the word) + (2 if it ends it).
 */
export interface SymbolKind {
  readonly unit: 'byte' | 'char';
  readonly placed: boolean;
}

/** Symbols, ascending, with how often words hold them. */
export interface SymbolCounts {
  readonly symbols: Uint32Array;
  readonly counts: Float64Array;
}

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
}

export interface TrainingControl {
  readonly signal?: AbortSignal | undefined;
  /** Called on the calling thread a few times a second at most; `merges` gives those that have been made, as `trainBpe` does. */
  readonly onProgress?: ((count: number, merges: () => Uint32Array) => void) | undefined;
}

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
  /** Takes all words out of the counter, in the order of their bytes. */
  sortWords(counter: WordCounterHandle): Promise<CountedWords>;
  /**
   * Takes all words out of the counter and trains on them: the pair of the highest count is merged, of equal counts that of the smallest left id, then
   * right id. Gives (left, right, product) ids in order; a product that is a token already keeps its id. Rejects with ABORTED.
   */
  trainBpe(counter: WordCounterHandle, spec: BpeTrainingSpec, control: TrainingControl): Promise<Uint32Array>;
}

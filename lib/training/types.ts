/** Public types of the training part. */
import type { AddedToken, LoadOptions, TextInput } from '../tokenizer/types';

/** Texts as they come: an array, a generator, a Node or Web stream. */
export type TrainingTexts = ReadableStream<TextInput> | AsyncIterable<TextInput> | Iterable<TextInput>;

/** Files to train on. Node only. Names ending in .gz and .zst are decompressed. */
export interface TrainingFiles {
  /** Paths, folders (all files below them, hidden ones left out) or glob patterns. */
  readonly files: string | readonly string[];
  /** Every line is a JSON object, and its text is in this field (JSON Lines). */
  readonly field?: string;
}

/** Count files (`countPretokens`), of the same options as the training. Node only. */
export interface TrainingCounts {
  readonly counts: string | readonly string[];
}

export type TrainingInput = TrainingTexts | TrainingFiles | TrainingCounts;

/** How text becomes words, and where it comes from. */
export interface CountingOptions extends Pick<LoadOptions, 'backend'> {
  /** Objects of tokenizer.json as they stand there. Default: no normalizer, and GPT-2's ByteLevel as pre-tokenizer. */
  normalizer?: unknown;
  preTokenizer?: unknown;
  /**
   * What counts as one text to the normalizer and the pre-tokenizer. 'lines': every line with its newline (Hugging Face's `train(files)`); 'items': every
   * file, or every string of an iterable (`train_from_iterator`). Default: 'items' for strings and JSON Lines, 'lines' for files and bytes.
   */
  feeding?: 'lines' | 'items';
  /** Malformed UTF-8: 'error' (default, INVALID_UTF8) or 'replace' by U+FFFD. */
  invalidUtf8?: 'error' | 'replace';
  /** Put before every character of a word but the first (`##`). */
  continuingSubwordPrefix?: string;
  /** Put behind a word's last character (`</w>`). */
  endOfWordSuffix?: string;
  /**
   * Bytes that the tables of counted words may take; beyond, words are written to disk and added up at the end, with the same result. Node only.
   * Default: no limit. (Merging afterwards needs memory for all different words.)
   */
  memoryLimit?: number;
  /** Where words are written to. Default: the system's folder for temporary files. */
  spillFolder?: string;
  /** Called a few times a second at most. */
  onProgress?: (progress: TrainingProgress) => void;
  signal?: AbortSignal;
}

/** Tokens that reach over the boundaries of words. Only for text that ends in ByteLevel; the input is read twice. */
export interface SuperwordOptions {
  /**
   * 'superbpe' (arXiv:2503.13423): from `transition` on, text is split by a weaker `pattern`, and merging continues in longer pieces. Any library can load
   * the result.
   * 'boundless' (arXiv:2504.00178): neighbouring words that are one token each merge too. The result is saved in a form that only merganser reads.
   */
  method: 'superbpe' | 'boundless';
  /**
   * Number of tokens when superwords begin. superbpe: needed. boundless: if it is left out, merges of words compete with merges inside of words, the
   * higher count first and of equal counts that of words; else they begin when there are so many tokens (arXiv:2604.05192).
   */
  transition?: number;
  /** No token has more words (runs of characters that are no space). Default: 4 for superbpe, no limit for boundless. */
  maxWords?: number;
  /**
   * superbpe: the regular expression of tokenizer.json that text is split by from `transition` on; matches and what lies between them are pieces.
   * boundless: which words may merge, a JavaScript regular expression with flag u. Defaults: those of the papers (docs/superwords.md).
   */
  pattern?: string;
}

export interface RandomSpans {
  /** Decides the cuts, together with the text itself: not the order of texts. An integer from 0 to 2³² − 1. */
  seed: number;
  /** least and most characters, and weight, of each kind of span. Default: TokenAdapt's, 4 to 23 characters. */
  lengths?: ReadonlyArray<readonly [least: number, most: number, weight: number]>;
}

export interface CheckpointOptions {
  folder: string;
  /** How often it is written. Default: 10. */
  everySeconds?: number;
}

export interface TrainingOptions extends CountingOptions {
  /** Number of tokens: special ones, characters and merges. */
  vocabSize: number;
  /** Pairs that occur less often are not merged. Default 0, which means 1. */
  minFrequency?: number;
  /** Tokens that get the first ids, in this order. */
  specialTokens?: ReadonlyArray<string | (Partial<AddedToken> & { content: string })>;
  /** Characters that get a token even if no text holds them (of longer strings the first character); 'byteLevel': the 256 that ByteLevel writes bytes with. */
  initialAlphabet?: 'byteLevel' | readonly string[];
  /** Keep only so many characters, the most frequent; others are deleted from words. Of equal counts the smaller code point is kept. */
  limitAlphabet?: number;
  /** Tokens have fewer characters than this, but for those of two. Default: no limit. */
  maxTokenLength?: number;
  /** Adds the tokens `<0x00>` … `<0xFF>` behind the special ones, and sets `byte_fallback`. */
  byteFallback?: boolean;
  superwords?: SuperwordOptions;
  /**
   * Tokens that hardly stand alone are taken back (PickyBPE, arXiv:2409.04599). The result is saved in a form that only merganser reads. Not with
   * superwords.
   */
  picky?: PickyOptions;
  /** Merges are chosen by how small they make other text (compression-aware BPE, after arXiv:2601.09039). Not with superwords or picky. */
  compression?: CompressionOptions;
  /**
   * A folder where counts, and merges every ten seconds, are kept, so that after an interruption at any point the same call carries on (with superwords:
   * up to where these begin; with picky or compression: counts only). It is refused if it is of other text or options (but for `vocabSize`) or damaged, and stays until it is removed. For files
   * and counts only. Node only.
   */
  checkpoint?: string | CheckpointOptions;
  /**
   * Text is cut into spans of random lengths before training (TokenAdapt's supertokens), in place of a pre-tokenizer: tokens may hold several words or parts
   * of them. The normalizer is NFC by default, and the tokenizer splits nothing. Not with count files.
   */
  randomSpans?: RandomSpans;
  unkToken?: string;
  fuseUnk?: boolean;
  ignoreMerges?: boolean;
  /** Objects of tokenizer.json as they stand there. Default decoder: ByteLevel if the pre-tokenizer is left out, else none. */
  postProcessor?: unknown;
  decoder?: unknown;
}

export interface PickyOptions {
  /**
   * From 0 to 1: after a merge each of its two tokens is taken back if more than this part of its occurrences went into the merge. Default 0.9; at 1 none
   * is.
   */
  threshold?: number;
}

export interface CompressionOptions {
  /** The text that is to become small; read as the text that is trained on. */
  validation: TrainingInput;
  /** From so many of the most frequent pairs each merge is chosen. Default 16; 1: ordinary BPE. */
  candidates?: number;
}

/** How far training is. */
export interface TrainingProgress {
  /**
   * 'pretokenize': text is read, split and counted; `done` is in bytes (of compressed files: decompressed). 'count': counts that are in files, because they
   * are the input or did not fit into memory, are added up; `done` is in their bytes. 'merge': `done` is in tokens.
   */
  phase: 'pretokenize' | 'count' | 'merge';
  done: number;
  /** null: not known, as with iterables and compressed files. */
  total: number | null;
  /** `done` per second since the phase began. */
  rate: number;
  secondsLeft: number | null;
}

/** What training did. */
export interface TrainingReport {
  /** Bytes of text that were read (0 where counts were). */
  bytes: number;
  /** Words, and different words. */
  words: number;
  distinctWords: number;
  /** Characters, or bytes, that words consist of. */
  alphabet: number;
  merges: number;
  /** Those of `merges` that are no merges inside of words; 0 without `superwords`. */
  superwordMerges: number;
  /** How often a token was taken back; 0 without `picky`. */
  removals: number;
  /** Wall time of reading and counting, of merging, of the second phase if there is one, and of everything. */
  seconds: { pretokenize: number; merge: number; superwords: number; total: number };
}

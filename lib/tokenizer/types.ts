/** Public types of the tokenizer part. */

/** Text as a JavaScript string (lone surrogates count as U+FFFD) or as UTF-8 bytes. */
export type TextInput = string | Uint8Array;

/**
 * Which special tokens are recognised where they stand in the text. 'none': they are ordinary text (what to pass for text that users typed);
 * 'all': every one becomes its id; a set: those named become their ids, the others are ordinary text.
 * Added tokens that are not special are always recognised, as the defining libraries do.
 */
export type AllowedSpecial = 'none' | 'all' | ReadonlySet<string> | readonly string[];

export interface EncodeOptions {
  /** Whether the post-processor adds its tokens (`<s>`, `[CLS]` …). Default: true for tokenizer.json (as Hugging Face); tiktoken models have none. */
  addSpecialTokens?: boolean;
  /**
   * Default: what the defining library does. Hugging Face recognises all of them ('all'); tiktoken throws when one stands in the text
   * (DISALLOWED_SPECIAL).
   */
  allowedSpecial?: AllowedSpecial;
  /** Malformed UTF-8 in a Uint8Array: 'replace' by U+FFFD as TextDecoder does (default), or 'error' (INVALID_UTF8). */
  invalidUtf8?: 'replace' | 'error';
  /** Second text of a pair. */
  pair?: TextInput;
  /** false: ignore the file's truncation settings; an object overrides them. Default: as in the file. */
  truncation?: false | Truncation;
  /** false: ignore the file's padding settings; an object overrides them. Default: as in the file. */
  padding?: false | Padding;
  /**
   * BPE-dropout, for training models: the probability, from 0 to 1, that a merge is left out when its turn comes. It needs a `seed`, takes the general path
   * on the calling thread, and does not go with streams. Text i of a batch is encoded as with seed + i.
   */
  dropout?: number;
  /** Of the random choices of `dropout`: an integer from 0 to 2³² − 1. The same on every backend. */
  seed?: number;
}

export interface BatchEncodeOptions extends Omit<EncodeOptions, 'pair'> {
  /** Second texts of pairs, one for each text. */
  pairs?: readonly TextInput[];
}

export interface CountOptions extends EncodeOptions {
  /** Stop counting as soon as the number is certain to be larger. Default: count to the end. */
  limit?: number;
}

export interface TruncateOptions extends Pick<EncodeOptions, 'addSpecialTokens' | 'allowedSpecial'> {
  /** Where text is cut off. Default 'right'. */
  direction?: 'left' | 'right';
}

export interface AsyncEncodeOptions extends EncodeOptions {
  signal?: AbortSignal;
  /** Fraction of the input's bytes done, 0 to 1; called a few times a second at most. */
  onProgress?: (fraction: number) => void;
}

export interface Truncation {
  maxLength: number;
  /** Default 'longestFirst'. */
  strategy?: 'longestFirst' | 'onlyFirst' | 'onlySecond';
  /** Tokens that an overflowing part repeats of the part before. Default 0. */
  stride?: number;
  /** Where tokens are cut off. Default 'right'. */
  direction?: 'left' | 'right';
}

export interface Padding {
  /** 'longest' of the batch (default), or a fixed length. */
  length?: 'longest' | number;
  /** Default 'right'. */
  direction?: 'left' | 'right';
  /** Round the length up to a multiple of this. */
  multipleOf?: number;
  /** Defaults: 0, 0 and '[PAD]', as Hugging Face. */
  padId?: number;
  padTypeId?: number;
  padToken?: string;
}

/** n sequences, flat: sequence i is values[offsets[i], offsets[i + 1]). */
export interface RaggedTokens {
  values: Uint32Array;
  offsets: Uint32Array;
}

/** Everything known about an encoded text. All arrays are parallel to `ids` unless they say otherwise. */
export interface Encoding {
  ids: Uint32Array;
  /** Token strings as they stand in the vocabulary. */
  tokens: string[];
  /** start, end of each token in the input, in UTF-16 units (2 × length). Tokens that were added have 0, 0. */
  offsets: Uint32Array;
  /** The same in bytes of the UTF-8 text. */
  byteOffsets: Uint32Array;
  /** Number of the pre-tokenized word within its text; −1 for tokens that were added. */
  wordIds: Int32Array;
  /** 0 for the first text, 1 for the second of a pair; −1 for tokens that were added. */
  sequenceIds: Int32Array;
  typeIds: Uint32Array;
  /** 1 for tokens that the post-processor or padding added. */
  specialTokensMask: Uint8Array;
  /** 0 for padding. */
  attentionMask: Uint8Array;
  /** What truncation cut off, in parts of maxLength with the stride's overlap. */
  overflowing: Encoding[];
}

export interface DecodeOptions {
  /** Leave special tokens out. Default true for tokenizer.json (as Hugging Face), false for tiktoken (as tiktoken). */
  skipSpecialTokens?: boolean;
}

/** A token that is recognised in the text before anything else (Hugging Face `AddedToken`). */
export interface AddedToken {
  content: string;
  id: number;
  special: boolean;
  singleWord: boolean;
  lstrip: boolean;
  rstrip: boolean;
  normalized: boolean;
}

export interface LoadOptions {
  /** Force a backend; default: the fastest present, or the environment variable MERGANSER_BACKEND. */
  backend?: 'native' | 'js';
  /** Upper bound for each thread's cache of encoded pieces, in bytes. Default 64 MiB (native), 32 MiB (js). */
  cacheBytes?: number;
}

export interface CachedLoadOptions extends LoadOptions {
  /**
   * Keep a compiled form of the tokenizer in a file, and load that as long as it belongs to the same source: `true` for the user's cache directory, or
   * a directory. A file that is damaged, out of date or of another version is replaced. Node only. Default false.
   */
  cache?: boolean | string;
}

export interface TiktokenOptions extends CachedLoadOptions {
  /** Name of a known encoding ('cl100k_base' …) whose pattern and special tokens to use. */
  encoding?: string;
  /** Or the pattern and special tokens themselves (fancy-regex syntax). */
  pattern?: string;
  specialTokens?: Record<string, number>;
}

export interface VocabMergesOptions extends LoadOptions {
  unkToken?: string;
  continuingSubwordPrefix?: string;
  endOfWordSuffix?: string;
  fuseUnk?: boolean;
  byteFallback?: boolean;
  ignoreMerges?: boolean;
  /** Objects of tokenizer.json as they stand there. Default preTokenizer and decoder: ByteLevel, as GPT-2. */
  normalizer?: unknown;
  preTokenizer?: unknown;
  postProcessor?: unknown;
  decoder?: unknown;
  addedTokens?: Array<Partial<AddedToken> & { content: string }>;
}

export interface HubOptions extends CachedLoadOptions {
  /** Branch, tag or commit. Default 'main'. */
  revision?: string;
  /** Access token for private repositories. Default: the environment variable HF_TOKEN. */
  token?: string;
  /** Default: HF_HOME's cache, as the Python library. */
  cacheDir?: string;
  /** Default: HF_ENDPOINT or https://huggingface.co. */
  endpoint?: string;
  signal?: AbortSignal;
}

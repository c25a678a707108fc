/** The part of the contract (see kernels.ts) that turns text into ids and back: patterns, models, encoders, decoders. */
import type { Handle } from './handle';

export type PatternHandle = Handle<'pattern'>;
export type BpeHandle = Handle<'bpe'>;
export type EncoderHandle = Handle<'encoder'>;
export type DecoderHandle = Handle<'decoder'>;

// ------------------------------------------------------------------------------------------------ patterns

/**
 * A compiled regular expression (see lib/tokenizer/pattern). All sets of characters in the pattern cut Unicode into classes;
 * a class number is found through a two-level table, and the rest of the program speaks of classes only.
 */
export interface PatternProgram {
  /** The pattern as it was written; for messages only. */
  readonly source: string;
  /** Number of character classes, at most 255; class 0 is "in none of the sets". The class `classCount` stands for end of text. */
  readonly classCount: number;
  /** For each block of 256 code points (0x1100 of them), the number of its page. */
  readonly classPages: Uint16Array;
  /** Pages of 256 class numbers. */
  readonly classIds: Uint8Array;
  /** Backtracking program (see pattern-code.ts): always present, the definition of the pattern's meaning. */
  readonly code: Int32Array;
  /** Bit sets over classes, and "no character" as the last bit, that `code` refers to; `setWords` 32-bit words per set. */
  readonly sets: Uint32Array;
  readonly setWords: number;
  /**
   * Deterministic automaton with the same matches, where the pattern or some of its alternatives allow one (no back-references, looks at one neighbouring
   * character at most): state × (classCount + 1) transitions. Absent otherwise.
   */
  readonly automaton: PatternAutomaton | null;
}

/**
 * A leftmost-first deterministic automaton over character classes. Start in a state of `starts`, read one class per character and finally
 * the end-of-text class. A transition's low 15 bits are the next state; state 0 is dead. Its high bit says: the characters read BEFORE this
 * one form a match (remember this position, the latest wins). When the automaton is dead, the latest remembered position is the match's end;
 * if there is none, no match begins here.
 */
export interface PatternAutomaton {
  /** One state; or, where a match depends on the character before it, one per class of that character, the last for the beginning of the text. */
  readonly starts: Uint16Array;
  readonly stateCount: number;
  readonly transitions: Uint16Array;
  /**
   * For each class (and the end of the text), 1 if only `code` finds the matches that begin with it: an alternative without an automaton can begin there.
   * null: the automaton finds all.
   */
  readonly except: Uint8Array | null;
}

/** What becomes of a split's delimiters (Hugging Face `SplitDelimiterBehavior`). */
export type SplitBehavior = 'removed' | 'isolated' | 'mergedWithPrevious' | 'mergedWithNext' | 'contiguous';

/** The regex families that have hand-written scanners in the backends; see lib/tokenizer/pattern/families.ts. */
export interface ScannerFamily {
  /** 'deepseek' is the last of DeepSeek-V3's three splits, 'deepseekV3' all of them together. */
  readonly family: 'gpt2' | 'cl100k' | 'o200k' | 'deepseek' | 'deepseekV3';
  /** Longest run of digits in one piece: 1, 3, or 0 for no limit. */
  readonly maxDigits: number;
  /** o200k: whether `(?i:'s|'t|…)?` follows words (Tekken has none). */
  readonly contractions: boolean;
  /** true for the newer tiktoken forms with `\s++$`: white space at the end of the text is one piece whatever it holds. */
  readonly trailingSpace: boolean;
}

/** One step of pre-tokenization: every piece so far is split again, each as if it were the whole text. */
export type SplitStep =
  | {
      readonly kind: 'pattern';
      /** The pattern as it was written. */
      readonly source: string;
      /** Compiled when it is read, which takes tens of milliseconds: a backend that scans by `scanner` leaves it. */
      readonly pattern: PatternProgram;
      /** Set if a hand-written scanner gives the same pieces. */
      readonly scanner: ScannerFamily | null;
      readonly behavior: SplitBehavior;
      /** true: the pattern describes the pieces, and what lies between them is the delimiter. */
      readonly invert: boolean;
      readonly overAlphabet: boolean;
    }
  | {
      readonly kind: 'fixedLength';
      readonly length: number;
      /** The step sees pieces as ByteLevel writes them, a character of its alphabet for each byte, and so do all steps behind it. */
      readonly overAlphabet: boolean;
    };

// ------------------------------------------------------------------------------------------------ BPE

/**
 * What happens to a piece is what would happen if the whole list were gone through: each merge and each removal in its turn, at all places from left to
 * right. All merges with one product have the same number of symbols.
 */
export interface RemovalsSpec {
  /** Tokens from this id on are in no result: they were taken back and did not return. */
  readonly kept: number;
  /** For each removal in order: how many merges come before it, the token, the number of tokens it falls into, and these. */
  readonly list: Uint32Array;
}

/** A BPE model, resolved to ids. Token ids are 0 … vocabSize − 1; ids without a token have an empty range in `tokenOffsets`. */
export interface BpeSpec {
  /**
   * The bytes each token stands for in the text that the model sees: raw bytes for byte-level models (the printable alphabet already undone),
   * UTF-8 for others. Tokens that no text can produce (empty, or not in the byte alphabet) are given as empty.
   */
  readonly tokenBytes: Uint8Array;
  /** vocabSize + 1 entries. */
  readonly tokenOffsets: Uint32Array;
  /**
   * (left id, right id, product id) triples in order of rank; a pair that stands twice counts with its LAST rank (as in Hugging Face).
   * null for tiktoken models: two neighbours merge if their concatenation is a token, the lowest id first.
   */
  readonly merges: Uint32Array | null;
  /** What a piece is cut into before merging. */
  readonly unit: 'byte' | 'char';
  /** 256 ids. unit 'byte': the token of each byte. unit 'char': the `<0xHH>` tokens if byteFallback, else all −1. −1: there is none. */
  readonly byteIds: Int32Array;
  /** unit 'char': characters that are not tokens become their bytes' tokens if every one exists. */
  readonly byteFallback: boolean;
  /** Id for what is not in the vocabulary, −1: such characters (bytes) vanish. */
  readonly unkId: number;
  /** Neighbouring unknowns become one token. */
  readonly fuseUnk: boolean;
  /** Text put before every unit of a piece but the first when it is looked up (`continuing_subword_prefix`), usually empty. */
  readonly continuingPrefix: Uint8Array;
  /** Text put behind the last unit of a piece when it is looked up (`end_of_word_suffix`), usually empty. */
  readonly endOfWordSuffix: Uint8Array;
  /** A piece that is a token as a whole is that token, merges or not. */
  readonly ignoreMerges: boolean;
  /** Merges are made in the order of time, and tokens are taken back in between (PickyBPE); only with `merges`, where a pair may then stand several times. */
  readonly removals?: RemovalsSpec | undefined;
  /**
   * What `bpeTables` or `encoderTables` of the same backend gave for this specification, so that it need not be derived again. The bytes may
   * come from anywhere: if they or the specification beside them are not sound, `createBpe` and `createEncoder` throw MALFORMED_FILE.
   */
  readonly tables?: Uint8Array | null;
  /** Of a file that the whole specification was read from: equal ones need not be compared. */
  readonly checksum?: bigint | undefined;
}

/** Tokens with their places in the text. */
export interface PieceTokens {
  readonly ids: Uint32Array;
  /** start, end of each token (bytes). A token that covers part of a character says so: offsets are not rounded. */
  readonly spans: Uint32Array;
  /** pieces + 1 entries: which tokens each piece became. */
  readonly offsets: Uint32Array;
}

// ------------------------------------------------------------------------------------------------ the whole encoder

/** A token that is cut out of the text before anything else happens to it (Hugging Face `AddedToken`, tiktoken special tokens). */
export interface AddedTokenSpec {
  readonly content: Uint8Array;
  readonly id: number;
  readonly special: boolean;
  /** Only if no letter, digit, mark or underscore (Rust regex `\w`) stands directly on either side. */
  readonly singleWord: boolean;
  /** Takes the white space on its left / right with it. */
  readonly lstrip: boolean;
  readonly rstrip: boolean;
}

/** A tokenizer whose whole path from text to ids is one the backends have fused. Others go through lib/tokenizer's general path. */
export interface EncoderSpec {
  readonly model: BpeSpec;
  /** Order matters: where two tokens match at one place the longest wins, and of equal content the first. None of them is `normalized`-dependent. */
  readonly added: readonly AddedTokenSpec[];
  /** Normalize each stretch of text between added tokens to NFC (tables of the version Hugging Face uses). */
  readonly nfc: boolean;
  /**
   * SentencePiece's white space: U+2581 in the vocabulary has been replaced by U+0020 (no token held a real space), so the text's spaces stand
   * for themselves; a U+2581 in the text becomes a space first.
   */
  readonly spaceAlias: boolean;
  /**
   * A space put before each stretch of text: 'never'; 'always' (every non-empty stretch, the `Prepend` normalizer); 'unlessSpace' (stretches that do
   * not begin with one, `Metaspace` "always" and ByteLevel's add_prefix_space); 'firstUnlessSpace' (only a stretch at the very start of the text, `Metaspace` "first").
   */
  readonly prefixSpace: 'never' | 'always' | 'unlessSpace' | 'firstUnlessSpace';
  /** Pre-tokenization, in order; empty: each stretch is one piece. */
  readonly steps: readonly SplitStep[];
  /** Set if a hand-written scanner does what all steps do together. */
  readonly scanner: ScannerFamily | null;
  /** Upper bound for each thread's cache of pieces, in bytes. */
  readonly cacheBytes: number;
  /**
   * left, right, product ids in order of rank: neighbouring pieces of a stretch that are one token each, and parts of one of these, are merged again.
   * Only where `fusesSupermerges`.
   */
  readonly supermerges?: Uint32Array | undefined;
}

/** What to do with each added token found in the text, by its index in `EncoderSpec.added`. */
export enum AddedTokenAction {
  /** Ordinary text: as if the token did not exist. */
  Text = 0,
  /** Becomes its id. */
  Token = 1,
  /** Encoding stops; the result's `disallowed` names the token. */
  Refuse = 2,
}

export interface EncodeControl {
  /** One action per added token; null: all `Token`. */
  readonly actions: Uint8Array | null;
  /** The text (of a batch, the first) is the rest of one that was cut in the middle of a stretch: no space is put before it. `count` and `encodeBatch` do not look at this. */
  readonly continues?: boolean | undefined;
}

/** Thrown by kernels when a token with action `Refuse` is found; the caller turns it into a MerganserError. */
export class DisallowedAddedToken {
  constructor(
    /** Index in `EncoderSpec.added`. */
    readonly index: number,
    /** Where it begins, in bytes. */
    readonly offset: number,
  ) {}
}

/** Thrown by kernels that check texts when one is not UTF-8. */
export class MalformedText extends Error {}

/** Thrown by kernels where the memory of a text was given away (its ArrayBuffer transferred) before all of it was read. */
export class TakenAway extends Error {}

/** Texts back to back: text i is bytes `offsets[i]` to `offsets[i + 1]` of all chunks. No text lies in two of them. */
export interface ChunkedTexts {
  /** One at least. */
  readonly chunks: readonly Uint8Array[];
  /** n + 1 entries. */
  readonly offsets: Uint32Array;
  /** All of it is known to be UTF-8. */
  readonly checked: boolean;
}

export interface RaggedIds {
  readonly values: Uint32Array;
  /** n + 1 entries. */
  readonly offsets: Uint32Array;
}

export interface AsyncControl extends EncodeControl {
  readonly signal?: AbortSignal | undefined;
  /** Called on the calling thread with the bytes done so far, a few times a second at most. */
  readonly onProgress?: ((bytesDone: number) => void) | undefined;
}

// ------------------------------------------------------------------------------------------------ decoding

/** What is known about an id, as bits of `DecoderSpec.traits`: no token has it. */
export const UNKNOWN_TOKEN = 1;
/** It is a special token. */
export const SPECIAL_TOKEN = 2;
/** Its bytes are not UTF-8 by themselves. */
export const PARTIAL_TOKEN = 4;

/** Decoding by concatenation: id → bytes. Ids without bytes have an empty range. */
export interface DecoderSpec {
  readonly tokenBytes: Uint8Array;
  readonly tokenOffsets: Uint32Array;
  /** One byte for each id; ids beyond are unknown. */
  readonly traits: Uint8Array;
}

// ------------------------------------------------------------------------------------------------ saving

/** Tokens in UTF-8 by id; the ids that the vocabulary lists, in its order (null: all); left, right, product ids of merges. `pretty`: indented as in Hugging Face's files. */
export interface TokenJsonSpec {
  readonly tokenBytes: Uint8Array;
  readonly tokenOffsets: Uint32Array;
  readonly ids: Uint32Array | null;
  readonly merges: Uint32Array;
  readonly pretty: boolean;
}

/** JSON in UTF-8: the object of ids by token, and the array of [left, right]. */
export interface TokenJson {
  readonly vocabulary: Uint8Array;
  readonly merges: Uint8Array;
}

// ------------------------------------------------------------------------------------------------ the kernels

/**
 * Parts of a tokenizer.json that begin at `start` of its bytes, which are UTF-8; each ends in front of `end`. null for whatever is out of the ordinary (see
 * model-scanner.ts).
 */
export interface ModelScannerKernels {
  /** Tokens in order of their ids, which are all different, as are the tokens; an id that none has is empty. */
  vocabulary(
    json: Uint8Array,
    start: number,
  ): { readonly tokenBytes: Uint8Array; readonly tokenOffsets: Uint32Array; readonly end: number } | null;
  /** Triples of left, right and product. */
  merges(
    json: Uint8Array,
    start: number,
    tokenBytes: Uint8Array,
    tokenOffsets: Uint32Array,
  ): { readonly merges: Uint32Array; readonly end: number } | null;
}

export interface EncodingKernels {
  createPattern(program: PatternProgram): PatternHandle;
  /** All non-overlapping matches of the pattern in `text`, as start, end pairs in order; empty matches are included as `find_iter` of the regex's own library reports them. */
  findMatches(pattern: PatternHandle, text: Uint8Array): Uint32Array;

  /** `cacheBytes`: upper bound for the handle's memory of what pieces became. */
  createBpe(spec: BpeSpec, cacheBytes: number): BpeHandle;
  /** Runs the model on ready pieces: piece i is text[pieceOffsets[i], pieceOffsets[i + 1]). Pieces may be empty (no tokens). */
  encodePieces(model: BpeHandle, text: Uint8Array, pieceOffsets: Uint32Array): PieceTokens;

  createEncoder(spec: EncoderSpec): EncoderHandle;
  /** Whether encoders know supermerges. */
  readonly fusesSupermerges: boolean;
  /** Lone surrogates of a string become U+FFFD. */
  encode(encoder: EncoderHandle, text: string | Uint8Array, control: EncodeControl): Uint32Array;
  /** Number of ids `encode` would give, or some number > limit as soon as that is certain. */
  count(encoder: EncoderHandle, text: string | Uint8Array, control: EncodeControl, limit: number): number;
  /**
   * The last place where a text that begins with `text` may be cut, however it goes on: what lies before and what lies behind (which `continues`) have the ids of
   * the whole. 0: the backend knows of none.
   */
  lastCut(encoder: EncoderHandle, text: Uint8Array, control: EncodeControl): number;
  /** Many texts at once, on this thread. `text` holds them back to back. */
  encodeBatch(encoder: EncoderHandle, text: Uint8Array, textOffsets: Uint32Array, control: EncodeControl): RaggedIds;
  /** Texts of at least so many bytes may come to `encodeBatchAsync` as chunks of their own, and unchecked. */
  readonly ownChunkBytes: number;
  /**
   * The same off this thread, spread over the pool; order and ids as `encodeBatch`. Rejects with ABORTED, and with {@link MalformedText} or {@link TakenAway}. Texts that
   * are not checked are read until it settles.
   */
  encodeBatchAsync(encoder: EncoderHandle, texts: ChunkedTexts, control: AsyncControl): Promise<RaggedIds>;

  createDecoder(spec: DecoderSpec): DecoderHandle;
  /** Concatenated bytes of the tokens, not necessarily UTF-8; null if an id is unknown. `skipSpecial` leaves special tokens out. */
  decode(decoder: DecoderHandle, ids: Uint32Array, skipSpecial: boolean): Uint8Array | null;
  /** The same where the bytes are UTF-8, null also where not. Tokens that are not UTF-8 by themselves must be {@link PARTIAL_TOKEN}s. */
  decodeWellFormed(decoder: DecoderHandle, ids: Uint32Array, skipSpecial: boolean): Uint8Array | null;
  /** The same as a string; null also where the bytes are not UTF-8, or the string would be too long. */
  decodeText(decoder: DecoderHandle, ids: Uint32Array, skipSpecial: boolean): string | null;

  /** What was derived from a specification, to be given back as `BpeSpec.tables`; null if this backend keeps nothing. */
  bpeTables(model: BpeHandle): Uint8Array | null;
  /** The same for an encoder's model, with what the encoder derived besides. */
  encoderTables(encoder: EncoderHandle): Uint8Array | null;

  /** Reads the long parts of a tokenizer.json; null: this backend does not, and lib/tokenizer/load/model-scanner.ts does it itself. */
  readonly modelScanner: ModelScannerKernels | null;
  /** The two long parts of a tokenizer.json. */
  tokenJson(spec: TokenJsonSpec): TokenJson;
}

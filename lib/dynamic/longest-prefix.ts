import { type PrefixTrieHandle, UnknownByte } from '../backend/dynamic-kernels';
import type { Kernels } from '../backend/kernels';
import { selectKernels } from '../backend/select';
import { invalidArgument, MerganserError } from '../errors';
import type { MergeParts } from '../tokenizer/merge-parts';
import { VISIBLE_SPACE } from '../tokenizer/model-text';
import { toUtf16Offsets } from '../tokenizer/offsets';
import { checkText, isBytes, textBytes } from '../tokenizer/text-input';
import { joinTexts, type JoinedTexts } from '../tokenizer/text-joiner';
import { Tokenizer } from '../tokenizer/tokenizer';
import type { EncodeOptions, LoadOptions, RaggedTokens, TextInput } from '../tokenizer/types';
import { encodeUtf8 } from '../tokenizer/utf8';
import type { TokenTable } from '../tokenizer/token-table';
import { withoutFixed } from './token-texts';
import { isUint32Array } from './typed-arrays';

/** Tokens as texts or as bytes: the index is the id. Or all of them back to back: token i is tokenBytes[tokenOffsets[i], tokenOffsets[i + 1]). */
export type TokenList = ReadonlyArray<TextInput> | { readonly tokenBytes: Uint8Array; readonly tokenOffsets: Uint32Array };

export interface LongestPrefixOptions extends Pick<LoadOptions, 'backend'> {
  /** Id of a byte at which no token begins, one that no other token has. Default: there is none, and such text is refused. */
  unknownId?: number;
}

export type LongestPrefixEncodeOptions = Pick<EncodeOptions, 'invalidUtf8'>;

/**
 * Encodes by longest prefix: from left to right, always the longest token that the rest of the text begins with. It needs nothing but the tokens, and no merges:
 * that is how prompts are encoded with a vocabulary of a million tokens in Feher, Vulić, Minixhofer (Retrofitting Large Language Models with Dynamic Tokenization,
 * arXiv 2411.18553). The text is taken as it stands: nothing is normalized, split or added.
 */
export class LongestPrefixEncoder implements Disposable {
  /** Number of ids, with gaps. */
  readonly vocabSize: number;
  readonly #kernels: Kernels;
  readonly #unknownId: number;
  readonly #sizes: Uint32Array;
  #trie: PrefixTrieHandle | null;

  private constructor(kernels: Kernels, { tokenOffsets }: TokenTable, unknownId: number, trie: PrefixTrieHandle) {
    this.vocabSize = tokenOffsets.length - 1;
    this.#kernels = kernels;
    this.#unknownId = unknownId;
    this.#sizes = Uint32Array.from({ length: this.vocabSize }, (_, id) => tokenOffsets[id + 1] - tokenOffsets[id]);
    this.#trie = trie;
  }

  /**
   * Prepares the tokens of a list, or those of a tokenizer: with their ids, but without special tokens and the unknown one, and with spaces where its
   * vocabulary has U+2581. Empty tokens are left out; of equal ones the lowest id counts. Off the calling thread (with the TypeScript backend on it, in
   * turns). Throws INVALID_ARGUMENT, ABORTED, UNSUPPORTED for tokenizers that mark the ends of words.
   */
  static async create(
    tokens: Tokenizer | TokenList,
    options: LongestPrefixOptions & { signal?: AbortSignal } = {},
  ): Promise<LongestPrefixEncoder> {
    const { kernels, table, unknownId } = resolve(tokens, options);
    const trie = await kernels.createPrefixTrieAsync(table.tokenBytes, table.tokenOffsets, options.signal);
    return new LongestPrefixEncoder(kernels, table, unknownId, trie);
  }

  /** `create` on the calling thread. */
  static createSync(tokens: Tokenizer | TokenList, options: LongestPrefixOptions = {}): LongestPrefixEncoder {
    const { kernels, table, unknownId } = resolve(tokens, options);
    return new LongestPrefixEncoder(kernels, table, unknownId, kernels.createPrefixTrie(table.tokenBytes, table.tokenOffsets));
  }

  /** Bytes of memory that the tokens take. */
  get memory(): number {
    return this.#kernels.prefixTrieBytes(this.#handle());
  }

  /** Ids of a text. Throws UNKNOWN_TOKEN where no token begins and there is no `unknownId`; INVALID_UTF8, INVALID_ARGUMENT. */
  encode(text: TextInput, { invalidUtf8 = 'replace' }: LongestPrefixEncodeOptions = {}): Uint32Array {
    checkText(text);
    const bytes = textBytes(text, invalidUtf8);
    return this.#encode({ bytes, offsets: Uint32Array.of(0, bytes.length) }).values;
  }

  /** @internal `encode` for bytes that need not be UTF-8. */
  encodeBytes(bytes: Uint8Array): Uint32Array {
    return this.#encode({ bytes, offsets: Uint32Array.of(0, bytes.length) }).values;
  }

  /** Ids with their places: start, end, start, end … in UTF-16 units; starts and ends within a character are rounded outwards. Throws as `encode`. */
  encodeWithOffsets(
    text: TextInput,
    { invalidUtf8 = 'replace' }: LongestPrefixEncodeOptions = {},
  ): { ids: Uint32Array; offsets: Uint32Array } {
    checkText(text);
    const bytes = textBytes(text, invalidUtf8);
    const ids = this.#encode({ bytes, offsets: Uint32Array.of(0, bytes.length) }).values;
    const spans = new Uint32Array(2 * ids.length);
    let at = 0;
    ids.forEach((id, i) => {
      spans[2 * i] = at;
      at += id === this.#unknownId ? 1 : this.#sizes[id];
      spans[2 * i + 1] = at;
    });
    return { ids, offsets: toUtf16Offsets(bytes, spans) };
  }

  /** Off the calling thread (with the TypeScript backend on it, in turns). Throws as `encode`, and ABORTED. */
  async encodeBatch(
    texts: readonly TextInput[],
    { invalidUtf8 = 'replace', signal }: LongestPrefixEncodeOptions & { signal?: AbortSignal } = {},
  ): Promise<RaggedTokens> {
    const joined = joinTexts(checkTexts(texts), invalidUtf8);
    const run = { text: joined.bytes, offsets: joined.offsets, unknownId: this.#unknownId };
    try {
      return await this.#kernels.encodePrefixesAsync(this.#handle(), run, signal);
    } catch (error) {
      throw unknownToken(error, joined);
    }
  }

  /** `encodeBatch` on the calling thread. */
  encodeBatchSync(texts: readonly TextInput[], { invalidUtf8 = 'replace' }: LongestPrefixEncodeOptions = {}): RaggedTokens {
    return this.#encode(joinTexts(checkTexts(texts), invalidUtf8));
  }

  /** Gives memory back early. */
  dispose(): void {
    if (this.#trie !== null) this.#kernels.dispose(this.#trie);
    this.#trie = null;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #handle(): PrefixTrieHandle {
    if (this.#trie === null) throw new MerganserError('DISPOSED', 'The encoder was disposed and cannot be used any more.');
    return this.#trie;
  }

  #encode(joined: JoinedTexts): RaggedTokens {
    const run = { text: joined.bytes, offsets: joined.offsets, unknownId: this.#unknownId };
    try {
      return this.#kernels.encodePrefixes(this.#handle(), run);
    } catch (error) {
      throw unknownToken(error, joined);
    }
  }
}

function resolve(
  tokens: Tokenizer | TokenList,
  { backend, unknownId = -1 }: LongestPrefixOptions,
): { kernels: Kernels; table: TokenTable; unknownId: number } {
  const table = tokens instanceof Tokenizer ? textTable(tokens.mergeParts()) : listTable(tokens);
  const { tokenOffsets } = table;
  const isFree = unknownId >= tokenOffsets.length - 1 || tokenOffsets[unknownId + 1] === tokenOffsets[unknownId];
  if (unknownId !== -1 && !(Number.isInteger(unknownId) && unknownId >= 0 && unknownId < 0xffff_ffff && isFree))
    throw invalidArgument('unknownId', 'an id that no text has', unknownId);
  return { kernels: selectKernels(backend), table, unknownId };
}

/** The tokens as text has them. */
function textTable(parts: MergeParts): TokenTable {
  if (parts.endOfWordSuffix.length > 0)
    throw new MerganserError('UNSUPPORTED', 'The tokens of a tokenizer with end_of_word_suffix are not those of the text.');
  const table = withoutFixed(parts);
  return parts.byteLevel ? table : withSpaces(table);
}

/** U+2581 as a space. */
function withSpaces({ tokenBytes, tokenOffsets }: TokenTable): TokenTable {
  const visible = encodeUtf8(String.fromCodePoint(VISIBLE_SPACE));
  const bytes = new Uint8Array(tokenBytes.length);
  const offsets = new Uint32Array(tokenOffsets.length);
  let end = 0;
  for (let id = 0; id + 1 < tokenOffsets.length; id++) {
    for (let at = tokenOffsets[id]; at < tokenOffsets[id + 1];) {
      const isVisible = visible.every((byte, i) => tokenBytes[at + i] === byte);
      bytes[end++] = isVisible ? 0x20 : tokenBytes[at];
      at += isVisible ? visible.length : 1;
    }
    offsets[id + 1] = end;
  }
  return { tokenBytes: bytes.slice(0, end), tokenOffsets: offsets };
}

function listTable(tokens: TokenList): TokenTable {
  if (Array.isArray(tokens)) {
    const list = tokens as readonly TextInput[];
    list.forEach((token, i) => checkText(token, `tokens[${i}]`));
    const texts = list.map((token) => (typeof token === 'string' ? encodeUtf8(token) : token));
    const tokenOffsets = new Uint32Array(texts.length + 1);
    texts.forEach((text, i) => (tokenOffsets[i + 1] = tokenOffsets[i] + text.length));
    const tokenBytes = new Uint8Array(tokenOffsets[texts.length]);
    texts.forEach((text, i) => tokenBytes.set(text, tokenOffsets[i]));
    return { tokenBytes, tokenOffsets };
  }
  const { tokenBytes, tokenOffsets } = (tokens ?? {}) as Partial<TokenTable>;
  if (!isBytes(tokenBytes) || tokenOffsets === undefined || !isUint32Array(tokenOffsets))
    throw invalidArgument('tokens', 'a Tokenizer, an array, or { tokenBytes, tokenOffsets }', tokens);
  const last = tokenOffsets.length - 1;
  const rises = last >= 0 && tokenOffsets.every((offset, i) => (i === 0 ? offset === 0 : offset >= tokenOffsets[i - 1]));
  if (!rises || tokenOffsets[last] !== tokenBytes.length)
    throw invalidArgument('tokens.tokenOffsets', `ascending from 0 to ${tokenBytes.length}, the length of tokenBytes`, tokenOffsets);
  return { tokenBytes, tokenOffsets };
}

function checkTexts(texts: readonly TextInput[]): readonly TextInput[] {
  const list: unknown = texts;
  if (!Array.isArray(list)) throw invalidArgument('texts', 'an array', list);
  return texts;
}

function unknownToken(error: unknown, { bytes, offsets }: JoinedTexts): unknown {
  if (!(error instanceof UnknownByte)) return error;
  const text = offsets.findLastIndex((offset) => offset <= error.at);
  const where = offsets.length > 2 ? ` of text ${text}` : '';
  const byte = bytes[error.at].toString(16).padStart(2, '0');
  return new MerganserError(
    'UNKNOWN_TOKEN',
    `Expected tokens for the whole text, but none begins with byte 0x${byte}, at byte ${error.at - offsets[text]}${where}. Pass unknownId to encode it all the same.`,
    { cause: error },
  );
}

import { invalidArgument } from '../errors';
import { NO_SOURCE } from './compiled/container';
import { DecodeStream } from './decode-stream';
import type { TokenizerDefinition } from './definition';
import { encodeSource, type TextSource } from './encode-source';
import { EncodeStreamer } from './encode-stream';
import { toEncoding } from './encoding-parts';
import { encodingNameForModel } from './encodings';
import type { Engine } from './engine';
import { encodeFull, padFull } from './full-encoding';
import { chunkBatch, dropoutOf, encodeBatchAsync, encodeBatchSync, encodeIds, joinBatch } from './id-encoding';
import { readBytes, writeBytesAtomically } from './load/files';
import { utf8Text } from './load/json-text';
import { createEngine, loadEngine, loadEngineSync, restoreEngine, unpreparedEngine } from './load/load-engine';
import { bundledEncoding, hubFile, tiktokenFile, tokenizerFile } from './load/origins';
import { parseTiktokenFile, tiktokenDefinition } from './load/tiktoken-file';
import { selectKernels } from '../backend/select';
import { readTokenizerJson } from './load/tokenizer-json';
import { parseMergesText, parseVocabJson, vocabMergesDefinition } from './load/vocab-merges';
import { type MergeParts, mergeParts } from './merge-parts';
import { newToken } from './new-token';
import { toTokenizerJson } from './save/tokenizer-json';
import { tokenizerJsonBytes } from './save/tokenizer-json-bytes';
import { checkText, kernelText } from './text-input';
import type { Ids } from './token-decoder';
import { countText, roomForTokens, truncateText } from './truncate-text';
import type {
  AddedToken,
  AsyncEncodeOptions,
  BatchEncodeOptions,
  CachedLoadOptions,
  CountOptions,
  DecodeOptions,
  EncodeOptions,
  Encoding,
  HubOptions,
  LoadOptions,
  RaggedTokens,
  TextInput,
  TiktokenOptions,
  TruncateOptions,
  VocabMergesOptions,
} from './types';

/**
 * A tokenizer: text to token ids and back, exactly as the library that defined it does it.
 *
 * Special tokens in text that users typed should not be recognised: pass `allowedSpecial: 'none'` for such text.
 *
 * Errors are {@link MerganserError}s with a `code`. Every method throws DISPOSED after {@link dispose}.
 */
export class Tokenizer implements Disposable {
  readonly #engine: Engine;

  private constructor(engine: Engine) {
    this.#engine = engine;
  }

  // ---------------------------------------------------------------------------------------------- loading

  /** Loads a tokenizer.json. Node only. Throws NOT_FOUND, MALFORMED_FILE, INVALID_TOKENIZER, INVALID_PATTERN, UNSUPPORTED. */
  static async fromFile(path: string, options: CachedLoadOptions = {}): Promise<Tokenizer> {
    return new Tokenizer(await loadEngine(tokenizerFile(path), options));
  }

  /** `fromFile` without a promise. */
  static fromFileSync(path: string, options: CachedLoadOptions = {}): Tokenizer {
    return new Tokenizer(loadEngineSync(tokenizerFile(path), options));
  }

  /** Loads a tokenizer.json from its text or from the object it parses to. Throws as {@link fromFile}. */
  static fromJSON(json: string | object, options?: LoadOptions): Tokenizer {
    return new Tokenizer(createEngine(readTokenizerJson(json, undefined, selectKernels(options?.backend)), options));
  }

  /**
   * Loads a `.tiktoken` file (a path, in Node, or the contents): tokens in base64 with their ranks. It holds neither pattern nor special tokens, so
   * the options name a known encoding or give both. Throws INVALID_ARGUMENT, UNKNOWN_MODEL, NOT_FOUND, MALFORMED_FILE, INVALID_TOKENIZER, INVALID_PATTERN.
   */
  static async fromTiktoken(file: string | Uint8Array, options: TiktokenOptions): Promise<Tokenizer> {
    if (typeof file !== 'string') return new Tokenizer(createEngine(tiktokenDefinition(parseTiktokenFile(file), options), options));
    return new Tokenizer(await loadEngine(tiktokenFile(file, options), options));
  }

  /**
   * Loads a BPE tokenizer from vocab.json and merges.txt: paths (Node), or ids by token and a list of merges. Without other options it is a
   * byte-level one as GPT-2's. Throws as {@link fromFile}.
   */
  static async fromVocabMerges(
    vocab: string | Record<string, number>,
    merges: string | ReadonlyArray<string | readonly [string, string]>,
    options: VocabMergesOptions = {},
  ): Promise<Tokenizer> {
    const ids = typeof vocab === 'string' ? parseVocabJson(utf8Text(await readBytes(vocab), vocab), vocab) : vocab;
    const list = typeof merges === 'string' ? parseMergesText(utf8Text(await readBytes(merges), merges)) : merges;
    return new Tokenizer(createEngine(vocabMergesDefinition(ids, list, options), options));
  }

  /**
   * Loads tokenizer.json from a repository of the Hugging Face Hub, through the optional package @huggingface/hub and the cache that the Python
   * library shares. Throws NOT_FOUND, DOWNLOAD_FAILED, ABORTED, UNSUPPORTED, and as {@link fromFile}.
   */
  static async fromHub(id: string, options: HubOptions = {}): Promise<Tokenizer> {
    return new Tokenizer(await loadEngine(hubFile(id, options), options));
  }

  /** The tokenizer of an OpenAI model ('gpt-4o', or a name that begins as models do). Works offline. Throws UNKNOWN_MODEL. */
  static async forModel(model: string, options?: CachedLoadOptions): Promise<Tokenizer> {
    return Tokenizer.forEncoding(encodingNameForModel(model), options);
  }

  /** `forModel` without a promise. Node only. */
  static forModelSync(model: string, options?: CachedLoadOptions): Tokenizer {
    return Tokenizer.forEncodingSync(encodingNameForModel(model), options);
  }

  /** One of OpenAI's encodings: gpt2, r50k_base, p50k_base, p50k_edit, cl100k_base, o200k_base, o200k_harmony. Works offline. Throws UNKNOWN_MODEL. */
  static async forEncoding(name: string, options: CachedLoadOptions = {}): Promise<Tokenizer> {
    return new Tokenizer(await loadEngine(bundledEncoding(name), options));
  }

  /** `forEncoding` without a promise. Node only. */
  static forEncodingSync(name: string, options: CachedLoadOptions = {}): Tokenizer {
    return new Tokenizer(loadEngineSync(bundledEncoding(name), options));
  }

  /**
   * Loads what {@link compile} gave, in a few milliseconds. The bytes must not change as long as the tokenizer is used. Throws MALFORMED_FILE for anything
   * but a whole file that the same version of merganser compiled.
   */
  static fromCompiled(bytes: Uint8Array, options?: LoadOptions): Tokenizer {
    return new Tokenizer(restoreEngine(bytes, options));
  }

  /** @internal For parts of merganser that make tokenizers. What encoding needs is built when it is first needed: most are only saved. */
  static fromDefinition(definition: TokenizerDefinition, options: LoadOptions): Tokenizer {
    return new Tokenizer(unpreparedEngine(definition, options));
  }

  // ---------------------------------------------------------------------------------------------- encoding

  /**
   * Ids of a text. Throws DISALLOWED_SPECIAL, INVALID_UTF8, INVALID_ARGUMENT (also where truncation is impossible).
   *
   * Up to 512 ids are a view of memory that other results share, as Node's small Buffers are: take a `slice()` where their `buffer` itself is meant.
   */
  encode(text: TextInput, options?: EncodeOptions): Uint32Array {
    return encodeIds(this.#engine, text, options?.pair, this.#engine.options.resolve(options));
  }

  /** `encode` off the calling thread, with the same demand on the text as {@link encodeBatch}. Throws also ABORTED. */
  async encodeAsync(text: TextInput, options: AsyncEncodeOptions = {}): Promise<Uint32Array> {
    const { pair } = options;
    return (await this.encodeBatch([text], pair === undefined ? options : { ...options, pairs: [pair] })).values;
  }

  /**
   * Ids of many texts, off the calling thread on all cores. (Tokenizers with parts that the backends have not fused are encoded on the calling
   * thread, in turns of some milliseconds.) Many strings are converted in such turns first. Large arrays are copied little by little while others are
   * encoded: until the promise is settled they must not change. It rejects with INVALID_ARGUMENT if their memory is given away before (by a transfer,
   * or as a WebAssembly memory grows).
   */
  async encodeBatch(texts: readonly TextInput[], options: AsyncEncodeOptions & BatchEncodeOptions = {}): Promise<RaggedTokens> {
    const settings = this.#engine.options.resolve(options);
    const { signal, onProgress } = options;
    const input = chunkBatch(this.#engine, texts, options.pairs, settings, signal);
    return encodeBatchAsync(this.#engine, 'then' in input ? await input : input, settings, { signal, onProgress });
  }

  /** `encodeBatch` on the calling thread. */
  encodeBatchSync(texts: readonly TextInput[], options: BatchEncodeOptions = {}): RaggedTokens {
    const settings = this.#engine.options.resolve(options);
    return encodeBatchSync(this.#engine, joinBatch(texts, options.pairs, settings), settings);
  }

  /** A text's tokens with offsets, words, masks and what truncation cut off. */
  encodeFull(text: TextInput, options?: EncodeOptions): Encoding {
    const settings = this.#engine.options.resolve(options);
    return toEncoding(padFull([encodeFull(this.#engine, text, options?.pair, settings)], settings)[0]);
  }

  /** `encodeFull` of many texts, padded to one length if padding is on. */
  encodeFullBatch(texts: readonly TextInput[], options: BatchEncodeOptions = {}): Encoding[] {
    const settings = this.#engine.options.resolve(options);
    const { pairs } = options;
    if (!Array.isArray(texts)) throw invalidArgument('texts', 'an array of strings or Uint8Arrays', texts);
    if (pairs !== undefined && pairs.length !== texts.length)
      throw invalidArgument('pairs', `an array of ${texts.length} texts, one for each of texts`, pairs);
    const parts = texts.map((text: TextInput, index) =>
      encodeFull(this.#engine, text, pairs?.[index], { ...settings, dropout: dropoutOf(settings.dropout, index) }),
    );
    return padFull(parts, settings).map(toEncoding);
  }

  /**
   * Number of ids that `encode` gives without truncation and padding; no ids are built. With `limit` the count stops as soon as it is certain to be
   * larger, and gives some number > limit.
   */
  count(text: TextInput, options?: CountOptions): number {
    const settings = this.#engine.options.resolve(options);
    const limit = options?.limit ?? Number.MAX_SAFE_INTEGER;
    if (typeof limit !== 'number' || Number.isNaN(limit) || limit < 0) throw invalidArgument('limit', 'a number of 0 or more', limit);
    const texts = options?.pair === undefined ? [text] : [text, options.pair];
    return texts.reduce(
      (sum, input) => {
        checkText(input);
        if (sum > limit) return sum;
        const known = kernelText(input, settings.invalidUtf8);
        if (settings.dropout !== null) return sum + this.#engine.textIds(known, settings.control, settings.dropout).length;
        return sum + countText(this.#engine, known, settings.control, limit - sum);
      },
      this.#engine.layouts.get(texts.length === 2, settings.addSpecialTokens).added,
    );
  }

  /** `count` off the calling thread. Throws also ABORTED. */
  async countAsync(text: TextInput, options: AsyncEncodeOptions & CountOptions = {}): Promise<number> {
    return (await this.encodeAsync(text, { ...options, truncation: false, padding: false })).length;
  }

  /**
   * The longest beginning of a text (with `direction: 'left'` the longest end) that stops between two tokens of it and has at most `maxTokens` tokens
   * when it is encoded again, special tokens included if they are added. No character is cut. Throws INVALID_ARGUMENT if `maxTokens` is less than
   * the number of special tokens that are added.
   */
  truncate(text: string, maxTokens: number, options: TruncateOptions = {}): string {
    const { direction = 'right', ...rest } = options;
    if (typeof text !== 'string') throw invalidArgument('text', 'a string', text);
    if (direction !== 'left' && direction !== 'right') throw invalidArgument('direction', '"left" or "right"', direction);
    const settings = this.#engine.options.resolve(rest);
    const room = roomForTokens(maxTokens, this.#engine.layouts.get(false, settings.addSpecialTokens).added);
    return truncateText(this.#engine, text, room, direction, settings.control);
  }

  /**
   * Encodes text that comes in chunks; all ids together are those of one call over the whole. Chunks may end anywhere, also inside characters.
   * Memory stays bounded for ordinary text: what lies before a place where no later text can matter is encoded and forgotten. Tokenizers that offer no
   * such places are encoded at the end. Truncation and padding do not apply.
   *
   * Chunks of a quarter of a megabyte or more are encoded on all cores, up to two of them at a time, while the next one is asked for; smaller ones on the calling thread.
   */
  async *encodeStream(source: TextSource, options?: EncodeOptions): AsyncGenerator<Uint32Array, void, undefined> {
    yield* encodeSource(new EncodeStreamer(this.#engine, this.#engine.options.resolve(options)), source);
  }

  /** {@link encodeStream} as a Web stream: text in, ids out. */
  encodeTransform(options?: EncodeOptions): TransformStream<TextInput, Uint32Array> {
    const streamer = new EncodeStreamer(this.#engine, this.#engine.options.resolve(options));
    return new TransformStream<TextInput, Uint32Array>({
      transform(chunk, controller) {
        const ids = streamer.push(chunk);
        if (ids.length > 0) controller.enqueue(ids);
      },
      flush(controller) {
        const rest = streamer.end();
        if (rest.length > 0) controller.enqueue(rest);
      },
    });
  }

  // ---------------------------------------------------------------------------------------------- decoding

  /** Text of ids. Ids without a token are left out (tokenizer.json) or throw UNKNOWN_TOKEN (tiktoken), as the defining libraries do. */
  decode(ids: Ids, options: DecodeOptions = {}): string {
    const { tokenDecoder } = this.#engine;
    return tokenDecoder.decode(ids, options.skipSpecialTokens ?? tokenDecoder.skipsSpecialByDefault);
  }

  /** The bytes that ids stand for, special tokens included; they need not be UTF-8. In tokenizers whose tokens are not bytes: the text in UTF-8. */
  decodeBytes(ids: Ids): Uint8Array {
    return this.#engine.tokenDecoder.decodeBytes(ids);
  }

  decodeBatch(batch: RaggedTokens | readonly Ids[], options?: DecodeOptions): string[] {
    if (Array.isArray(batch)) return (batch as readonly Ids[]).map((ids) => this.decode(ids, options));
    const { values, offsets } = batch as RaggedTokens;
    return Array.from({ length: offsets.length - 1 }, (_, i) => this.decode(values.subarray(offsets[i], offsets[i + 1]), options));
  }

  /** A decoder for ids as they come. */
  decodeStream(options: DecodeOptions = {}): DecodeStream {
    const { tokenDecoder } = this.#engine;
    return new DecodeStream(tokenDecoder, options.skipSpecialTokens ?? tokenDecoder.skipsSpecialByDefault);
  }

  // ---------------------------------------------------------------------------------------------- vocabulary

  /** Token strings are those of tokenizer.json; tiktoken's byte strings are written in GPT-2's printable alphabet, as tokenizer.json does. */
  tokenToId(token: string): number | undefined {
    this.#engine.checkAlive();
    return this.#engine.strings.id(token);
  }

  idToToken(id: number): string | undefined {
    this.#engine.checkAlive();
    return this.#engine.strings.token(id);
  }

  /** Number of tokens, added ones included. */
  get vocabSize(): number {
    return this.getVocabSize();
  }

  getVocabSize({ withAddedTokens = true }: { withAddedTokens?: boolean } = {}): number {
    this.#engine.checkAlive();
    return this.#engine.strings.size(withAddedTokens);
  }

  getVocab({ withAddedTokens = true }: { withAddedTokens?: boolean } = {}): Map<string, number> {
    this.#engine.checkAlive();
    return this.#engine.strings.vocab(withAddedTokens);
  }

  get addedTokens(): AddedToken[] {
    this.#engine.checkAlive();
    return this.#engine.definition.addedTokens.list.map((token) => ({ ...token }));
  }

  /** Adds tokens, numbered as Hugging Face numbers them; the number of those that were not there in the same form. */
  addTokens(tokens: ReadonlyArray<string | (Partial<AddedToken> & { content: string })>): number {
    return this.#addTokens(tokens, false);
  }

  /** `addTokens` with tokens that are special unless they say otherwise. */
  addSpecialTokens(tokens: ReadonlyArray<string | (Partial<AddedToken> & { content: string })>): number {
    return this.#addTokens(tokens, true);
  }

  #addTokens(tokens: ReadonlyArray<string | (Partial<AddedToken> & { content: string })>, special: boolean): number {
    this.#engine.checkAlive();
    const list: unknown = tokens;
    if (!Array.isArray(list)) throw invalidArgument('tokens', 'an array', list);
    const added = this.#engine.definition.addedTokens.add(tokens.map((token) => newToken(token, special)));
    this.#engine.refreshAddedTokens();
    return added;
  }

  /** @internal For parts of merganser that merge tokens on the fly. */
  mergeParts(): MergeParts {
    this.#engine.checkAlive();
    return mergeParts(this.#engine);
  }

  // ---------------------------------------------------------------------------------------------- saving

  /** The object of tokenizer.json, which Hugging Face loads with the same behaviour. Throws UNSUPPORTED for patterns that it has no words for. */
  toJSON(): Record<string, unknown> {
    this.#engine.checkAlive();
    return toTokenizerJson(this.#engine.definition);
  }

  /** Writes a tokenizer.json, as a whole or not at all. Node only. Throws NOT_FOUND if it cannot be written. */
  async save(path: string, { pretty = false }: { pretty?: boolean } = {}): Promise<void> {
    this.#engine.checkAlive();
    await writeBytesAtomically(path, tokenizerJsonBytes(this.#engine.definition, pretty, this.#engine.kernels));
  }

  /**
   * The tokenizer in the form that loads fastest, for {@link fromCompiled}: what was worked out when it was loaded, checksummed. Good for this version
   * of merganser; with the native backend also for this processor's byte order. Throws UNSUPPORTED for a vocabulary with an empty token.
   */
  compile(): Uint8Array {
    this.#engine.checkAlive();
    return this.#engine.compile({ source: NO_SOURCE, key: '' });
  }

  // ---------------------------------------------------------------------------------------------- the rest

  /** Which backend computes. */
  get backend(): 'native' | 'js' {
    return this.#engine.kernels.backend;
  }

  /** Gives memory back early. */
  dispose(): void {
    this.#engine.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** The machinery of one tokenizer: a definition, a backend, and what is made of both when it is first needed. */
import {
  type AsyncControl,
  type BpeHandle,
  DisallowedAddedToken,
  type EncodeControl,
  type EncoderHandle,
  type Kernels,
  type PieceTokens,
} from '../backend/kernels';
import { type Dropout, DropoutMerger } from '../backend/js/dropout';
import { Supermerges } from '../backend/js/supermerges';
import { MerganserError } from '../errors';
import { AddedTokenMatcher } from './added-token-matcher';
import { type CompiledFrom, compileTokenizer } from './compiled/compiled-tokenizer';
import { type Decoder, readDecoder } from './decoders/decoder';
import type { TokenizerDefinition } from './definition';
import { EncodeOptionsResolver } from './encode-options';
import { type EncodingPlan, type ModelForm, planEncoding } from './fused-plan';
import { encodeGeneral, type GeneralEncoding, type GeneralParts } from './general-path';
import { Layouts } from './layout';
import { createNormalizer } from './normalizers/create-normalizer';
import type { Normalizer } from './normalizers/normalizer';
import type { PostProcessor } from './post-processors/post-processor';
import { readPostProcessor } from './post-processors/read-post-processor';
import { createPreTokenizer } from './pre-tokenizers/create-pre-tokenizer';
import type { PreTokenizer } from './pre-tokenizers/pre-tokenizer';
import { PatternSplit } from './pre-tokenizers/split';
import { TokenDecoder } from './token-decoder';
import { patternMatcher } from './text-matcher';
import { TokenStrings } from './token-strings';
import type { TextInput } from './types';
import { encodeUtf8 } from './utf8';
import type { TokenTable } from './token-table';

const CACHE_BYTES = { native: 64 << 20, js: 32 << 20 } as const;
/** The general path's memory of pieces may take one part in so many of that besides. */
const GENERAL_SHARE = 8;

export class Engine {
  readonly postProcessor: PostProcessor | null;
  readonly layouts: Layouts;
  readonly strings: TokenStrings;
  private decoderMemo: Decoder | null = null;
  private normalizerMemo: Normalizer | null | undefined;
  private preTokenizerMemo: PreTokenizer | null | undefined;
  private matcherMemo: AddedTokenMatcher | null = null;
  private optionsMemo: EncodeOptionsResolver | null = null;
  private planMemo: EncodingPlan | null = null;
  private encoderMemo: EncoderHandle | null = null;
  private modelMemo: BpeHandle | null = null;
  private dropoutMemo: DropoutMerger | null = null;
  private supermergesMemo: Supermerges | null = null;
  private tokenDecoderMemo: TokenDecoder | null = null;
  private disposed = false;

  /**
   * Reads all parts, so that a tokenizer with faults does not come into being.
   * `compiled`: of a tokenizer that was compiled, the model as the backend takes it. Its parts were read before it was, and those that only the
   * general path or decoding needs wait for it.
   */
  constructor(
    readonly definition: TokenizerDefinition,
    readonly kernels: Kernels,
    private readonly cacheBytes: number = CACHE_BYTES[kernels.backend],
    private readonly compiled: ModelForm | null = null,
  ) {
    const { model } = definition;
    if (compiled === null) void [this.normalizer, this.preTokenizer, this.decoder];
    this.postProcessor = readPostProcessor(definition.postProcessor);
    this.layouts = new Layouts(this.postProcessor);
    this.strings = new TokenStrings(model.vocabulary, definition.addedTokens, () => this.matcher.normalizedContents);
    this.layouts.get(true, true);
  }

  /** Builds what encoding needs, so that the first text does not wait for it. */
  prepare(): void {
    if (this.encoder === null) void this.generalParts;
  }

  /** The tokenizer as a file that {@link restoreTokenizer} reads. */
  compile(from: CompiledFrom): Uint8Array {
    const { encoder, kernels, plan } = this;
    const tables = encoder === null ? kernels.bpeTables(this.generalParts.model) : kernels.encoderTables(encoder);
    return compileTokenizer(this.definition, plan, tables, from, kernels);
  }

  /** Forgets what depends on the added tokens. */
  refreshAddedTokens(): void {
    this.matcherMemo =
      this.optionsMemo =
      this.planMemo =
      this.encoderMemo =
      this.modelMemo =
      this.tokenDecoderMemo =
      this.dropoutMemo =
        null;
  }

  /** Gives memory back early; the engine must not be used any more. */
  dispose(): void {
    for (const handle of [this.encoderMemo, this.modelMemo]) if (handle !== null) this.kernels.dispose(handle);
    this.tokenDecoderMemo?.dispose();
    this.refreshAddedTokens();
    this.disposed = true;
  }

  checkAlive(): void {
    if (this.disposed) throw new MerganserError('DISPOSED', 'The tokenizer was disposed and cannot be used any more.');
  }

  get options(): EncodeOptionsResolver {
    this.checkAlive();
    return (this.optionsMemo ??= new EncodeOptionsResolver(this.definition, this.postProcessor?.addedTokens(false) ?? 0));
  }

  get matcher(): AddedTokenMatcher {
    this.checkAlive();
    return (this.matcherMemo ??= new AddedTokenMatcher(this.definition.addedTokens.list, this.normalizer));
  }

  get plan(): EncodingPlan {
    this.checkAlive();
    return (this.planMemo ??= planEncoding(this.definition, this.compiled));
  }

  private get decoder(): Decoder {
    return (this.decoderMemo ??= readDecoder(this.definition.decoder, this.kernels));
  }

  private get normalizer(): Normalizer | null {
    return (this.normalizerMemo ??= createNormalizer(this.definition.normalizer, { kernels: this.kernels }));
  }

  get preTokenizer(): PreTokenizer | null {
    const { model, preTokenizer, split } = this.definition;
    const { kernels } = this;
    return (this.preTokenizerMemo ??=
      split === null
        ? createPreTokenizer(preTokenizer, { kernels, rawBytes: model.input === 'bytes' })
        : createTiktokenSplit(split.pattern, kernels));
  }

  /** The fused encoder; null if texts must take the general path. */
  get encoder(): EncoderHandle | null {
    if (this.encoderMemo !== null) return this.encoderMemo;
    const { model, fused } = this.plan;
    const { supermerges } = this.definition.model;
    if (fused === null || (supermerges !== undefined && !this.kernels.fusesSupermerges)) return null;
    return (this.encoderMemo = this.kernels.createEncoder({ model, ...fused, cacheBytes: this.cacheBytes, supermerges }));
  }

  get tokenDecoder(): TokenDecoder {
    this.checkAlive();
    return (this.tokenDecoderMemo ??= new TokenDecoder(this.kernels, this.decoder, this.strings, this.definition.flavor, this.modelTokens));
  }

  /** See {@link TokenDecoder}. */
  private get modelTokens(): TokenTable | null {
    const { tokenBytes, tokenOffsets, unit, removals } = this.plan.model;
    if (unit !== 'byte') return null;
    return { tokenBytes, tokenOffsets: removals === undefined ? tokenOffsets : tokenOffsets.subarray(0, removals.kept + 1) };
  }

  /** Whether tokens are bytes of the text, in the model or in the strings of the vocabulary. */
  get tokensAreBytes(): boolean {
    return this.plan.model.unit === 'byte' || this.decoder.byteLevel;
  }

  get generalParts(): GeneralParts {
    const { model, modelText } = this.plan;
    this.modelMemo ??= this.kernels.createBpe(model, Math.floor(this.cacheBytes / GENERAL_SHARE));
    return {
      kernels: this.kernels,
      model: this.modelMemo,
      modelText,
      supermerges: this.supermerges,
      added: this.matcher,
      normalizer: this.normalizer,
      preTokenizer: this.preTokenizer,
    };
  }

  private get supermerges(): Supermerges | null {
    const { supermerges } = this.definition.model;
    return supermerges === undefined ? null : (this.supermergesMemo ??= new Supermerges(supermerges));
  }

  /** Ids of a well-formed text, without special tokens around it. Throws DISALLOWED_SPECIAL. */
  textIds(text: TextInput, control: EncodeControl, dropout: Dropout | null = null, before = 0): Uint32Array {
    const encoder = this.encoder;
    if (encoder === null || dropout !== null) return this.encodeGeneral(asBytes(text), control, false, dropout).ids;
    try {
      return this.kernels.encode(encoder, text, control);
    } catch (error) {
      throw this.explainRefusal(error, before);
    }
  }

  /** The same for a part of a text by the fused path, on other threads. `before`: see {@link explainRefusal}. Rejects with DISALLOWED_SPECIAL, ABORTED. */
  async partIds(text: Uint8Array, control: AsyncControl, before: number): Promise<Uint32Array> {
    try {
      const texts = { chunks: [text], offsets: Uint32Array.of(0, text.length), checked: true };
      return (await this.kernels.encodeBatchAsync(this.encoder!, texts, control)).values;
    } catch (error) {
      throw this.explainRefusal(error, before);
    }
  }

  /** The general path; `full` asks for spans and words. Throws DISALLOWED_SPECIAL. */
  encodeGeneral(text: Uint8Array, control: EncodeControl, full: boolean, dropout: Dropout | null = null): GeneralEncoding {
    const encodePieces = dropout === null ? undefined : this.droppingMerges(dropout);
    return this.explainingRefusal(() => encodeGeneral(this.generalParts, text, { full, actions: control.actions, encodePieces }));
  }

  /** Runs kernels, and says in words which special token they refused. `before`: see `explainRefusal`. */
  explainingRefusal<Result>(run: () => Result, before = 0): Result {
    try {
      return run();
    } catch (error) {
      throw this.explainRefusal(error, before);
    }
  }

  private droppingMerges(dropout: Dropout): (text: Uint8Array, pieceOffsets: Uint32Array) => PieceTokens {
    if (this.definition.model.events !== undefined)
      throw new MerganserError('UNSUPPORTED', 'Dropout is not defined for a tokenizer that takes tokens back (PickyBPE).');
    const merger = (this.dropoutMemo ??= new DropoutMerger(this.plan.model));
    return (text, pieceOffsets) => merger.encode(text, pieceOffsets, dropout);
  }

  /** `before`: bytes of the text that come before the part that was encoded. */
  explainRefusal(error: unknown, before = 0): unknown {
    if (!(error instanceof DisallowedAddedToken)) return error;
    const { content } = this.definition.addedTokens.list[error.index];
    return new MerganserError(
      'DISALLOWED_SPECIAL',
      `The text holds the special token ${JSON.stringify(content)} at byte ${before + error.offset}. To encode it as ordinary text, pass allowedSpecial: 'none'; ` +
        `to encode it as the special token, pass allowedSpecial: 'all' or a set that names it.`,
    );
  }
}

function createTiktokenSplit(pattern: string, kernels: Kernels): PreTokenizer {
  return new PatternSplit(patternMatcher(pattern, 'fancy-regex', kernels), 'removed', true);
}

function asBytes(text: TextInput): Uint8Array {
  return typeof text === 'string' ? encodeUtf8(text) : text;
}

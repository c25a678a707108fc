import type { MergedTokens, PairJudge, TokenMergeRun, TokenMergerHandle } from '../backend/dynamic-kernels';
import { yieldToEventLoop } from '../backend/js/event-loop';
import type { Kernels } from '../backend/kernels';
import { aborted, invalidArgument, MerganserError } from '../errors';
import { Tokenizer } from '../tokenizer/tokenizer';
import type { BatchEncodeOptions, RaggedTokens, TextInput } from '../tokenizer/types';
import { alignMerged, type BaseAlignment, DynamicBatch } from './dynamic-batch';
import { checkBoundary, type MergeSettings, resolveMergeOptions } from './merge-options';
import { pretokenJudge, wordHyphenJudge, wordJudge } from './pair-judge';
import { targetLengths } from './reduction';
import { TokenTexts, withoutFixed } from './token-texts';
import { tokenTraits } from './token-traits';
import type {
  AsyncDynamicEncodeOptions,
  AsyncMergeOptions,
  DynamicEncodeOptions,
  DynamicTokenizerOptions,
  MergeBoundary,
  MergeOptions,
} from './types';
import { isUint32Array } from './typed-arrays';

const NEVER = 0xffff_ffff;
/** Longest stay on the calling thread without giving others a turn. */
const TURN_MS = 8;

/**
 * Merges tokens of a batch on the fly: after the tokenizer has encoded the texts, the pair of neighbours that stands most often in the whole batch
 * becomes one token, again and again (Feher, Vulić, Minixhofer: Retrofitting Large Language Models with Dynamic Tokenization, arXiv 2411.18553).
 * Of pairs that stand equally often the one that comes first is taken, and tokens are the same if their text is.
 *
 * Sequences get shorter, and the batch has tokens of its own, for which a model needs embeddings. Special tokens, and the tokenizer's unknown token, are never
 * merged.
 */
export class DynamicTokenizer implements Disposable {
  readonly tokenizer: Tokenizer;
  readonly boundary: MergeBoundary;
  /** Size of the tokenizer's vocabulary, with gaps: ids from here on are new tokens. */
  readonly baseSize: number;
  readonly #kernels: Kernels;
  readonly #judge: PairJudge;
  readonly #texts: TokenTexts;
  #merger: TokenMergerHandle | null;

  /** The tokenizer must live as long as this; tokens that are added to it later are not known here. Throws INVALID_ARGUMENT. */
  constructor(tokenizer: Tokenizer, { boundary = 'pretokens' }: DynamicTokenizerOptions = {}) {
    if (!(tokenizer instanceof Tokenizer)) throw invalidArgument('tokenizer', 'a Tokenizer', tokenizer);
    this.tokenizer = tokenizer;
    this.boundary = checkBoundary(boundary);
    const parts = tokenizer.mergeParts();
    const { kernels } = parts;
    const traits = tokenTraits(parts);
    this.baseSize = traits.length;
    this.#kernels = kernels;
    this.#texts = new TokenTexts(parts);
    this.#judge = (boundary === 'word' ? wordJudge : boundary === 'wordHyphen' ? wordHyphenJudge : pretokenJudge)(parts);
    this.#merger = kernels.createTokenMerger({
      ...withoutFixed(parts),
      traits,
      splitMatters: boundary === 'wordHyphen',
    });
  }

  /**
   * Encodes texts and merges their tokens, off the calling thread (with the TypeScript backend on it, in turns of some milliseconds). Special
   * tokens are added and texts truncated before tokens are merged. Throws as `Tokenizer.encodeBatch`.
   */
  async encodeBatch(texts: readonly TextInput[], options: AsyncDynamicEncodeOptions = {}): Promise<DynamicBatch> {
    const { signal } = options;
    const encoding = encodingOptions(options);
    const base = await this.tokenizer.encodeBatch(texts, { ...encoding, ...(signal && { signal }) });
    const merged = await this.#merge(base, options, (run, judge) => this.#kernels.mergeTokensAsync(this.#handle(), run, judge, signal));
    if (options.alignment !== true) return this.#batch(base, merged);
    const sequences: BaseAlignment[] = [];
    let turnEnd = performance.now() + TURN_MS;
    for (let i = 0; i < texts.length; i++) {
      if (performance.now() >= turnEnd) {
        await yieldToEventLoop();
        if (signal?.aborted) throw aborted(signal);
        turnEnd = performance.now() + TURN_MS;
      }
      sequences.push(this.#alignment(texts, i, encoding));
    }
    return this.#batch(base, merged, sequences);
  }

  /** `encodeBatch` on the calling thread. */
  encodeBatchSync(texts: readonly TextInput[], options: DynamicEncodeOptions = {}): DynamicBatch {
    const encoding = encodingOptions(options);
    const base = this.tokenizer.encodeBatchSync(texts, encoding);
    const merged = this.#mergeSync(base, options);
    const sequences = options.alignment === true ? texts.map((_, i) => this.#alignment(texts, i, encoding)) : undefined;
    return this.#batch(base, merged, sequences);
  }

  /** A text by itself. */
  encode(text: TextInput, options: DynamicEncodeOptions = {}): DynamicBatch {
    return this.encodeBatchSync([text], options);
  }

  /** Merges the tokens of a batch that this tokenizer encoded, off the calling thread; the arrays must not change meanwhile. Throws INVALID_ARGUMENT, ABORTED. */
  async merge(batch: RaggedTokens, options: AsyncMergeOptions = {}): Promise<DynamicBatch> {
    this.#checkBatch(batch);
    const merged = await this.#merge(batch, options, (run, judge) =>
      this.#kernels.mergeTokensAsync(this.#handle(), run, judge, options.signal),
    );
    return this.#batch(batch, merged);
  }

  /** `merge` on the calling thread. */
  mergeSync(batch: RaggedTokens, options: MergeOptions = {}): DynamicBatch {
    this.#checkBatch(batch);
    return this.#batch(batch, this.#mergeSync(batch, options));
  }

  /** Gives memory back early; the tokenizer stays. */
  dispose(): void {
    if (this.#merger !== null) this.#kernels.dispose(this.#merger);
    this.#merger = null;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #handle(): TokenMergerHandle {
    if (this.#merger === null) throw new MerganserError('DISPOSED', 'The dynamic tokenizer was disposed and cannot be used any more.');
    return this.#merger;
  }

  #mergeSync(base: RaggedTokens, options: MergeOptions): MergedTokens {
    const settings = resolveMergeOptions(options, this.boundary, base.offsets.length - 1);
    const run = (step: TokenMergeRun): MergedTokens => this.#kernels.mergeTokens(this.#handle(), step, this.#judge);
    const toWords = this.#toWords(base, settings);
    return run(this.#run(base, settings, toWords === null ? null : run(toWords)));
  }

  async #merge(
    base: RaggedTokens,
    options: MergeOptions,
    run: (step: TokenMergeRun, judge: PairJudge) => Promise<MergedTokens>,
  ): Promise<MergedTokens> {
    const settings = resolveMergeOptions(options, this.boundary, base.offsets.length - 1);
    const toWords = this.#toWords(base, settings);
    return run(this.#run(base, settings, toWords === null ? null : await run(toWords, this.#judge)), this.#judge);
  }

  /** The merges up to words that a reduction is measured by; null: none is asked for. */
  #toWords({ values, offsets }: RaggedTokens, { perSample, reduction }: MergeSettings): TokenMergeRun | null {
    if (reduction === null) return null;
    const batches = perSample ? offsets.length - 1 : 1;
    const merges = new Uint32Array(batches).fill(NEVER);
    return { values, offsets, perSequence: perSample, merges, targets: new Uint32Array(batches), leastCount: 1, freeAfter: NEVER };
  }

  #run({ values, offsets }: RaggedTokens, settings: MergeSettings, words: MergedTokens | null): TokenMergeRun {
    const { perSample, merges, minCount, reduction } = settings;
    const targets = words === null ? new Uint32Array(merges.length) : targetLengths(offsets, words, perSample, reduction!);
    return { values, offsets, perSequence: perSample, merges, targets, leastCount: minCount, freeAfter: this.#freeAfter(settings) };
  }

  #freeAfter({ transition }: MergeSettings): number {
    if (this.boundary === 'sentence') return 0;
    // 2³² − 1 is the kernels' word for never; so many merges there cannot be.
    return this.boundary === 'superword' ? Math.min(transition, NEVER - 1) : NEVER;
  }

  #alignment(texts: readonly TextInput[], index: number, { pairs, ...options }: BatchEncodeOptions): BaseAlignment {
    const pair = pairs?.[index];
    return this.tokenizer.encodeFull(texts[index], pair === undefined ? options : { ...options, pair });
  }

  #batch(base: RaggedTokens, merged: MergedTokens, sequences?: readonly BaseAlignment[]): DynamicBatch {
    const alignment = sequences === undefined ? null : alignMerged(sequences, base, merged);
    return new DynamicBatch(this.tokenizer, base, merged, { firstId: this.baseSize, texts: this.#texts, alignment });
  }

  #checkBatch(batch: unknown): asserts batch is RaggedTokens {
    const { values, offsets } = (batch ?? {}) as Partial<RaggedTokens>;
    if (!isUint32Array(values) || !isUint32Array(offsets)) throw invalidArgument('batch', '{ values, offsets } as Uint32Arrays', batch);
    const rises = offsets.every((offset, i) => offset >= (i === 0 ? 0 : offsets[i - 1]));
    if (offsets.length === 0 || offsets[0] !== 0 || !rises || offsets[offsets.length - 1] !== values.length)
      throw invalidArgument('batch.offsets', `ascending from 0 to ${values.length}, the length of batch.values`, offsets);
    const bad = firstAtLeast(values, this.baseSize);
    if (bad >= 0) throw invalidArgument(`batch.values[${bad}]`, `an id below ${this.baseSize}`, values[bad]);
  }
}

function encodingOptions(options: DynamicEncodeOptions & { padding?: unknown }): BatchEncodeOptions {
  if (options.padding !== undefined && options.padding !== false)
    throw invalidArgument('padding', 'left out: merged sequences are padded after merging', options.padding);
  const { addSpecialTokens, allowedSpecial, invalidUtf8, pairs, truncation } = options;
  return {
    padding: false,
    ...(addSpecialTokens !== undefined && { addSpecialTokens }),
    ...(allowedSpecial !== undefined && { allowedSpecial }),
    ...(invalidUtf8 !== undefined && { invalidUtf8 }),
    ...(pairs !== undefined && { pairs }),
    ...(truncation !== undefined && { truncation }),
  };
}

/** Where the first of the values is that is not below a limit; −1: all are. A loop of its own, as batches have millions. */
function firstAtLeast(values: Uint32Array, limit: number): number {
  for (let i = 0; i < values.length; i++) if (values[i] >= limit) return i;
  return -1;
}

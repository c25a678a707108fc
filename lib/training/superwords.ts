/** The second phase of training with superwords: merges that reach over the boundaries of words. */
import type { BpeSpec, Kernels } from '../backend/kernels';
import {
  type BpeTrainingSpec,
  type MergeScheduleSpec,
  SUPERMERGE,
  type TokenWordsSpec,
  type TrainedMerges,
} from '../backend/training-kernels';
import { MerganserError } from '../errors';
import { buildBpeModel } from '../tokenizer/load/bpe-model';
import { decodeUtf8 } from '../tokenizer/utf8';
import { isWellFormed } from '../tokenizer/well-formed';
import { StringVocabulary, type TextVocabulary } from '../tokenizer/vocabulary';
import { Counting } from './counting';
import { completingMerges } from './completing-merges';
import { grownVocabulary, lastOfEach, vocabularyOf } from './grown-vocabulary';
import type { ResolvedTraining } from './options';
import { PhaseProgress } from './progress';
import type { ResolvedSuperwords } from './superword-options';
import { tokenRule } from './token-rule';
import type { TrainingInput, TrainingOptions } from './types';

/** What the first phase found. */
export interface WordPhase {
  /** The tokens before any merge, by id. */
  readonly start: readonly string[];
  readonly merges: TrainedMerges;
}

export interface SuperwordPhase {
  readonly vocabulary: TextVocabulary;
  /** left, right, product ids. */
  readonly merges: Uint32Array;
  /** Those of whole words, if they are a list of their own. */
  readonly supermerges: Uint32Array | undefined;
  /** How many of all merges are not inside of words. */
  readonly count: number;
  readonly preTokenizer: unknown;
}

export class SuperwordTraining {
  constructor(
    private readonly kernels: Kernels,
    private readonly input: TrainingInput,
    private readonly resolved: ResolvedTraining,
    private readonly options: TrainingOptions,
    /** The counting that read the same input for the first phase. */
    private readonly first: Counting,
  ) {}

  run(words: WordPhase, superwords: ResolvedSuperwords): Promise<SuperwordPhase> {
    const model = this.modelOf(words);
    return superwords.method === 'superbpe' ? this.superBpe(words, model, superwords) : this.boundless(words, model, superwords);
  }

  /** Longer pieces, encoded with the merges so far. */
  private async superBpe(
    { start, merges }: WordPhase,
    model: BpeSpec,
    { pattern, maxWords }: ResolvedSuperwords & { method: 'superbpe' },
  ): Promise<SuperwordPhase> {
    const preTokenizer = weakPreTokenizer(pattern);
    const before = grownVocabulary(start, merges.triples);
    const found = await this.train(
      { ...this.resolved, preTokenizer },
      { model, runs: false, eligible: new Uint8Array(before.length).fill(1) },
      before,
      {
        rule: tokenRule(maxWords, model),
        schedule: null,
      },
    );
    const all = new Uint32Array(merges.triples.length + found.triples.length);
    all.set(merges.triples);
    all.set(found.triples, merges.triples.length);
    const vocabulary = vocabularyOf(grownVocabulary(before, found.triples));
    return { vocabulary, merges: lastOfEach(all), supermerges: undefined, count: found.counts.length, preTokenizer };
  }

  /** Runs of words that are one token each. */
  private async boundless(
    { start, merges }: WordPhase,
    model: BpeSpec,
    { pattern, maxWords, transition }: ResolvedSuperwords & { method: 'boundless' },
  ): Promise<SuperwordPhase> {
    const eligible = Uint8Array.from({ length: model.tokenOffsets.length - 1 }, (_, id) => (isMergeable(model, id, pattern) ? 1 : 0));
    const schedule: MergeScheduleSpec = {
      ...merges,
      completes: completingMerges(merges.triples, start.length),
      forced: transition === null ? 0 : merges.counts.length,
    };
    const startModel = { tokenBytes: model.tokenBytes, tokenOffsets: model.tokenOffsets.subarray(0, start.length + 1) };
    const found = await this.train(this.resolved, { model, runs: true, eligible }, start, {
      rule: maxWords === null ? null : tokenRule(maxWords, startModel),
      schedule,
    });
    const inWords: number[] = [];
    const ofWords: number[] = [];
    const triples = found.triples.slice();
    for (let i = 0; i < triples.length; i += 3) {
      const isSuper = triples[i] >= SUPERMERGE;
      if (isSuper) triples[i] -= SUPERMERGE;
      (isSuper ? ofWords : inWords).push(triples[i], triples[i + 1], triples[i + 2]);
    }
    return {
      vocabulary: vocabularyOf(grownVocabulary(start, triples)),
      merges: lastOfEach(Uint32Array.from(inWords)),
      supermerges: Uint32Array.from(ofWords),
      count: ofWords.length / 3,
      preTokenizer: this.resolved.preTokenizer,
    };
  }

  /** Counts words of tokens in the text, and trains on them. `before`: the tokens that are there at first. */
  private async train(
    resolved: ResolvedTraining,
    tokens: TokenWordsSpec,
    before: readonly string[],
    rules: Pick<BpeTrainingSpec, 'rule' | 'schedule'>,
  ): Promise<TrainedMerges> {
    const { kernels, options } = this;
    const counting = await Counting.open(this.input, kernels, resolved, options, tokens);
    try {
      if (counting.path.toWords !== null) throw notByteLevel();
      if (JSON.stringify(counting.texts) !== JSON.stringify(this.first.texts)) throw changed();
      await counting.count();
      await counting.gather();
      const merging = new PhaseProgress('merge', resolved.vocabSize - before.length, options.onProgress);
      const { vocabSize, leastCount } = resolved;
      const spec = { ...tokenTraining(before), ...rules, vocabSize, leastCount };
      const merges = await kernels.trainBpe(counting.counter, spec, {
        signal: options.signal,
        onProgress: (count) => merging.reach(count),
      });
      merging.reach(merges.counts.length);
      merging.end();
      return merges;
    } finally {
      await counting.close();
    }
  }

  /** The tokenizer that the first phase made, as it encodes words. */
  private modelOf({ start, merges }: WordPhase): BpeSpec {
    const { settings, normalizer, preTokenizer } = this.resolved;
    const vocabulary = vocabularyOf(grownVocabulary(start, merges.triples));
    const model = buildBpeModel({ vocabulary, merges: lastOfEach(merges.triples), settings }, normalizer, preTokenizer);
    if (model.input !== 'bytes') throw notByteLevel();
    const { spec } = model;
    if (this.resolved.limitAlphabet !== Infinity) return spec;
    // Bytes that the text does not hold: whatever they stand for, the model knows all bytes then, which is quicker.
    const some = Math.max(...spec.byteIds);
    return { ...spec, byteIds: spec.byteIds.map((id) => (id < 0 ? some : id)) };
  }
}

/** Training on words of tokens: all that does not depend on what the tokens are for. */
export function tokenTraining(before: readonly string[]): Omit<BpeTrainingSpec, 'vocabSize' | 'leastCount' | 'rule' | 'schedule'> {
  return {
    unit: 'token',
    placed: false,
    maxTokenLength: 0xffff_ffff,
    ...new StringVocabulary(new Map(), before).utf8(),
    symbols: new Uint32Array(0),
    symbolIds: new Uint32Array(0),
    continuingPrefix: new Uint8Array(0),
  };
}

function weakPreTokenizer(pattern: string): object {
  return {
    type: 'Sequence',
    pretokenizers: [
      { type: 'Split', pattern: { Regex: pattern }, behavior: 'Isolated', invert: false },
      { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false },
    ],
  };
}

function isMergeable({ tokenBytes, tokenOffsets }: BpeSpec, id: number, pattern: RegExp): boolean {
  const bytes = tokenBytes.subarray(tokenOffsets[id], tokenOffsets[id + 1]);
  return isWellFormed(bytes) && pattern.test(decodeUtf8(bytes));
}

function changed(): MerganserError {
  return new MerganserError('INVALID_ARGUMENT', 'Expected the same files when they were read a second time, but they have changed.');
}

function notByteLevel(): MerganserError {
  return new MerganserError(
    'UNSUPPORTED',
    'Superwords need text that ends in ByteLevel, with a pre-tokenizer that counting is fast with (docs/superwords.md).',
  );
}

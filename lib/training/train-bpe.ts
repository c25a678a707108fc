/** Training of BPE tokenizers. */
import { selectKernels } from '../backend/select';
import { type BpeTrainingSpec, REPLAYED_MERGES, type SymbolKind, type TrainedMerges } from '../backend/training-kernels';
import { invalidArgument } from '../errors';
import { AddedTokens } from '../tokenizer/added-tokens';
import { lazyBpeModel } from '../tokenizer/load/bpe-model';
import { eachRemoval, type MergeEvents } from '../tokenizer/load/merge-events';
import type { TokenTable } from '../tokenizer/token-table';
import { PackedVocabulary, StringVocabulary } from '../tokenizer/vocabulary';
import { Tokenizer } from '../tokenizer/tokenizer';
import { Counting, noWords, resumableIn } from './counting';
import { grownVocabulary, lastOfEach, vocabularyOf } from './grown-vocabulary';
import { countsFolder, MergeCheckpoint } from './merge-checkpoint';
import { checkRoom, type ResolvedTraining, resolveTraining } from './options';
import { PhaseProgress } from './progress';
import { startVocabulary, type StartVocabulary } from './start-vocabulary';
import { pickyVocabulary } from './picky-vocabulary';
import { checkReadableTwice } from './superword-options';
import { type SuperwordPhase, SuperwordTraining, type WordPhase } from './superwords';
import type { TrainingInput, TrainingOptions, TrainingReport } from './types';

const encoder = new TextEncoder();

/** A tokenizer, and what its training did. */
export type TrainedTokenizer = Tokenizer & { readonly report: TrainingReport };

/**
 * Trains a BPE tokenizer: the same merges and ids as Hugging Face's BpeTrainer gives for the same text and options (docs/training.md tells the few cases in
 * which that one's result depends on chance). It can be used and saved at once.
 *
 * Throws INVALID_ARGUMENT (also for no text at all, and for a `vocabSize` without room for the alphabet), NOT_FOUND, INVALID_UTF8, MALFORMED_FILE, ABORTED,
 * OUT_OF_MEMORY; INVALID_TOKENIZER, INVALID_PATTERN and UNSUPPORTED for parts that are not what they must be.
 */
export async function trainBpe(input: TrainingInput, options: TrainingOptions): Promise<TrainedTokenizer> {
  if (typeof options !== 'object' || options === null) throw invalidArgument('options', 'an object', options);
  const resolved = resolveTraining(options);
  if (resolved.superwords !== null) checkReadableTwice(input);
  if (resolved.checkpoint !== null) checkReadableAgain(input);
  const kernels = selectKernels(options.backend);
  const counting = await Counting.open(input, kernels, resolved, options);
  try {
    if (resolved.superwords !== null) checkFilesReadableTwice(counting, input);
    return await new Training(input, counting, resolved, options).run();
  } finally {
    await counting.close();
  }
}

/** A vocabulary with the merges that make it. */
type GrownModel = Omit<SuperwordPhase, 'count'> & { readonly events?: MergeEvents };
/** Those merges of an earlier training that can be made again: from the first on, each of a new token, as many as there is room for. */
function replayable(found: TrainedMerges | null, start: number, vocabSize: number): TrainedMerges | undefined {
  if (found === null) return undefined;
  const count = Math.min(found.counts.length, vocabSize - start, REPLAYED_MERGES);
  for (let merge = 0; merge < count; merge++) if (found.triples[3 * merge + 2] !== start + merge) return undefined;
  return { triples: found.triples.subarray(0, 3 * count), counts: found.counts.subarray(0, count) };
}

/** Pipes end with the first reading. */
function checkFilesReadableTwice(counting: Counting, input: TrainingInput): void {
  if ('files' in input && counting.texts === undefined)
    throw invalidArgument('input', 'files that can be read twice, since superwords are learned from the text once more', input);
}

function checkReadableAgain(input: TrainingInput): void {
  if (typeof input === 'object' && input !== null && ('files' in input || 'counts' in input)) return;
  throw invalidArgument('checkpoint', 'left out, as only training on files and counts can be carried on', input);
}

function tokenTable(tokens: readonly string[]): TokenTable {
  return new StringVocabulary(new Map(), tokens).utf8();
}

class Training {
  private readonly started = performance.now();
  private readonly kind: SymbolKind;

  constructor(
    private readonly input: TrainingInput,
    private readonly counting: Counting,
    private readonly resolved: ResolvedTraining,
    private readonly options: TrainingOptions,
  ) {
    this.kind = { unit: counting.path.unit, placed: resolved.continuingPrefix + resolved.endOfWordSuffix !== '' };
  }

  async run(): Promise<TrainedTokenizer> {
    const { counting, resolved } = this;
    const { kernels, counter } = counting;
    const { superwords } = resolved;
    const { checkpoint } = resolved;
    const bytes = await counting.count(checkpoint === null ? null : resumableIn(countsFolder(checkpoint.folder), checkpoint.everySeconds));
    await counting.gather();
    const words = kernels.countedWords(counter);
    if (words === 0) throw noWords();
    const found = await kernels.countSymbols(counter, this.kind);
    const distinctWords = kernels.distinctWords(counter);
    const start = startVocabulary(found, this.kind, { ...resolved, spaceAlias: counting.path.spaceAlias });
    const vocabSize = superwords?.transition ?? resolved.vocabSize;
    checkRoom(vocabSize, resolved.first.length, start.tokens.length);
    const pretokenize = (performance.now() - this.started) / 1000;

    const merges = await this.merge(start, vocabSize);
    const merge = (performance.now() - this.started) / 1000 - pretokenize;
    const wordPhase = { start: start.tokens, merges };
    const superwordPhase =
      superwords === null
        ? null
        : await new SuperwordTraining(kernels, this.input, resolved, this.options, counting).run(wordPhase, superwords);
    const tokenizer = this.tokenizer(superwordPhase ?? this.withoutSuperwords(wordPhase));
    const total = (performance.now() - this.started) / 1000;
    const report: TrainingReport = {
      bytes,
      words,
      distinctWords,
      alphabet: found.symbols.length,
      merges:
        superwordPhase === null ? merges.counts.length : superwordPhase.merges.length / 3 + (superwordPhase.supermerges?.length ?? 0) / 3,
      superwordMerges: superwordPhase?.count ?? 0,
      removals: merges.removals === undefined ? 0 : [...eachRemoval(merges.removals)].length,
      seconds: { pretokenize, merge, superwords: superwordPhase === null ? 0 : total - pretokenize - merge, total },
    };
    return Object.assign(tokenizer, { report });
  }

  private async merge(start: StartVocabulary, vocabSize: number): Promise<TrainedMerges> {
    const spec = this.spec(start, vocabSize);
    const { compression } = this.resolved;
    if (compression === null) return this.train(start, spec);
    const validation = await this.countValidation(compression.validation);
    try {
      return await this.train(start, { ...spec, compression: { validation: validation.counter, candidates: compression.candidates } });
    } finally {
      await validation.close();
    }
  }

  private async countValidation(input: TrainingInput): Promise<Counting> {
    const counting = await Counting.open(input, this.counting.kernels, this.resolved, this.options);
    try {
      await counting.count();
      await counting.gather();
      if (counting.kernels.countedWords(counting.counter) === 0) throw noWords();
      return counting;
    } catch (error) {
      await counting.close();
      throw error;
    }
  }

  private async train(start: StartVocabulary, spec: BpeTrainingSpec): Promise<TrainedMerges> {
    const { kernels, counter } = this.counting;
    const { vocabSize } = spec;
    const checkpoint = await this.openCheckpoint(spec);
    const done = replayable(checkpoint?.found ?? null, start.tokens.length, vocabSize);
    const progress = new PhaseProgress('merge', vocabSize - start.tokens.length, this.options.onProgress, done?.counts.length);
    const control = {
      signal: this.options.signal,
      onProgress: (count: number, soFar: () => TrainedMerges) => {
        checkpoint?.offer(soFar);
        progress.reach(count);
      },
      onAbort: (soFar: TrainedMerges) => checkpoint?.offerLast(soFar),
    };
    try {
      const merges = await kernels.trainBpe(counter, { ...spec, done }, control);
      await checkpoint?.keep(merges);
      progress.reach(merges.counts.length);
      progress.end();
      return merges;
    } finally {
      await checkpoint?.idle();
    }
  }

  /** All that decides about merges is its key, but for the size of the vocabulary: what comes first does not depend on that. */
  private openCheckpoint(spec: BpeTrainingSpec): Promise<MergeCheckpoint> | null {
    const { checkpoint, removalThreshold, compression } = this.resolved;
    // What PickyBPE and compression-aware training found cannot be made again faster than it was found.
    if (checkpoint === null || removalThreshold !== undefined || compression !== null) return null;
    const { counting } = this;
    const words = [counting.kernels.distinctWords(counting.counter), counting.kernels.countedWords(counting.counter)];
    const parts = Object.values({ ...spec, vocabSize: 0 }).map((part: unknown) =>
      ArrayBuffer.isView(part) ? [...(part as Uint8Array)] : part,
    );
    return MergeCheckpoint.open(checkpoint.folder, checkpoint.everySeconds, [counting.identity, words, parts]);
  }

  private spec({ tokens, symbols, symbolIds }: StartVocabulary, vocabSize: number): BpeTrainingSpec {
    const { leastCount, maxTokenLength, continuingPrefix, removalThreshold } = this.resolved;
    return {
      ...this.kind,
      vocabSize,
      leastCount,
      maxTokenLength,
      ...tokenTable(tokens),
      symbols,
      symbolIds,
      continuingPrefix: encoder.encode(continuingPrefix),
      rule: null,
      schedule: null,
      removalThreshold,
    };
  }

  private withoutSuperwords({ start, merges: { triples, removals } }: WordPhase): GrownModel {
    const { continuingPrefix, preTokenizer } = this.resolved;
    if (removals !== undefined) {
      const { kept, events } = pickyVocabulary(grownVocabulary(start, triples, continuingPrefix), triples, removals);
      return { vocabulary: vocabularyOf(kept), merges: new Uint32Array(0), supermerges: undefined, events, preTokenizer };
    }
    const table = this.counting.kernels.growTokens(tokenTable(start), triples, encoder.encode(continuingPrefix));
    const vocabulary = new PackedVocabulary(table, null, table.tokenOffsets.length - 1);
    const allNew = triples.length / 3 === vocabulary.idBound - start.length;
    const merges = allNew ? triples : lastOfEach(triples);
    return { vocabulary, merges, supermerges: undefined, preTokenizer };
  }

  private tokenizer({ vocabulary, merges, supermerges, events, preTokenizer }: GrownModel): Tokenizer {
    const { normalizer, postProcessor, decoder, settings, specialTokens } = this.resolved;
    const model = lazyBpeModel({ vocabulary, merges, supermerges, events, settings }, normalizer, preTokenizer);
    if (settings.unkToken !== null && vocabulary.id(settings.unkToken) === undefined)
      throw invalidArgument('unkToken', 'a token of the vocabulary, such as one of specialTokens', settings.unkToken);
    const addedTokens = new AddedTokens(vocabulary);
    addedTokens.add(specialTokens);
    return Tokenizer.fromDefinition(
      {
        flavor: 'huggingface',
        model,
        addedTokens,
        normalizer,
        preTokenizer,
        postProcessor,
        decoder,
        split: null,
        truncation: null,
        padding: null,
      },
      this.options,
    );
  }
}

/** Training of BPE tokenizers. */
import { selectKernels } from '../backend/select';
import type { BpeTrainingSpec, SymbolKind } from '../backend/training-kernels';
import { invalidArgument } from '../errors';
import { AddedTokens } from '../tokenizer/added-tokens';
import { lazyBpeModel } from '../tokenizer/load/bpe-model';
import { StringVocabulary } from '../tokenizer/vocabulary';
import { Tokenizer } from '../tokenizer/tokenizer';
import { Counting, noWords } from './counting';
import { checkRoom, type ResolvedTraining, resolveTraining } from './options';
import { PhaseProgress } from './progress';
import { startVocabulary, type StartVocabulary } from './start-vocabulary';
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
  const kernels = selectKernels(options.backend);
  const counting = await Counting.open(input, kernels, resolved, options);
  try {
    return await new Training(counting, resolved, options).run();
  } finally {
    await counting.close();
  }
}

class Training {
  private readonly started = performance.now();
  private readonly kind: SymbolKind;

  constructor(
    private readonly counting: Counting,
    private readonly resolved: ResolvedTraining,
    private readonly options: TrainingOptions,
  ) {
    this.kind = { unit: counting.path.unit, placed: resolved.continuingPrefix + resolved.endOfWordSuffix !== '' };
  }

  async run(): Promise<TrainedTokenizer> {
    const { counting, resolved } = this;
    const { kernels, counter } = counting;
    const bytes = await counting.count();
    await counting.gather();
    const words = kernels.countedWords(counter);
    if (words === 0) throw noWords();
    const found = await kernels.countSymbols(counter, this.kind);
    const distinctWords = kernels.distinctWords(counter);
    const start = startVocabulary(found, this.kind, { ...resolved, spaceAlias: counting.path.spaceAlias });
    checkRoom(resolved.vocabSize, resolved.first.length, start.tokens.length);
    const pretokenize = (performance.now() - this.started) / 1000;

    const merging = new PhaseProgress('merge', resolved.vocabSize - start.tokens.length, this.options.onProgress);
    const merges = await kernels.trainBpe(counter, this.spec(start), {
      signal: this.options.signal,
      onProgress: (count) => merging.reach(count),
    });
    merging.reach(merges.length / 3);
    const merge = merging.end();
    const tokenizer = this.tokenizer(start.tokens, merges);
    const report: TrainingReport = {
      bytes,
      words,
      distinctWords,
      alphabet: found.symbols.length,
      merges: merges.length / 3,
      seconds: { pretokenize, merge, total: (performance.now() - this.started) / 1000 },
    };
    return Object.assign(tokenizer, { report });
  }

  private spec({ tokens, symbols, symbolIds }: StartVocabulary): BpeTrainingSpec {
    const { vocabSize, leastCount, maxTokenLength, continuingPrefix } = this.resolved;
    const table = new StringVocabulary(new Map(), tokens).utf8();
    return {
      ...this.kind,
      vocabSize,
      leastCount,
      maxTokenLength,
      ...table,
      symbols,
      symbolIds,
      continuingPrefix: encoder.encode(continuingPrefix),
    };
  }

  private tokenizer(startTokens: readonly string[], merges: Uint32Array): Tokenizer {
    const { resolved } = this;
    const { normalizer, preTokenizer, postProcessor, decoder, settings } = resolved;
    const tokens = grownVocabulary(startTokens, merges, resolved.continuingPrefix);
    const vocabulary = new StringVocabulary(new Map(tokens.map((token, id) => [token, id])), tokens);
    const allNew = merges.length / 3 === tokens.length - startTokens.length;
    const model = lazyBpeModel({ vocabulary, merges: allNew ? merges : lastOfEach(merges), settings }, normalizer, preTokenizer);
    if (settings.unkToken !== null && vocabulary.id(settings.unkToken) === undefined)
      throw invalidArgument('unkToken', 'a token of the vocabulary, such as one of specialTokens', settings.unkToken);
    const addedTokens = new AddedTokens(vocabulary);
    addedTokens.add(resolved.specialTokens);
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

/** All tokens: those of the start, and what merges made of them. */
function grownVocabulary(start: readonly string[], merges: Uint32Array, prefix: string): string[] {
  const tokens = [...start];
  for (let i = 0; i < merges.length; i += 3) {
    if (merges[i + 2] < tokens.length) continue;
    const right = tokens[merges[i + 1]];
    tokens.push(tokens[merges[i]] + (prefix !== '' && right.startsWith(prefix) ? right.slice(prefix.length) : right));
  }
  return tokens;
}

/** A pair can be merged again after what it makes was made by another pair too. The reference's model knows the last time only. */
function lastOfEach(merges: Uint32Array): Uint32Array {
  const last = new Map<number, number>();
  for (let i = 0; i < merges.length; i += 3) last.set(merges[i] * 2 ** 24 + merges[i + 1], i);
  if (last.size * 3 === merges.length) return merges;
  return merges.filter((_, i) => {
    const first = i - (i % 3);
    return last.get(merges[first] * 2 ** 24 + merges[first + 1]) === first;
  });
}

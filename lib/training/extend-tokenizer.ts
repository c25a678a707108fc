/** New tokens for a tokenizer, learned from text of a domain. */
import { selectKernels } from '../backend/select';
import type { TrainedMerges } from '../backend/training-kernels';
import { invalidArgument, MerganserError } from '../errors';
import { AddedTokens } from '../tokenizer/added-tokens';
import type { BpeModel, TokenizerDefinition } from '../tokenizer/definition';
import { planEncoding } from '../tokenizer/fused-plan';
import { lazyBpeModel } from '../tokenizer/load/bpe-model';
import { readTokenizerJson } from '../tokenizer/load/tokenizer-json';
import { Tokenizer } from '../tokenizer/tokenizer';
import { StringVocabulary } from '../tokenizer/vocabulary';
import { Counting } from './counting';
import { grownVocabulary } from './grown-vocabulary';
import { type ResolvedCounting, resolveCounting } from './options';
import { PhaseProgress } from './progress';
import { tokenTraining } from './superwords';
import type { CountingOptions, TrainingCounts, TrainingInput } from './types';

const MOST_TOKENS = 1 << 24;

export interface ExtendOptions extends Omit<
  CountingOptions,
  'normalizer' | 'preTokenizer' | 'continuingSubwordPrefix' | 'endOfWordSuffix'
> {
  /** How many tokens to add; fewer if nothing is left to merge. */
  newTokens: number;
  /** Pairs that occur less often are not merged. Default 0, which means 1. */
  minFrequency?: number;
}

/**
 * A tokenizer with more tokens: text is encoded as `tokenizer` does, and merging goes on from there, the most frequent pair first, of equal ones that
 * of the smallest left id, then right id. All tokens keep their ids, and text that holds none of the new ones is encoded as before. Pairs whose product is
 * a token already are left alone. Added tokens are ordinary text here, as in training. A tiktoken encoding becomes a tokenizer of tokenizer.json.
 *
 * Throws INVALID_ARGUMENT, NOT_FOUND, INVALID_UTF8, ABORTED, OUT_OF_MEMORY; UNSUPPORTED for one that has supermerges or takes tokens back.
 */
export async function extendTokenizer(
  tokenizer: Tokenizer,
  input: Exclude<TrainingInput, TrainingCounts>,
  options: ExtendOptions,
): Promise<Tokenizer> {
  if (!(tokenizer instanceof Tokenizer)) throw invalidArgument('tokenizer', 'a Tokenizer', tokenizer);
  if (typeof options !== 'object' || options === null) throw invalidArgument('options', 'an object', options);
  if (typeof input === 'object' && input !== null && 'counts' in input) throw invalidArgument('input', 'text', input);
  const definition = readTokenizerJson(tokenizer.toJSON());
  if (definition.model.supermerges !== undefined)
    throw new MerganserError('UNSUPPORTED', 'A tokenizer with supermerges cannot be extended.');
  if (definition.model.events !== undefined)
    throw new MerganserError('UNSUPPORTED', 'A tokenizer that takes tokens back (PickyBPE) cannot be extended.');
  const tokens = allTokens(definition);
  const newTokens = integer(options.newTokens, 'newTokens', 1, MOST_TOKENS - tokens.length);
  const leastCount = Math.max(1, integer(options.minFrequency ?? 0, 'minFrequency', 0, Number.MAX_SAFE_INTEGER));
  const merges = await learn(definition, input, options, { tokens, vocabSize: tokens.length + newTokens, leastCount });
  return Tokenizer.fromDefinition(extended(definition, tokens, merges), options);
}

/** By id, with the added tokens: new ones come behind all of them. */
function allTokens({ model: { vocabulary }, addedTokens }: TokenizerDefinition): Array<string | undefined> {
  const tokens = Array.from({ length: vocabulary.idBound }, (_, id) => vocabulary.token(id));
  for (const { id, content } of addedTokens.list) {
    while (tokens.length <= id) tokens.push(undefined);
    tokens[id] ??= content;
  }
  return tokens;
}

async function learn(
  definition: TokenizerDefinition,
  input: TrainingInput,
  options: ExtendOptions,
  { tokens, vocabSize, leastCount }: { tokens: ReadonlyArray<string | undefined>; vocabSize: number; leastCount: number },
): Promise<TrainedMerges> {
  const { normalizer, preTokenizer, model } = definition;
  const kernels = selectKernels(options.backend);
  const prefix = model.settings.continuingSubwordPrefix ?? '';
  const { model: spec } = planEncoding({ ...definition, addedTokens: new AddedTokens(new StringVocabulary(new Map(), [])) });
  const resolved: ResolvedCounting = {
    ...resolveCounting({ ...options, normalizer, preTokenizer }),
    continuingPrefix: prefix,
    endOfWordSuffix: model.settings.endOfWordSuffix ?? '',
  };
  const words = { model: spec, runs: false, eligible: mergeableTokens(model, tokens.length) };
  const counting = await Counting.open(input, kernels, resolved, options, words);
  try {
    await counting.count();
    await counting.gather();
    const merging = new PhaseProgress('merge', vocabSize - tokens.length, options.onProgress);
    const before = tokens.map((token) => token ?? '');
    const training = { ...tokenTraining(before), continuingPrefix: new TextEncoder().encode(prefix), vocabSize, leastCount };
    const control = { signal: options.signal, onProgress: (count: number) => merging.reach(count) };
    const merges = await kernels.trainBpe(counting.counter, { ...training, rule: null, schedule: null }, control);
    merging.reach(merges.counts.length);
    merging.end();
    return merges;
  } finally {
    await counting.close();
  }
}

/** All but tokens for what is not in the vocabulary: the unknown one, and those of bytes. */
function mergeableTokens({ spec, input }: BpeModel, count: number): Uint8Array {
  const mergeable = new Uint8Array(count).fill(1);
  if (spec.unkId >= 0) mergeable[spec.unkId] = 0;
  if (input === 'text') for (const id of spec.byteIds) if (id >= 0) mergeable[id] = 0;
  return mergeable;
}

function extended(
  definition: TokenizerDefinition,
  tokens: ReadonlyArray<string | undefined>,
  { triples }: TrainedMerges,
): TokenizerDefinition {
  const { model, normalizer, preTokenizer, addedTokens } = definition;
  const before = model.merges!;
  const merges = new Uint32Array(before.length + triples.length);
  merges.set(before);
  merges.set(triples, before.length);
  const known = grownVocabulary(
    tokens.map((token) => token ?? ''),
    triples,
    model.settings.continuingSubwordPrefix ?? '',
  );
  const named = known.map((token, id) => (id < tokens.length ? tokens[id] : token));
  const ids = new Map(named.flatMap((token, id) => (token === undefined ? [] : [[token, id] as const])));
  const vocabulary = new StringVocabulary(ids, named);
  const added = new AddedTokens(vocabulary);
  added.add(addedTokens.list.map(({ id: _id, ...token }) => token));
  return {
    ...definition,
    model: lazyBpeModel({ vocabulary, merges, settings: model.settings }, normalizer, preTokenizer),
    addedTokens: added,
  };
}

function integer(value: unknown, name: string, least: number, most: number): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value;
  throw invalidArgument(name, `an integer from ${least} to ${most}`, value);
}

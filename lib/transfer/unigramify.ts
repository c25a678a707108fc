import { invalidArgument, MerganserError, aborted } from '../errors';
import { Tokenizer } from '../tokenizer/tokenizer';
import type { TextInput } from '../tokenizer/types';
import { lead, type LinearSolver, type Rivalry, rivalry, solveMargins } from './margin-program';
import { PretokenCounts, type Pretoken } from './pretoken-counts';
import { UnigramModel } from './unigram-model';

export interface UnigramifyOptions {
  /** Solves linear programs: `await (await import('highs')).default()`. The package highs is not part of this one. */
  solver: LinearSolver;
  /** Most frequent pretokens that are to come out as before. Default 10,000. */
  pretokens?: number;
  /** Best segmentations that each of them is to beat. Default 16. */
  segmentations?: number;
  /** By how much. Default 0.001. */
  margin?: number;
  /** What changing a score by 1 costs (λ), where falling short by 1 on a pretoken of mean frequency costs 1. Default 0.01. */
  change?: number;
  /** Longer pretokens are left out. Default 64 characters. */
  longestPretoken?: number;
  /** Called after each text read, and each time that the program was solved. */
  onProgress?: (progress: UnigramifyProgress) => void;
  signal?: AbortSignal;
}

export interface UnigramifyProgress {
  readonly phase: 'reading' | 'segmenting' | 'solving';
  /** Texts read, pretokens segmented, or programs solved. */
  readonly done: number;
}

export interface UnigramTokenizer {
  /** The object of a tokenizer.json with a Unigram model and the same ids, which Hugging Face's `tokenizers` loads. */
  readonly json: Record<string, unknown>;
  /** The score of each id. */
  readonly scores: Float64Array;
  /** Part of the pretokens that the program was made of which come out as before, counted by frequency and each once. */
  readonly agreement: Agreement;
  /** Σ of what is missing to the margins, weighted, and λ times what scores were changed by. */
  readonly objective: number;
}

export interface Agreement {
  /** Each pretoken as often as it stands in the texts. */
  readonly weighted: number;
  /** Each different pretoken once. */
  readonly distinct: number;
}

/** Slack that rounding may leave in a row that the solver did not see. */
const TOLERANCE = 1e-7;
const MOST_ROUNDS = 20;
/** What a token that no text becomes has less than the least score. */
const UNREACHABLE = 10;

/**
 * Turns a BPE tokenizer into a Unigram tokenizer that cuts text as much alike as can be (Minixhofer, Ponti, Vulić: Zero-Shot Tokenizer Transfer, arXiv 2405.07883,
 * appendix "unigramifying"): scores for its tokens, by linear programming over the most frequent pretokens of texts. Hypernetworks for tokenizer transfer expect
 * Unigram tokenizers.
 *
 * The solver runs where the caller's does: `highs` blocks its thread. Throws INVALID_ARGUMENT (also for texts without pretokens), UNSUPPORTED for vocabularies with gaps, ABORTED,
 * and what the solver throws.
 */
export async function unigramify(
  tokenizer: Tokenizer,
  texts: Iterable<TextInput> | AsyncIterable<TextInput>,
  options: UnigramifyOptions,
): Promise<UnigramTokenizer> {
  if (!(tokenizer instanceof Tokenizer)) throw invalidArgument('tokenizer', 'a Tokenizer', tokenizer);
  const settings = resolve(options);
  const parts = vocabularyOf(tokenizer);
  const all = await readPretokens(tokenizer, texts, parts, settings);
  const start = initialScores(parts.reachable, all);
  const pretokens = all.slice(0, settings.pretokens);
  const rivalries = await rivalriesOf(parts.reachable, start, pretokens, settings);
  const { scores, objective } = await solveByRounds(rivalries, start, settings);
  const least = scores.reduce((least, score) => Math.min(least, score), 0);
  parts.reachable.forEach((token, id) => {
    if (token === '') scores[id] = least - UNREACHABLE;
  });
  return {
    json: unigramJson(tokenizer, parts.tokens, scores),
    scores,
    agreement: agreementOf(new UnigramModel(parts.reachable, scores), pretokens),
    objective,
  };
}

/**
 * How much of other texts a Unigram tokenizer cuts as the one that it was made from: part of their pretokens. Throws as `unigramify`.
 */
export async function unigramAgreement(
  tokenizer: Tokenizer,
  scores: Float64Array,
  texts: Iterable<TextInput> | AsyncIterable<TextInput>,
  { longestPretoken = LONGEST_PRETOKEN, signal }: Pick<UnigramifyOptions, 'longestPretoken' | 'signal'> = {},
): Promise<Agreement> {
  const parts = vocabularyOf(tokenizer);
  if (scores.length !== parts.tokens.length) throw invalidArgument('scores', `${parts.tokens.length} numbers, one for each id`, scores);
  const settings = { longestPretoken, onProgress: () => undefined, ...(signal && { signal }) };
  return agreementOf(new UnigramModel(parts.reachable, scores), await readPretokens(tokenizer, texts, parts, settings));
}

const LONGEST_PRETOKEN = 64;

type Settings = Required<Omit<UnigramifyOptions, 'signal'>> & Pick<UnigramifyOptions, 'signal'>;

function resolve(options: UnigramifyOptions): Settings {
  const {
    solver,
    pretokens = 10_000,
    segmentations = 16,
    margin = 1e-3,
    change = 0.01,
    longestPretoken = LONGEST_PRETOKEN,
  } = options ?? {};
  if (typeof solver?.solve !== 'function') throw invalidArgument('solver', 'what the package highs loads', solver);
  for (const [name, value] of Object.entries({ pretokens, segmentations, longestPretoken }))
    if (!Number.isInteger(value) || value < 1) throw invalidArgument(name, 'an integer of 1 or more', value);
  for (const [name, value] of Object.entries({ margin, change }))
    if (!(value > 0 && value < Infinity)) throw invalidArgument(name, 'a number above 0', value);
  const { onProgress = () => undefined, signal } = options;
  return { solver, pretokens, segmentations, margin, change, longestPretoken, onProgress, ...(signal && { signal }) };
}

interface VocabularyParts {
  /** By id. */
  readonly tokens: readonly string[];
  /** The same, but empty where no text becomes the token: special ones and the unknown one. */
  readonly reachable: readonly string[];
  readonly unreachable: ReadonlySet<number>;
}

function vocabularyOf(tokenizer: Tokenizer): VocabularyParts {
  const { tokenOffsets, isFixed, endOfWordSuffix } = tokenizer.mergeParts();
  if (endOfWordSuffix.length > 0) throw new MerganserError('UNSUPPORTED', 'A Unigram model has no end_of_word_suffix.');
  const tokens = Array.from({ length: tokenOffsets.length - 1 }, (_, id) => tokenizer.idToToken(id));
  const gap = tokens.indexOf(undefined);
  if (gap >= 0)
    throw new MerganserError('UNSUPPORTED', `A Unigram model has a token for every id, but this vocabulary has none for ${gap}.`);
  const all = tokens as string[];
  const unreachable = new Set([...all.keys()].filter((id) => isFixed(id)));
  return { tokens: all, reachable: all.map((token, id) => (unreachable.has(id) ? '' : token)), unreachable };
}

/** The most frequent first. */
async function readPretokens(
  tokenizer: Tokenizer,
  texts: Iterable<TextInput> | AsyncIterable<TextInput>,
  { unreachable }: VocabularyParts,
  { longestPretoken, onProgress, signal }: Pick<Settings, 'longestPretoken' | 'onProgress' | 'signal'>,
): Promise<Pretoken[]> {
  const counts = new PretokenCounts(tokenizer, unreachable, longestPretoken);
  let done = 0;
  for await (const text of texts) {
    if (signal?.aborted) throw aborted(signal);
    counts.add(text);
    onProgress({ phase: 'reading', done: ++done });
  }
  const sorted = counts.byFrequency();
  if (sorted.length === 0) throw invalidArgument('texts', 'texts with pretokens', []);
  return sorted;
}

/** log((c + 1) / (Σ c + V)), c being how often a token stands somewhere within the pretokens. */
function initialScores(tokens: readonly string[], pretokens: readonly Pretoken[]): Float64Array {
  const counts = new Float64Array(tokens.length).fill(1);
  const model = new UnigramModel(tokens, counts);
  for (const { text, count } of pretokens) for (const id of model.substrings(text)) counts[id] += count;
  const total = counts.reduce((sum, count) => sum + count, 0);
  return counts.map((count) => Math.log(count / total));
}

async function rivalriesOf(
  tokens: readonly string[],
  start: Float64Array,
  pretokens: readonly Pretoken[],
  settings: Settings,
): Promise<Rivalry[]> {
  const { segmentations, onProgress, signal } = settings;
  const model = new UnigramModel(tokens, start);
  const mean = pretokens.reduce((sum, { count }) => sum + count, 0) / pretokens.length;
  const rivalries: Rivalry[] = [];
  for (const [done, { text, ids, count }] of pretokens.entries()) {
    if (done % SEGMENTED_AT_ONCE === 0) {
      await new Promise<void>((go) => setTimeout(go));
      if (signal?.aborted) throw aborted(signal);
      onProgress({ phase: 'segmenting', done });
    }
    const target = ids.join();
    // One more than rivals, as the target is among them as a rule.
    const others = model.nBest(text, segmentations + 1).filter((other) => other.ids.join() !== target);
    for (const other of others.slice(0, segmentations)) rivalries.push(rivalry(ids, other.ids, count / mean));
  }
  return rivalries;
}

const SEGMENTED_AT_ONCE = 256;

/**
 * Most rows hold by themselves: the program begins with those that do not at the start, and takes in what its solution breaks, until there is nothing. Rows that hold cost
 * nothing, so that the last solution is one of the whole program.
 */
async function solveByRounds(
  rivalries: readonly Rivalry[],
  start: Float64Array,
  { solver, margin, change, onProgress, signal }: Settings,
): Promise<{ scores: Float64Array; objective: number }> {
  const chosen = new Set<Rivalry>();
  let solution: { scores: Float64Array; objective: number } = { scores: start.slice(), objective: 0 };
  for (let round = 1; round <= MOST_ROUNDS; round++) {
    if (signal?.aborted) throw aborted(signal);
    const broken = rivalries.filter((one) => !chosen.has(one) && lead(one, solution.scores) < margin - TOLERANCE);
    if (broken.length === 0) break;
    for (const one of broken) chosen.add(one);
    solution = await solveMargins({ rivalries: [...chosen], start, margin, change }, solver);
    onProgress({ phase: 'solving', done: round });
  }
  return solution;
}

function agreementOf(model: UnigramModel, pretokens: readonly Pretoken[]): Agreement {
  let [same, sameWeighted, weight] = [0, 0, 0];
  for (const { text, ids, count } of pretokens) {
    weight += count;
    if (model.best(text)?.ids.join() !== ids.join()) continue;
    same++;
    sameWeighted += count;
  }
  return { weighted: sameWeighted / weight, distinct: same / pretokens.length };
}

function unigramJson(tokenizer: Tokenizer, tokens: readonly string[], scores: Float64Array): Record<string, unknown> {
  const json = tokenizer.toJSON();
  const { unk_token: unknown, byte_fallback: byteFallback } = json['model'] as { unk_token?: string | null; byte_fallback?: boolean };
  const unkId = typeof unknown === 'string' ? tokens.indexOf(unknown) : -1;
  return {
    ...json,
    model: {
      type: 'Unigram',
      unk_id: unkId >= 0 ? unkId : null,
      vocab: tokens.map((token, id) => [token, scores[id]]),
      byte_fallback: byteFallback ?? false,
    },
  };
}

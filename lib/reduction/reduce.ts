/** Fewer tokens that stand for many: one contract for all operators. */
import { describeShape, isShape, listOf, numberThat, objectOf } from '../arguments';
import { selectKernels } from '../backend/select';
import { runSteps, runStepsInBackground, type Steps } from '../clustering/steps';
import { invalidArgument, unexpected } from '../errors';
import { plainArray } from '../plain-array';
import { dpcKnn, visionZip } from './centres';
import {
  gridOf,
  LONGEST_APART,
  metricOf,
  perToken,
  plainTokens,
  refuseAbove,
  refuseLonger,
  removed,
  rowsOf,
  sequencesOf,
  whole,
} from './checks';
import { expedit, expeditGrids, type ExpeditGrids } from './expedit';
import { freeTokens, gridDestinations, lineDestinations, mostPairs, pitome, sidesOf, tome, type MatchingTask } from './matching';
import { kMedoids } from './medoids';
import { refuseUnknownOptions } from './option-names';
import type { Plan, TokenRows } from './plan';
import { ownTokens, ownValues, withOwnMetric } from './own-tokens';
import { keptPositions, positionsOf, type Positions } from './positions';
import { spectralMedoids } from './spectral';
import type { ExpeditOptions, ReduceOptions, Reduction, ThresholdOptions, TokenBatch, TomeGridOptions, TomeOptions } from './types';
import { unfilledFloats } from '../unfilled';

/**
 * Reduces the tokens of one sequence or of several. `merge` and `unmerge` do the same to other values of the tokens, such as values beside keys, or bring
 * results back to all tokens. Throws INVALID_ARGUMENT for what does not fit, and for numbers that are not finite.
 */
export function reduce(tokens: TokenBatch, options: ReduceOptions): Reduction {
  return runSteps(reducing(tokens, options), selectKernels(objectOf(options, 'options').backend));
}

/**
 * The same in the background: the event loop stays free. Tokens and metric are copied first, unless their memory is shared: then they must not change meanwhile. Rejects with ABORTED besides. `onProgress`: how many of the sequences have been decided on.
 */
export async function reduceAsync(tokens: TokenBatch, options: ReduceOptions, control: ReductionControl = {}): Promise<Reduction> {
  const { signal, onProgress } = objectOf(control, 'control');
  const kernels = selectKernels(objectOf(options, 'options').backend);
  refuseUnknownOptions(options);
  const [own, given] = await Promise.all([ownTokens(tokens, 'tokens', signal), withOwnMetric(options, signal)]);
  return runStepsInBackground(reducing(own, given, onProgress), kernels, signal);
}

export interface ReductionControl {
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, sequences: number) => void;
}

/** Operators that end whatever the numbers are, and find the tokens' greatest number when they read them, or while they are summed: reading them takes as long as anything. */
const MEASURED_LATE: ReadonlySet<ReduceOptions['method']> = new Set([
  'tome',
  'tofu',
  'threshold',
  'tome-grid',
  'visionzip',
  'pitome',
  'dpc-knn',
  'k-medoids',
  'expedit',
] as const);

/** The reduction in steps. */
export function* reducing(given: TokenBatch, options: ReduceOptions, onProgress?: ReductionControl['onProgress']): Steps<Reduction> {
  refuseUnknownOptions(options);
  const tokens = plainTokens(given, 'tokens');
  const measuredLate = MEASURED_LATE.has(options.method);
  const byDirection = options.method === 'k-medoids' && options.distance === 'cosine';
  const longest = byDirection ? Infinity : LONGEST_APART;
  const sequences = measuredLate ? rowsOf(tokens, 'tokens') : yield* sequencesOf(tokens, 'tokens', longest);
  const total = sequences.length * sequences[0].count;
  const size = perToken('size' in options ? options.size : undefined, total, 'size', 1);
  if ('size' in options && !size.every(isPositive)) throw unexpected('size', 'positive numbers', 'a number that is not');
  const metric = 'metric' in options && options.metric !== undefined ? yield* metricOf(options.metric, sequences) : sequences;
  const attention = 'attention' in options ? perToken(options.attention, total, 'attention', 0) : null;
  const grids = gridsOf(options, sequences[0].count);
  const positions = positionsOf(options, total);
  const plans: Plan[] = [];
  // Only by `threshold` do sequences become of different lengths: all others are merged at once, while their tokens are in the caches.
  let data: Float32Array | null = null;
  for (const [i, sequence] of sequences.entries()) {
    const range = [i * sequence.count, (i + 1) * sequence.count] as const;
    const task = {
      tokens: sequence,
      metric: metric[i],
      weights: size.subarray(...range),
      attention: attention?.subarray(...range) ?? null,
      grids,
    };
    const plan = yield* planFor(options, task);
    plans.push(plan);
    if (options.method !== 'threshold') {
      const length = plan.count * sequence.width;
      data ??= unfilledFloats(sequences.length * length);
      yield* mergeTokens(plan, sequence, tokens.data, measuredLate, longest, data.subarray(i * length, (i + 1) * length));
    }
    onProgress?.(i + 1, sequences.length);
  }
  const offsets = rowOffsets(plans);
  if (data === null) {
    const { width } = sequences[0];
    data = unfilledFloats(offsets[plans.length] * width);
    for (const [i, plan] of plans.entries())
      yield* mergeTokens(plan, sequences[i], tokens.data, measuredLate, longest, data.subarray(offsets[i] * width, offsets[i + 1] * width));
  }
  return reductionOf(plans, data, offsets, sequences[0], options, positions);
}

/** What the tokens of a sequence become. `measure`: they are refused if they, or any others of `all`, are not finite. longest: and where distances decide, if they are longer. */
function* mergeTokens(
  plan: Plan,
  { data, width }: TokenRows,
  all: Float32Array,
  measure: boolean,
  longest: number,
  out: Float32Array,
): Steps<void> {
  if (plan.greatest !== undefined) {
    refuseAbove(all, width, 'tokens', plan.greatest);
    yield* refuseLonger(all, width, 'tokens', plan.greatest, longest);
  }
  const greatest = measure && plan.greatest === undefined ? new Float32Array(1) : null;
  if (plan.reduced === undefined) yield* plan.merge(data, width, out, greatest);
  else out.set(plan.reduced);
  if (greatest !== null) refuseAbove(all, width, 'tokens', greatest[0]);
}

/** Where the reduced tokens of each sequence begin. */
function rowOffsets(plans: readonly Plan[]): Uint32Array {
  const offsets = new Uint32Array(plans.length + 1);
  plans.forEach((plan, i) => (offsets[i + 1] = offsets[i] + plan.count));
  return offsets;
}

function isPositive(value: number): boolean {
  return value > 0;
}

interface Task {
  readonly tokens: TokenRows;
  readonly metric: TokenRows;
  readonly weights: Float32Array;
  readonly attention: Float32Array | null;
  readonly grids: ExpeditGrids | null;
}

function* planFor(options: ReduceOptions, task: Task): Steps<Plan> {
  const { tokens, metric, weights } = task;
  const { count } = tokens;
  switch (options.method) {
    case 'tome':
    case 'tofu':
    case 'threshold':
    case 'tome-grid':
      return yield* planMatching(options, task);
    case 'pitome': {
      const matching = matchingTask(options.protect, task);
      const free = freeTokens(matching);
      const margin = numberThat(options.margin ?? 0.9, 'margin', 'a finite number', Number.isFinite);
      return yield* pitome(matching, free, removed(options, count, free.length >> 1), margin);
    }
    case 'dpc-knn': {
      const clusters = whole(options.clusters, 'clusters', 1, count);
      return yield* dpcKnn(tokens, weights, clusters, whole(options.neighbours ?? Math.min(5, count), 'neighbours', 1, count));
    }
    case 'k-medoids': {
      const { distance = 'euclidean', maxIterations = 100 } = options;
      if (distance !== 'euclidean' && distance !== 'cosine') throw invalidArgument('distance', '"euclidean" or "cosine"', distance);
      return yield* kMedoids(tokens, weights, {
        clusters: whole(options.clusters, 'clusters', 1, count),
        distance,
        maxIterations: whole(maxIterations, 'maxIterations', 0, 1e6),
      });
    }
    case 'visionzip': {
      const dominant = whole(options.dominant, 'dominant', 0, count);
      return yield* visionZip(
        metric,
        task.attention!,
        dominant,
        whole(options.contextual, 'contextual', dominant < count ? 1 : 0, count - dominant),
      );
    }
    case 'expedit':
      return yield* planExpedit(options, task);
    case 'spectral':
      return yield* planSpectral(options, task);
  }
}

type MatchingOptions = TomeOptions | ThresholdOptions | TomeGridOptions;

function planMatching(options: MatchingOptions, task: Task): Steps<Plan> {
  const { count } = task.tokens;
  const matching = matchingTask(options.protect, task);
  const sides = sidesOf(destinationsOf(options, count), matching.protected);
  if (options.method !== 'threshold') {
    const remove = removed(options, count, mostPairs(sides));
    return tome(matching, sides, { remove }, options.method === 'tofu' ? 'greatest' : 'mean');
  }
  numberThat(options.threshold, 'threshold', 'a cosine', Number.isFinite);
  return tome(matching, sides, { threshold: options.threshold }, 'mean');
}

function destinationsOf(options: MatchingOptions, count: number): Uint8Array {
  const seed = options.seed === undefined ? undefined : whole(options.seed, 'seed', 0, 2 ** 32 - 1);
  if (options.method !== 'tome-grid') return lineDestinations(count, whole(options.every ?? 2, 'every', 2, 1e6), seed);
  const grid = gridOf(options.grid, 'grid', count);
  const cell = options.cell ?? [2, 2];
  return gridDestinations(grid, gridOf(cell, 'cell', null), seed);
}

/** The grids of Expedit, which all sequences share; null for other operators. */
function gridsOf(options: ReduceOptions, count: number): ExpeditGrids | null {
  if (options.method !== 'expedit') return null;
  const grid = gridOf(options.grid, 'grid', count);
  const target = gridOf(options.target, 'target', null);
  if (target[0] > grid[0] || target[1] > grid[1]) throw unexpected('target', 'no larger than the grid', `${target[0]} × ${target[1]}`);
  const window = options.window ?? 5;
  if (whole(window, 'window', 1, 1e6) % 2 === 0) throw invalidArgument('window', 'an odd number', window);
  return expeditGrids(grid, target, window, iterationsOf(options));
}

function iterationsOf({ iterations = 5 }: ExpeditOptions): number {
  return whole(iterations, 'iterations', 0, 1e6);
}

function planExpedit(options: ExpeditOptions, { tokens, grids }: Task): Steps<Plan> {
  const { temperature = 0.02, normalization = 'l1' } = options;
  if (temperature !== 'auto')
    numberThat(temperature, 'temperature', 'a positive number or "auto"', (value) => value > 0 && value < Infinity);
  if (normalization !== 'l1' && normalization !== 'l2') throw invalidArgument('normalization', '"l1" or "l2"', normalization);
  return expedit({
    tokens,
    grids: grids!,
    iterations: iterationsOf(options),
    temperature,
    nearest: whole(options.nearest ?? Math.min(20, grids!.cells), 'nearest', 1, grids!.cells),
    normalization,
  });
}

function planSpectral(options: Extract<ReduceOptions, { method: 'spectral' }>, { tokens, weights }: Task): Steps<Plan> {
  const { count } = tokens;
  const { sigma = 2, locality, neighbours } = options;
  numberThat(sigma, 'sigma', 'a positive number', (value) => value > 0 && value < Infinity);
  const { grid, window = [7, 9] } = locality === undefined ? {} : objectOf(locality, 'locality');
  if (locality !== undefined) {
    if (!isShape(grid, [3], 1) || grid.reduce((product, length) => product * length, 1) !== count)
      throw unexpected('locality.grid', `frames, rows and columns of ${count} tokens`, describeShape(grid));
    if (!isShape(window, [2], 1) || window.some((length) => length % 2 === 0))
      throw unexpected('locality.window', 'two odd numbers', describeShape(window));
  }
  return spectralMedoids(tokens, weights, {
    clusters: whole(options.clusters, 'clusters', 1, count),
    sigma,
    neighbours: neighbours === undefined ? null : whole(neighbours, 'neighbours', 1, count),
    locality: grid === undefined ? null : { grid, window },
  });
}

function reductionOf(
  plans: readonly Plan[],
  data: Float32Array,
  offsets: Uint32Array,
  { count, width }: TokenRows,
  options: ReduceOptions,
  positions: Positions | null,
): Reduction {
  const before = Uint32Array.from(offsets, (_, i) => i * count);
  const merging = (values: Float32Array): Steps<Float32Array> =>
    applyPlans(plans, values, before, offsets, (plan) => (input, length, out) => plan.merge(input, length, out, null));
  const unmerging = (values: Float32Array): Steps<Float32Array> => applyPlans(plans, values, offsets, before, (plan) => plan.unmerge);
  const kernels = selectKernels(options.backend);
  const later = async (
    work: typeof merging,
    values: Float32Array,
    control: Pick<ReductionControl, 'signal'> = {},
  ): Promise<Float32Array> => {
    const { signal } = objectOf(control, 'control');
    return runStepsInBackground(work(await ownValues(values, signal)), kernels, signal);
  };
  return {
    tokens: { type: 'float32', data, dims: [data.length / width, width], offsets },
    merge: (values) => runSteps(merging(values), kernels),
    unmerge: (values) => runSteps(unmerging(values), kernels),
    mergeAsync: (values, control) => later(merging, values, control),
    unmergeAsync: (values, control) => later(unmerging, values, control),
    source: joined(
      plans.map((plan) => plan.source),
      new Uint32Array(plans.length * count),
    ),
    size: joined(
      plans.map((plan) => plan.size),
      new Float32Array(data.length / width),
    ),
    positions: positions === null ? null : keptOfPlans(plans, count, positions),
  };
}

/** `from` and `to`: where the rows of each sequence begin, before and after. */
function* applyPlans(
  plans: readonly Plan[],
  given: Float32Array,
  from: Uint32Array,
  to: Uint32Array,
  of: (plan: Plan) => (values: Float32Array, width: number, out: Float32Array) => Steps<void>,
): Steps<Float32Array> {
  const values = plainArray(given, Float32Array, 'values');
  if (values === null) throw invalidArgument('values', 'a Float32Array', given);
  const width = values.length / from[plans.length];
  if (!Number.isInteger(width)) {
    throw unexpected('values', `the same number of numbers for each of ${from[plans.length]} tokens`, `${values.length} numbers`);
  }
  const out = unfilledFloats(to[plans.length] * width);
  for (const [i, plan] of plans.entries()) {
    yield* of(plan)(values.subarray(from[i] * width, from[i + 1] * width), width, out.subarray(to[i] * width, to[i + 1] * width));
  }
  return out;
}

function joined<Numbers extends Float32Array | Float64Array | Uint32Array>(parts: readonly Numbers[], out: Numbers): Numbers {
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

function keptOfPlans(plans: readonly Plan[], count: number, { data, width, keep }: Positions): Float64Array {
  const parts = plans.map((plan, i) =>
    keptPositions({ data: data.subarray(i * count * width, (i + 1) * count * width), width, keep }, plan.source, plan.count),
  );
  return joined(parts, new Float64Array(parts.reduce((total, part) => total + part.length, 0)));
}

function matchingTask(protect: ArrayLike<number> | undefined, { metric, weights }: Task): MatchingTask {
  const mask = new Uint8Array(metric.count);
  const list = protect === undefined ? [] : listOf(protect, 'protect');
  for (let i = 0; i < list.length; i++) mask[whole(list[i], 'protect', 0, metric.count - 1)] = 1;
  return { metric, weights, protected: mask };
}

/** Several reductions one after the other, as one. */
import { describeShape, isShape, listOf, objectOf } from '../arguments';
import { unexpected } from '../errors';
import { keptPositions, positionsOf } from './positions';
import type { Kernels } from '../backend/kernels';
import { selectKernels } from '../backend/select';
import { runSteps, runStepsInBackground, type Steps } from '../clustering/steps';
import { ownTokens, withOwnMetric } from './own-tokens';
import { reducing, type ReductionControl } from './reduce';
import type { ReduceOptions, Reduction, TokenBatch } from './types';

/**
 * Reduces tokens of one sequence step by step, each step the result of the one before (with its sizes, where the operator takes them). The contract is that of
 * one reduction: `merge`, `unmerge`, `source` and `size` go all the way. `positions` are taken from the first step's options.
 */
export function cascade(tokens: TokenBatch, steps: readonly ReduceOptions[]): Reduction {
  return runSteps(reducingRepeatedly(tokens, steps), kernelsOf(steps));
}

/** The same in the background, as {@link reduceAsync} does it. `onProgress`: how many of the steps are done. */
export async function cascadeAsync(
  tokens: TokenBatch,
  steps: readonly ReduceOptions[],
  control: ReductionControl = {},
): Promise<Reduction> {
  const { signal, onProgress } = objectOf(control, 'control');
  const kernels = kernelsOf(steps);
  const [own, given] = await Promise.all([
    ownTokens(tokens, 'tokens', signal),
    Promise.all(steps.map((step) => withOwnMetric(step, signal))),
  ]);
  return runStepsInBackground(reducingRepeatedly(own, given, onProgress), kernels, signal);
}

/** What the first step asks for. Throws INVALID_ARGUMENT unless there are steps. */
function kernelsOf(steps: readonly ReduceOptions[]): Kernels {
  if (listOf(steps, 'steps').length === 0) throw unexpected('steps', 'at least one', 'none');
  for (let i = 0; i < steps.length; i++) objectOf(steps[i], `steps[${i}]`);
  return selectKernels(steps[0].backend);
}

function* reducingRepeatedly(
  tokens: TokenBatch,
  steps: readonly ReduceOptions[],
  onProgress?: ReductionControl['onProgress'],
): Steps<Reduction> {
  const { dims } = objectOf(tokens, 'tokens');
  if (!isShape(dims, [2], 1)) throw unexpected('tokens.dims', '[tokens, length]: a cascade takes one sequence', describeShape(dims));
  const positions = positionsOf(steps[0], dims[0]);
  const reductions: Reduction[] = [];
  let current: TokenBatch = tokens;
  for (const step of steps) {
    const before = reductions.at(-1);
    const { positions: _kept, ...options } = step;
    const sized = before === undefined || !takesSizes(step) ? options : { ...options, size: before.size };
    const reduction = yield* reducing(current, sized);
    reductions.push(
      before === undefined || takesSizes(step) ? reduction : { ...reduction, size: sizesAfter(step, reduction, before.size) },
    );
    current = reduction.tokens;
    onProgress?.(reductions.length, steps.length);
  }
  const last = reductions[reductions.length - 1];
  const source = reductions.slice(1).reduce((so, { source: next }) => so.map((target) => next[target]), reductions[0].source);
  return {
    ...last,
    source,
    merge: (values) => reductions.reduce((so, reduction) => reduction.merge(so), values),
    unmerge: (values) => reductions.reduceRight((so, reduction) => reduction.unmerge(so), values),
    async mergeAsync(values, control) {
      for (const reduction of reductions) values = await reduction.mergeAsync(values, control);
      return values;
    },
    async unmergeAsync(values, control) {
      for (const reduction of [...reductions].reverse()) values = await reduction.unmergeAsync(values, control);
      return values;
    },
    positions: positions === null ? null : keptPositions(positions, source, last.size.length),
  };
}

function takesSizes({ method }: ReduceOptions): boolean {
  return method !== 'visionzip' && method !== 'expedit';
}

/** What tokens stand for after a step that does not take sizes. */
function sizesAfter({ method }: ReduceOptions, { source, size, merge }: Reduction, before: Float32Array): Float32Array {
  // Cells of Expedit are means with weights that sum to their size.
  if (method === 'expedit') return merge(before).map((mean, cell) => mean * size[cell]);
  const sums = new Float32Array(size.length);
  source.forEach((target, token) => (sums[target] += before[token]));
  return sums;
}

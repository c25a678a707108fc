/** Runs of a merger, at once or in turns with other work of the thread. */
import { aborted } from '../../../errors';
import type { MergedTokens, PairJudge, TokenMergeRun } from '../../dynamic-kernels';
import { yieldToEventLoop } from '../event-loop';
import { BatchMerger } from './batch-merger';
import type { MergerVocabulary } from './merger-vocabulary';

const SLICE_MILLISECONDS = 5;

export function mergeTokens(vocabulary: MergerVocabulary, run: TokenMergeRun, judge: PairJudge): MergedTokens {
  const steps = new BatchMerger(vocabulary, run).merge();
  let step = steps.next();
  while (step.done !== true) step = step.value === null ? steps.next() : steps.next(judge(step.value));
  return step.value;
}

export async function mergeTokensAsync(
  vocabulary: MergerVocabulary,
  run: TokenMergeRun,
  judge: PairJudge,
  signal: AbortSignal | undefined,
): Promise<MergedTokens> {
  if (signal?.aborted) throw aborted(signal);
  const steps = new BatchMerger(vocabulary, run).merge();
  let sliceStart = performance.now();
  let step = steps.next();
  while (step.done !== true) {
    if (performance.now() - sliceStart >= SLICE_MILLISECONDS) {
      await yieldToEventLoop();
      if (signal?.aborted) throw aborted(signal);
      sliceStart = performance.now();
    }
    step = step.value === null ? steps.next() : steps.next(judge(step.value));
  }
  return step.value;
}

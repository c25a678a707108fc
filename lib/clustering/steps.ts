/** Work in steps: run at once, or in the background with time for other work in between. */
import { requireSignal } from '../arguments';
import { yieldToEventLoop } from '../backend/js/event-loop';
import type { ClusteringControl } from '../backend/clustering-kernels';
import type { Kernels } from '../backend/kernels';
import type { ReductionCall, ReductionCalls } from '../backend/reduction-kernels';
import { aborted } from '../errors';

/** Kernels that are done when they return, or when their promise is. */
export type StepKernels = {
  readonly [Name in ReductionCall]: (...call: Parameters<ReductionCalls[Name]>) => void | Promise<void>;
} & {
  readonly leadingEigenvectors: (
    ...call: [...Parameters<Kernels['leadingEigenvectors']>, control: ClusteringControl]
  ) => void | Promise<void>;
  readonly linkClusters: (...call: [...Parameters<Kernels['linkClusters']>, control: ClusteringControl]) => void | Promise<void>;
  readonly silhouettes: (...call: [...Parameters<Kernels['silhouettes']>, control: ClusteringControl]) => void | Promise<void>;
};

/** A call of a kernel; null: a pause in work of JavaScript. */
export type Step = ((kernels: StepKernels, signal: AbortSignal | undefined) => void | Promise<void>) | null;

export type Steps<Result> = Generator<Step, Result, void>;

/** Milliseconds that work of JavaScript goes on without a pause. */
const TURN = 1;

/** `kernels`: null for steps that call none. */
export function runSteps<Result>(steps: Steps<Result>, kernels: Kernels | null): Result {
  for (;;) {
    const next = steps.next();
    if (next.done === true) return next.value;
    void next.value?.(kernels!, undefined);
  }
}

/** Kernels whose promises are kept on other threads. */
const inBackground = (kernels: Kernels): StepKernels => ({
  ...kernels.background,
  leadingEigenvectors: (...call) => kernels.leadingEigenvectorsAsync(...call),
  linkClusters: (...call) => kernels.linkClustersAsync(...call),
  silhouettes: (...call) => kernels.silhouettesAsync(...call),
});

/** Rejects with ABORTED between two steps, and with INVALID_ARGUMENT for what is no signal. */
export async function runStepsInBackground<Result>(
  steps: Steps<Result>,
  kernels: Kernels | null,
  signal: AbortSignal | undefined,
): Promise<Result> {
  requireSignal(signal);
  const later = kernels === null ? null : inBackground(kernels);
  let begin = performance.now();
  for (;;) {
    if (signal?.aborted) throw aborted(signal);
    const next = steps.next();
    if (next.done === true) return next.value;
    if (next.value !== null) await next.value(later!, signal);
    else if (performance.now() - begin < TURN) continue;
    else await yieldToEventLoop();
    begin = performance.now();
  }
}

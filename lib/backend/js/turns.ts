/** Long work as a generator that stops now and then: to its end at once, or in turns with other work of the thread. */
import { aborted } from '../../errors';
import { yieldToEventLoop } from './event-loop';

const TURN_MILLISECONDS = 5;

export function atOnce<Result>(steps: Generator<void, Result>): Result {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** Rejects with ABORTED. */
export async function inTurns<Result>(steps: Generator<void, Result>, signal: AbortSignal | undefined): Promise<Result> {
  if (signal?.aborted) throw aborted(signal);
  let turnEnd = performance.now() + TURN_MILLISECONDS;
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    if (performance.now() < turnEnd) continue;
    await yieldToEventLoop();
    if (signal?.aborted) throw aborted(signal);
    turnEnd = performance.now() + TURN_MILLISECONDS;
  }
}

/** Reduction that lets other work of this thread run. */
import type { BackgroundKernels, ReductionCall, ReductionCalls } from '../../reduction-kernels';
import { yieldToEventLoop } from '../event-loop';

export function inBackground(calls: ReductionCalls): BackgroundKernels {
  const later =
    (name: ReductionCall) =>
    async (...call: never[]) => {
      await yieldToEventLoop();
      const run: (...call: never[]) => void = calls[name];
      run(...call);
    };
  return Object.fromEntries((Object.keys(calls) as ReductionCall[]).map((name) => [name, later(name)])) as unknown as BackgroundKernels;
}

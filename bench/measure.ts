/** Timing: medians of several runs, and the machine they were taken on. */
import { arch, cpus, platform, totalmem } from 'node:os';
import { monitorEventLoopDelay } from 'node:perf_hooks';

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** `wall`, or `cpu`: the time that the process was computing, garbage collection included, which other work on the machine disturbs less. */
export type Clock = 'wall' | 'cpu';

function milliseconds(clock: Clock): number {
  if (clock === 'wall') return performance.now();
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e3;
}

/** Milliseconds that `work` takes, and what it gave. */
export async function timed<T>(work: () => T | Promise<T>, clock: Clock = 'wall'): Promise<{ milliseconds: number; result: T }> {
  const start = milliseconds(clock);
  const result = await work();
  return { milliseconds: milliseconds(clock) - start, result };
}

/** Milliseconds that `work` takes. Its result is let go: what a caller's expression held stays alive until the caller's next one. */
export async function timeOf(work: () => unknown, clock: Clock = 'wall'): Promise<number> {
  const { milliseconds } = await timed(work, clock);
  return milliseconds;
}

/**
 * Lets results that nobody holds any more go, and their memory with them: in Python that happens by itself between two timings. Memory outside of
 * JavaScript's heap is given back in a turn of the event loop after the collection.
 */
export async function collectGarbage(): Promise<void> {
  for (let turn = 0; turn < 2; turn++) {
    globalThis.gc?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

export function megabytesPerSecond(bytes: number, milliseconds: number): number {
  return bytes / 1e6 / (milliseconds / 1e3);
}

/** The machine and the runtime, for the head of a report. */
export function machine(): string {
  const processors = cpus();
  return `${processors[0]?.model.trim() ?? 'unknown processor'}, ${processors.length} threads, ${(totalmem() / 2 ** 30).toFixed(0)} GiB, ${platform()} ${arch()}, Node ${process.version}`;
}

const RESOLUTION_MS = 1;

/** How long work takes, and percentiles of what the event loop is held up meanwhile: what `perf_hooks.monitorEventLoopDelay` measures beyond its own interval. Milliseconds. */
export async function loopDelay(work: () => Promise<unknown>): Promise<{ milliseconds: number; delay: (percentile: number) => number }> {
  const monitor = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  monitor.enable();
  // The delay is counted from the first turn of the loop on: what the call itself takes is to be part of it.
  await new Promise((resolve) => setTimeout(resolve, 50));
  const { milliseconds } = await timed(work);
  // What the last turn of the loop took is only known in the next.
  await new Promise((resolve) => setTimeout(resolve, 50));
  monitor.disable();
  return { milliseconds, delay: (percentile) => Math.max(0, monitor.percentile(percentile) / 1e6 - RESOLUTION_MS) };
}

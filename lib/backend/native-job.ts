/** Work on the addon's threads as promises. */
import { requireSignal } from '../arguments';
import { aborted } from '../errors';
import type { JobHandle, JobListener, NativeKernelAddon } from './addon-kernels';

export interface NativeJob<Handle> {
  readonly start: (listener: JobListener) => Handle;
  /** False: no thread has begun, and none will. */
  readonly cancel: (job: Handle) => boolean;
  /** Of a job that has ended. */
  readonly errorOf: (job: Handle) => Error | null;
  readonly progress?: ((done: number, job: Handle) => void) | undefined;
}

/**
 * Settles when no thread uses the job's arrays any more, after an abort too: the caller may do with them what it likes then. Rejects with ABORTED, with
 * what `progress` throws or with the job's own error.
 */
export function jobDone<Handle>({ start, cancel, errorOf, progress }: NativeJob<Handle>, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.reject(aborted(signal));
  return new Promise((resolve, reject) => {
    requireSignal(signal);
    let failure: { readonly error: unknown } | null = null;
    const job = start((finished, done) => {
      try {
        if (!finished && failure === null && !signal?.aborted) progress?.(done, job);
      } catch (error) {
        failure = { error };
        cancel(job);
      }
      if (!finished) return;
      signal?.removeEventListener('abort', abort);
      const error = errorOf(job);
      if (failure !== null) reject(failure.error);
      else if (signal?.aborted) reject(aborted(signal));
      else if (error !== null) reject(error);
      else resolve();
    });
    const abort = (): void => {
      if (!cancel(job)) reject(aborted(signal!));
    };
    signal?.addEventListener('abort', abort, { once: true });
  });
}

/** The same of jobs that any function of the addon takes; `explain`: the error for what such a job says that went wrong. */
export function addonJobDone(
  addon: NativeKernelAddon,
  start: (listener: JobListener) => JobHandle,
  explain: (message: string) => Error,
  signal?: AbortSignal,
  progress?: (done: number, job: JobHandle) => void,
): Promise<void> {
  const errorOf = (job: JobHandle): Error | null => {
    const message = addon.jobError(job);
    return message === null ? null : explain(message);
  };
  return jobDone({ start, cancel: (job) => addon.cancelJob(job), errorOf, progress }, signal);
}

/** Work on the addon's threads as promises. */
import { requireSignal } from '../arguments';
import { aborted } from '../errors';
import type { JobListener } from './addon-kernels';

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

/** Search on the addon's threads, as promises. The addon has addresses only: the arrays of a view are kept here. */
import { requireSignal } from '../arguments';
import { aborted, MerganserError } from '../errors';
import type { JobHandle, JobListener, NativeKernelAddon } from './addon-kernels';
import { notStorable } from './js/search/store-rows';
import type { SearchCall, SearchKernels, SearchSpec, SearchViewHandle, StoreControl } from './search-kernels';

/** Rejects with ABORTED, INVALID_ARGUMENT or OUT_OF_MEMORY, when the addon does not use the arrays any more. */
function jobDone(
  addon: NativeKernelAddon,
  { signal, onProgress }: StoreControl,
  start: (listener: JobListener) => JobHandle,
): Promise<void> {
  if (signal?.aborted) return Promise.reject(aborted(signal));
  return new Promise((resolve, reject) => {
    requireSignal(signal);
    const cancel = (): void => addon.cancelJob(job);
    let failure: unknown = null;
    const job = start((finished, points) => {
      try {
        if (!finished && failure === null && !signal?.aborted) onProgress?.(points);
      } catch (error) {
        failure = error;
        addon.cancelJob(job);
      }
      if (!finished) return;
      signal?.removeEventListener('abort', cancel);
      const message = addon.jobError(job);
      if (failure !== null) reject(failure);
      else if (signal?.aborted) reject(aborted(signal));
      else if (message !== null) reject(jobError(message));
      else resolve();
    });
    signal?.addEventListener('abort', cancel, { once: true });
  });
}

function jobError(message: string): Error {
  const [what, point] = message.split(': ');
  if (what === 'not finite' || what === 'too large') return notStorable(Number(point), what === 'too large' ? 'float16' : 'float32');
  return new MerganserError('OUT_OF_MEMORY', `Searching failed: ${message}.`);
}

export function searchKernels(addon: NativeKernelAddon): SearchKernels {
  const kept = new WeakMap<SearchViewHandle, SearchSpec>();
  /** The job holds the call, and so the arrays of the view. */
  const holding = (view: SearchViewHandle, search: SearchCall): SearchCall & { spec: SearchSpec } => ({ ...search, spec: kept.get(view)! });
  return {
    createSearchView: (spec) => {
      const view = addon.createSearchView(spec);
      kept.set(view, spec);
      return view;
    },
    storeRows: (view, stored, control) =>
      jobDone(addon, control, (listener) => addon.startStoring(view, stored, kept.get(view)!, listener)),
    searchLists: (view, search, out) => {
      try {
        addon.searchLists(view, search, out);
      } catch (error) {
        throw jobError(String((error as { message?: unknown }).message));
      }
    },
    searchListsAsync: (view, search, out, signal) =>
      jobDone(addon, { signal }, (listener) => addon.startSearch(view, holding(view, search), out, listener)),
  };
}

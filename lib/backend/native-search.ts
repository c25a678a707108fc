/** Search on the addon's threads, as promises. The addon has addresses only: the arrays of a view are kept here. */
import { MerganserError } from '../errors';
import type { JobHandle, JobListener, NativeKernelAddon } from './addon-kernels';
import { notStorable } from './js/search/store-rows';
import { addonJobDone } from './native-job';
import type { SearchCall, SearchKernels, SearchSpec, SearchViewHandle, StoreControl } from './search-kernels';

/** Rejects with ABORTED, INVALID_ARGUMENT or OUT_OF_MEMORY. */
function searchDone(
  addon: NativeKernelAddon,
  { signal, onProgress }: StoreControl,
  start: (listener: JobListener) => JobHandle,
): Promise<void> {
  return addonJobDone(addon, start, jobError, signal, onProgress);
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
      searchDone(addon, control, (listener) => addon.startStoring(view, stored, kept.get(view)!, listener)),
    searchLists: (view, search, out) => {
      try {
        addon.searchLists(view, search, out);
      } catch (error) {
        throw jobError(String((error as { message?: unknown }).message));
      }
    },
    searchListsAsync: (view, search, out, signal) =>
      searchDone(addon, { signal }, (listener) => addon.startSearch(view, holding(view, search), out, listener)),
  };
}

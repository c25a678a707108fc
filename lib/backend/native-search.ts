/** Search on the addon's threads; until its kernels are there, the TypeScript ones. */
import type { NativeKernelAddon } from './addon-kernels';
import { searchLists, searchListsAsync } from './js/search/search-lists';
import { storeRows } from './js/search/store-rows';
import type { SearchKernels, SearchSpec, SearchViewHandle } from './search-kernels';

export function searchKernels(_addon: NativeKernelAddon): SearchKernels {
  const specOf = (view: SearchViewHandle): SearchSpec => (view as unknown as { spec: SearchSpec }).spec;
  return {
    createSearchView: (spec) => ({ spec }) as unknown as SearchViewHandle,
    storeRows: (view, call, control) => storeRows(specOf(view), call, control),
    searchLists: (view, call, out) => searchLists(specOf(view), call, out),
    searchListsAsync: (view, call, out, signal) => searchListsAsync(specOf(view), call, out, signal),
  };
}

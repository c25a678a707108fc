/** An index as the contents of a file, and back. */
import type { PointArray } from '../backend/clustering-kernels';
import type { Kernels } from '../backend/kernels';
import { PAGE_SLOTS, type SlotRows } from '../backend/search-kernels';
import { unexpected } from '../errors';
import { SPREAD_WEIGHTS } from './lists';
import { damaged, type IndexArray, type IndexContents } from './index-format';
import { slotsOf, tablesOf, type ListTables } from './page-lists';
import { codeBytes, SlotStorage, type SlotLayout } from './slot-storage';
import type { IndexState } from './state';
import type { CalibrationPoint, VectorMetric, VectorStorage } from './types';

interface Facts {
  readonly kind: 'exact' | 'inverted-file';
  readonly metric: VectorMetric;
  readonly dims: number;
  readonly storage: VectorStorage;
  readonly exact: SlotLayout['exact'];
  /** Whether candidates are scored once more by the caller's vectors. */
  readonly source: boolean;
  readonly probes: number;
  /** Files of before have none. */
  readonly spreadWeight?: number;
  readonly calibration: readonly CalibrationPoint[];
}

/** Arrays as large as the vectors: a mapped file is not read for their checksums. */
export const LARGE_ARRAYS: readonly string[] = ['rows', 'rowScales', 'exact', 'bits', 'factors', 'ids'];

export function contentsOf(state: IndexState): IndexContents {
  const { storage, tables, centroids, kind, metric, source, probes, spreadWeight, calibration } = state;
  const { layout, rows, exact, codes, ids } = storage;
  const facts: Facts = {
    kind,
    metric,
    dims: layout.dims,
    storage: layout.storage,
    exact: layout.exact,
    source: source !== null,
    probes,
    spreadWeight,
    calibration,
  };
  const arrays: Record<string, IndexArray | null | undefined> = {
    pages: tables.pages,
    pageOffsets: tables.pageOffsets,
    sizes: tables.sizes,
    ids,
    rows: rows.data,
    rowScales: rows.scales,
    exact: exact?.data,
    bits: codes?.bits,
    factors: codes?.factors,
    centre: codes?.centre,
    signs: codes?.signs,
    centroids: centroids?.data,
    centroidRows: centroids?.rows.data,
    centroidScales: centroids?.rows.scales,
    biases: centroids?.biases,
    spreads: centroids?.spreads,
  };
  const there = Object.entries(arrays).filter((entry): entry is [string, IndexArray] => entry[1] != null);
  return { facts: { ...facts }, arrays: Object.fromEntries(there) };
}

/** Throws MALFORMED_FILE if the arrays do not belong together, INVALID_ARGUMENT if the vectors to score once more by are missing or do not fit. */
export function stateOf({ facts, arrays }: IndexContents, kernels: Kernels, source: PointArray | null): IndexState {
  const { kind, metric, dims, storage: type, exact, source: wanted, probes, calibration } = facts as unknown as Facts;
  const { spreadWeight = SPREAD_WEIGHTS[metric] } = facts as unknown as Facts;
  if (wanted !== (source !== null))
    throw unexpected('rescore', wanted ? 'the vectors that the index was built with' : 'left out', wanted ? 'none' : 'some');
  if (source !== null && source.dims !== dims) throw unexpected('rescore', `vectors of ${dims} numbers`, `vectors of ${source.dims}`);
  const array = <T extends IndexArray>(name: string, length: number): T => {
    const found = arrays[name];
    if (found?.length !== length) throw damaged(`${length} numbers as ${name}`, `${found?.length ?? 'none'}`);
    return found as T;
  };
  const slots = arrays['ids']?.length ?? 0;
  const lists = arrays['sizes']?.length ?? 0;
  const tables = tablesOf(array('pages', arrays['pages']?.length ?? 0), array('pageOffsets', lists + 1), array('sizes', lists));
  checkTables(tables, slots / PAGE_SLOTS);
  const rowsOf = (name: string, of: VectorStorage, count: number, scales: string): SlotRows => ({
    type: of,
    data: array<Exclude<IndexArray, Uint8Array | Uint32Array>>(name, count * dims),
    scales: of === 'int8' ? array(scales, 2 * count) : null,
  });
  const coded = arrays['bits'] !== undefined;
  const code = coded ? { centre: array<Float32Array>('centre', dims), signs: array<Float32Array>('signs', 4 * dims) } : null;
  const storage = new SlotStorage({ dims, storage: type, exact, code }, 0);
  const pages = slots / PAGE_SLOTS;
  storage.rows = rowsOf('rows', type, slots, 'rowScales');
  storage.exact = exact === null ? null : rowsOf('exact', exact, slots, '');
  storage.codes = code && { ...code, bits: array('bits', codeBytes(dims) * pages), factors: array('factors', 2 * slots) };
  storage.ids = array('ids', slots);
  const centroids =
    kind === 'exact'
      ? null
      : {
          data: array<Float32Array>('centroids', lists * dims),
          rows: rowsOf('centroidRows', 'int8', lists, 'centroidScales'),
          biases: array<Float32Array>('biases', lists),
          spreads: array<Float32Array>('spreads', lists),
        };
  if (coded && centroids === null) throw damaged('centroids beside its codes', 'none');
  if (source !== null) {
    for (const slot of slotsOf(tables)) {
      if (storage.ids[slot] >= source.count)
        throw unexpected('rescore', `vectors for all ids`, `${source.count}, without one for ${storage.ids[slot]}`);
    }
  }
  return { kernels, kind, metric, storage, tables, centroids, spreadWeight, source, probes, calibration };
}

function checkTables({ pages, pageOffsets, sizes }: ListTables, pageCount: number): void {
  const used = new Uint8Array(Math.ceil(pageCount));
  const wrong = damaged('lists of its pages', 'others');
  if (!Number.isInteger(pageCount) || sizes.length === 0 || pageOffsets[0] !== 0 || pageOffsets[sizes.length] !== pages.length) throw wrong;
  for (let list = 0; list < sizes.length; list++) {
    if (pageOffsets[list + 1] < pageOffsets[list] || pageOffsets[list + 1] - pageOffsets[list] !== Math.ceil(sizes[list] / PAGE_SLOTS))
      throw wrong;
  }
  for (const page of pages) {
    if (page >= pageCount || used[page]++ > 0) throw wrong;
  }
}

/** An index as the contents of a file, and back. */
import type { PointArray } from '../backend/clustering-kernels';
import type { Kernels } from '../backend/kernels';
import { PAGE_SLOTS, type SlotRows } from '../backend/search-kernels';
import { unexpected } from '../errors';
import { SPREAD_WEIGHTS } from './lists';
import { damaged, isWhole, type IndexArray, type IndexContents } from './index-format';
import { METRICS, MOST_DIMS, STORAGES } from './options';
import { slotsOf, tablesOf, type ListTables } from './page-lists';
import { codeBytes, ROW_ARRAYS, SlotStorage, type SlotLayout } from './slot-storage';
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
  const lists = arrays['sizes']?.length ?? 0;
  const { kind, metric, dims, storage: type, exact, source: wanted, probes, calibration, spreadWeight } = checkedFacts(facts, lists);
  if (wanted !== (source !== null))
    throw unexpected('rescore', wanted ? 'the vectors that the index was built with' : 'left out', wanted ? 'none' : 'some');
  if (source !== null && source.dims !== dims) throw unexpected('rescore', `vectors of ${dims} numbers`, `vectors of ${source.dims}`);
  const array = <T extends IndexArray>(name: string, Type: new (length: number) => T, length: number): T => {
    const found = arrays[name];
    if (!(found instanceof Type) || found.length !== length)
      throw damaged(`${length} numbers as ${name}, in a ${Type.name}`, `${found?.length ?? 'none'}`);
    return found;
  };
  const slots = arrays['ids']?.length ?? 0;
  const tables = tablesOf(
    array('pages', Uint32Array, arrays['pages']?.length ?? 0),
    array('pageOffsets', Uint32Array, lists + 1),
    array('sizes', Uint32Array, lists),
  );
  checkTables(tables, slots / PAGE_SLOTS);
  const rowsOf = (name: string, of: VectorStorage, count: number, scales: string): SlotRows => ({
    type: of,
    data: array<Float32Array | Uint16Array | Int8Array>(name, ROW_ARRAYS[of], count * dims),
    scales: of === 'int8' ? array(scales, Float32Array, 2 * count) : null,
  });
  const coded = arrays['bits'] !== undefined;
  const code = coded ? { centre: array('centre', Float32Array, dims), signs: array('signs', Float32Array, 4 * dims) } : null;
  const storage = new SlotStorage({ dims, storage: type, exact, code }, 0);
  const pages = slots / PAGE_SLOTS;
  storage.rows = rowsOf('rows', type, slots, 'rowScales');
  storage.exact = exact === null ? null : rowsOf('exact', exact, slots, '');
  storage.codes = code && {
    ...code,
    bits: array('bits', Uint8Array, codeBytes(dims) * pages),
    factors: array('factors', Float32Array, 2 * slots),
  };
  storage.ids = array('ids', Uint32Array, slots);
  const centroids =
    kind === 'exact'
      ? null
      : {
          data: array('centroids', Float32Array, lists * dims),
          rows: rowsOf('centroidRows', 'int8', lists, 'centroidScales'),
          biases: array('biases', Float32Array, lists),
          spreads: array('spreads', Float32Array, lists),
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

function checkedFacts(facts: Readonly<Record<string, unknown>>, lists: number): Required<Facts> {
  const { kind, metric, dims, storage, exact, source, probes, calibration } = facts as Partial<Facts>;
  if (!METRICS.includes(metric!)) throw damaged('a known metric', 'another');
  const { spreadWeight = SPREAD_WEIGHTS[metric!] } = facts as Partial<Facts>;
  const ofLists = (some: unknown): boolean => isWhole(some) && some >= 1 && some <= lists;
  const fits =
    (kind === 'exact' || kind === 'inverted-file') &&
    isWhole(dims) &&
    dims >= 1 &&
    dims <= MOST_DIMS &&
    STORAGES.includes(storage!) &&
    (exact === null || (exact !== ('int8' as unknown) && STORAGES.includes(exact!))) &&
    typeof source === 'boolean' &&
    ofLists(probes) &&
    Number.isFinite(spreadWeight) &&
    Array.isArray(calibration) &&
    (calibration as Array<Partial<CalibrationPoint> | null>).every((point) => ofLists(point?.probes) && Number.isFinite(point?.recall));
  if (!fits) throw damaged('known settings', 'others');
  return { ...(facts as unknown as Facts), spreadWeight };
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

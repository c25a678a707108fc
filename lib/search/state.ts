/** What an index consists of. */
import type { PointArray } from '../backend/clustering-kernels';
import type { Kernels } from '../backend/kernels';
import type { ListCentroids, SearchSpec } from '../backend/search-kernels';
import type { ListTables } from './page-lists';
import type { SlotStorage } from './slot-storage';
import type { CalibrationPoint, VectorMetric } from './types';

export interface IndexState {
  readonly kernels: Kernels;
  readonly kind: 'exact' | 'inverted-file';
  readonly metric: VectorMetric;
  readonly storage: SlotStorage;
  readonly tables: ListTables;
  readonly centroids: ListCentroids | null;
  /** What the centroids' spreads were multiplied with. */
  readonly spreadWeight: number;
  /** The caller's vectors for scoring once more. */
  readonly source: PointArray | null;
  /** Lists that a search goes through unless it says otherwise. */
  readonly probes: number;
  readonly calibration: readonly CalibrationPoint[];
}

/** The index as kernels see it. */
export function specOf({ storage, tables, metric, centroids, source }: IndexState): SearchSpec {
  const { rows, ids, codes, exact, layout } = storage;
  return {
    dims: layout.dims,
    score: metric === 'l2' ? 'l2' : 'dot',
    rows,
    ids,
    pages: tables.pages,
    pageOffsets: tables.pageOffsets,
    sizes: tables.sizes,
    centroids,
    codes,
    exact:
      source !== null
        ? { rows: { data: source.data, type: source.type, scales: null }, byId: true }
        : exact && { rows: exact, byId: false },
  };
}

/** Bytes of all arrays, but for the caller's. */
export function bytesOf({ storage, tables, centroids }: IndexState): number {
  const { rows, exact, codes, ids } = storage;
  const { pages, pageOffsets, sizes } = tables;
  const stored = [rows, exact, centroids?.rows].flatMap((each) => (each ? [each.data, each.scales] : []));
  const arrays = [...stored, ids, codes?.bits, codes?.factors, centroids?.data, pages, pageOffsets, sizes];
  return arrays.reduce((sum, array) => sum + (array?.byteLength ?? 0), 0);
}

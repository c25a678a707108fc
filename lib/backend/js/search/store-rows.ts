/** Putting vectors into the slots of an index. */
import { GREATEST_SQUARE } from '../../../clustering/greatest-square';
import { aborted, unexpected } from '../../../errors';
import { fromBfloat16, fromFloat16 } from '../../half-floats';
import type { SearchSpec, StoreCall, StoreControl } from '../../search-kernels';
import { yieldToEventLoop } from '../event-loop';
import { encodeRow } from './binary-codes';
import { writeRow } from './slot-rows';

const ROWS_AT_A_TIME = 256;

/** The error for a vector that cannot be stored. */
export function notStorable(point: number, type: string): Error {
  const limit = type === 'float16' ? ', beyond 65504' : '';
  return unexpected('vectors', 'finite numbers', `a vector that is infinite, NaN, longer than 3e18${limit} as number ${point}`);
}

export async function storeRows(
  spec: SearchSpec,
  { points, slots, lists, unitLength }: StoreCall,
  { signal, onProgress }: StoreControl,
): Promise<void> {
  const { dims, rows, exact, codes, centroids, score } = spec;
  const row = new Float32Array(dims);
  const widen = points.type === 'float32' ? null : points.type === 'float16' ? fromFloat16 : fromBfloat16;
  for (let point = 0; point < points.count; point++) {
    if (point % ROWS_AT_A_TIME === ROWS_AT_A_TIME - 1) {
      onProgress?.(point);
      await yieldToEventLoop();
    }
    if (signal?.aborted) throw aborted(signal);
    const from = (points.rows === null ? point : points.rows[point]) * dims;
    let square = 0;
    for (let i = 0; i < dims; i++) {
      row[i] = widen === null ? points.data[from + i] : widen(points.data[from + i]);
      square += row[i] * row[i];
    }
    if (!(square < GREATEST_SQUARE)) throw notStorable(point, rows.type);
    if (unitLength && square > 0) {
      const scale = 1 / Math.sqrt(square);
      for (let i = 0; i < dims; i++) row[i] *= scale;
    }
    const slot = slots[point];
    const stored = writeRow(rows, slot, row) && (exact === null || exact.byId || writeRow(exact.rows, slot, row));
    if (!stored) throw notStorable(point, 'float16');
    if (codes === null) continue;
    const list = lists === null ? 0 : lists[point];
    encodeRow(codes, slot, row, centroids!.data.subarray(list * dims, (list + 1) * dims), score);
  }
}

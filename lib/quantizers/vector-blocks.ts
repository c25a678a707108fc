/** Vectors block by block, as numbers in single precision: no copy of the whole is made, and other work can run in between. */
import { yieldToEventLoop } from '../backend/js/event-loop';
import type { PointArray } from '../backend/clustering-kernels';
import { GREATEST_SQUARE } from '../clustering/greatest-square';
import { copyRow, pointsOf, type Vectors } from '../clustering/matrix';
import { aborted, unexpected } from '../errors';
import { requireLength } from '../own-array';

/** Numbers of a block. */
const BLOCK_NUMBERS = 1 << 18;

interface BlockOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}

/** Rows of a block of vectors that have `dims` numbers each. */
export function blockRows(dims: number): number {
  return Math.max(1, Math.floor(BLOCK_NUMBERS / dims));
}

/** Calls `visit` for the rows [first, first + rows) of `count`, lets other work run after each, and reports. Rejects with ABORTED. */
export async function eachBlock(
  count: number,
  rowsOfBlock: number,
  { signal, onProgress }: BlockOptions,
  visit: (first: number, rows: number) => void | Promise<void>,
): Promise<void> {
  for (let first = 0; first < count; first += rowsOfBlock) {
    if (signal?.aborted) throw aborted(signal);
    const rows = Math.min(rowsOfBlock, count - first);
    await visit(first, rows);
    onProgress?.(first + rows, count);
    await yieldToEventLoop();
  }
  if (signal?.aborted) throw aborted(signal);
}

/** Vectors of the length that a quantizer has. Throws INVALID_ARGUMENT. */
export function vectorsOfLength(vectors: Vectors, dims: number): PointArray {
  const points = pointsOf(vectors, 'vectors');
  if (points.dims !== dims) throw unexpected('vectors', `vectors of ${dims} numbers, as the quantizer has`, `vectors of ${points.dims}`);
  return points;
}

/** Throws INVALID_ARGUMENT if the vectors' memory was taken away since they were checked. */
export function requireWhole({ data, count, dims }: PointArray): void {
  requireLength(data, count * dims, 'vectors');
}

/** Copies rows; throws INVALID_ARGUMENT, naming the first vector that is not finite. */
export function readBlock(points: PointArray, first: number, rows: number): Float32Array {
  requireWhole(points);
  const { dims } = points;
  const out = new Float32Array(rows * dims);
  if (points.type === 'float32') out.set(points.data.subarray(first * dims, (first + rows) * dims));
  for (let row = 0; row < rows; row++) {
    if (points.type !== 'float32') copyRow(points, first + row, out, row * dims);
    let square = 0;
    for (let at = row * dims; at < (row + 1) * dims; at++) square += out[at] * out[at];
    if (!(square < GREATEST_SQUARE))
      throw unexpected('vectors', 'finite numbers', `a vector that is infinite, NaN or longer than 3e18 as number ${first + row}`);
  }
  return out;
}

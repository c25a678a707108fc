/** Reads rows of any element type as numbers. */
import type { ElementType, HeadRows, QueryRows } from '../../attention-kernels';
import { fromBfloat16, fromFloat16 } from '../../half-floats';

export function readNumbers(data: Float32Array | Uint16Array, type: ElementType, from: number, out: Float64Array): void {
  if (type === 'float32') for (let i = 0; i < out.length; i++) out[i] = data[from + i];
  else if (type === 'bfloat16') for (let i = 0; i < out.length; i++) out[i] = fromBfloat16(data[from + i]);
  else for (let i = 0; i < out.length; i++) out[i] = fromFloat16(data[from + i]);
}

export function rowStart(rows: HeadRows, sequence: number, head: number, row: number): number {
  return rows.starts[sequence] + head * rows.headStride + row * rows.rowStride;
}

/** The queries of a unit: those of all heads of the group, head by head. */
export interface UnitQuery {
  /** Query head. */
  readonly head: number;
  readonly row: number;
  readonly numbers: Float64Array;
}

export function unitQueries(
  queries: QueryRows,
  group: number,
  { sequence, head, from, to }: { sequence: number; head: number; from: number; to: number },
  step = 1,
): UnitQuery[] {
  const found: UnitQuery[] = [];
  for (let member = head * group; member < (head + 1) * group; member++) {
    for (let row = from; row < to; row += step) {
      const numbers = new Float64Array(queries.dims);
      readNumbers(queries.data, queries.type, rowStart(queries, sequence, member, row), numbers);
      found.push({ head: member, row, numbers });
    }
  }
  return found;
}

export function product(left: Float64Array, right: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < right.length; i++) sum += left[i] * right[i];
  return sum;
}

/** Rows of embedding tables. Twin of native/include/merganser/dynamic/rows.hpp. */
import type { RowSums } from '../../dynamic-kernels';

export function sumRows({ table, width, parts, offsets, weights }: RowSums, out: Float32Array): void {
  const sums = new Float64Array(width);
  for (let row = 0; row + 1 < offsets.length; row++) {
    sums.fill(0);
    for (let part = offsets[row]; part < offsets[row + 1]; part++) {
      const from = parts[part] * width;
      const weight = weights === null ? 1 : weights[part];
      for (let i = 0; i < width; i++) sums[i] += weight * table[from + i];
    }
    const count = weights === null ? Math.max(1, offsets[row + 1] - offsets[row]) : 1;
    for (let i = 0; i < width; i++) out[row * width + i] = sums[i] / count;
  }
}

export function gatherRows(first: Float32Array, second: Float32Array, width: number, rows: Uint32Array, out: Float32Array): void {
  const height = first.length / width;
  for (let i = 0; i < rows.length; i++) {
    const [table, row] = rows[i] < height ? [first, rows[i]] : [second, rows[i] - height];
    out.set(table.subarray(row * width, (row + 1) * width), i * width);
  }
}

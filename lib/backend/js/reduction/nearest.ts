/** Which rows are near to which, in TypeScript: sums in double precision. */
import type { RowSelection } from '../../reduction-kernels';
import { products } from '../clustering/products';

function count({ values, rows }: RowSelection, dims: number): number {
  return rows === null ? values.length / dims : rows.length;
}

function rowOf({ values, rows }: RowSelection, i: number, dims: number): Float32Array {
  const row = rows === null ? i : rows[i];
  return values.subarray(row * dims, (row + 1) * dims);
}

/** The selected rows back to back, and their squared lengths. */
function staged(selection: RowSelection, dims: number): { rows: Float32Array; squares: Float64Array } {
  const total = count(selection, dims);
  const rows = selection.rows === null ? selection.values : new Float32Array(total * dims);
  const squares = new Float64Array(total);
  for (let i = 0; i < total; i++) {
    const row = rowOf(selection, i, dims);
    for (let k = 0; k < dims; k++) squares[i] += row[k] * row[k];
    if (selection.rows !== null) rows.set(row, i * dims);
  }
  return { rows, squares };
}

/** What a row is multiplied by to be of length 1, or stay 0; 0 also for rows so short that no float does. */
function unitScale(square: number): number {
  const scale = square > 0 ? Math.fround(1 / Math.sqrt(square)) : 0;
  return scale < Infinity ? scale : 0;
}

function unitRows(rows: Float32Array, squares: Float64Array, dims: number): Float32Array {
  const unit = new Float32Array(rows.length);
  for (let row = 0; row < squares.length; row++) {
    const scale = unitScale(squares[row]);
    for (let i = row * dims; i < (row + 1) * dims; i++) unit[i] = rows[i] * scale;
  }
  return unit;
}

export function nearestRows(
  left: RowSelection,
  right: RowSelection,
  dims: number,
  similarity: 'cosine' | 'euclidean',
  columns: Uint32Array,
  values: Float32Array | null,
): void {
  const unit = similarity === 'cosine';
  const { rows, squares } = staged(right, dims);
  // Of small numbers products would be too small for single precision.
  const others = unit ? unitRows(rows, squares, dims) : rows;
  const row = new Float32Array(squares.length);
  const scaled = new Float32Array(dims);
  for (let i = 0; i < columns.length; i++) {
    const own = rowOf(left, i, dims);
    let square = 0;
    for (let k = 0; k < dims; k++) square += own[k] * own[k];
    const scale = unit ? unitScale(square) : 1;
    for (let k = 0; k < dims; k++) scaled[k] = own[k] * scale;
    products(scaled, others, dims, row);
    let best = 0;
    let most = -Infinity;
    for (let j = 0; j < row.length; j++) {
      const score = unit ? row[j] : row[j] - squares[j] / 2;
      if (score > most) [best, most] = [j, score];
    }
    columns[i] = best;
    if (values !== null) values[i] = unit ? most : Math.max(0, square - 2 * most);
  }
}

/** Calls `visit` with the squared distances of each row of `left` to all of `right`; they are valid during the call. */
export function eachRowOfSquares(
  left: Float32Array,
  right: Float32Array,
  dims: number,
  visit: (row: number, squares: Float32Array) => void,
): void {
  const [own, others] = [staged({ values: left, rows: null }, dims).squares, staged({ values: right, rows: null }, dims).squares];
  const row = new Float32Array(others.length);
  for (let i = 0; i < own.length; i++) {
    products(left.subarray(i * dims, (i + 1) * dims), right, dims, row);
    for (let j = 0; j < row.length; j++) row[j] = Math.max(0, own[i] + others[j] - 2 * row[j]);
    visit(i, row);
  }
}

export function fewNearest(
  left: Float32Array,
  right: Float32Array,
  dims: number,
  few: number,
  columns: Uint32Array,
  squares: Float32Array,
): void {
  eachRowOfSquares(left, right, dims, (row, all) => {
    const values = squares.subarray(row * few, (row + 1) * few).fill(Infinity);
    const places = columns.subarray(row * few, (row + 1) * few);
    for (let j = 0; j < all.length; j++) {
      let at = few - 1;
      if (!(all[j] < values[at])) continue;
      for (; at > 0 && values[at - 1] > all[j]; at--) [values[at], places[at]] = [values[at - 1], places[at - 1]];
      [values[at], places[at]] = [all[j], j];
    }
  });
}

export function squaredDistances(values: Float32Array, dims: number, squares: Float32Array): void {
  const count = values.length / dims;
  eachRowOfSquares(values, values, dims, (row, all) => {
    for (let j = row + 1; j < count; j++) squares[row * count + j] = squares[j * count + row] = all[j];
    squares[row * (count + 1)] = 0;
  });
}

export function meanElu(values: Float32Array, dims: number, margin: number, means: Float64Array): void {
  // Of numbers as they are products may be too small or too large for single precision.
  const unit = unitRows(values, staged({ values, rows: null }, dims).squares, dims);
  const row = new Float32Array(means.length);
  for (let i = 0; i < means.length; i++) {
    products(unit.subarray(i * dims, (i + 1) * dims), unit, dims, row);
    let sum = 0;
    for (let j = 0; j < row.length; j++) {
      const x = row[j] - margin;
      sum += x > 0 ? x : Math.expm1(x);
    }
    means[i] = sum / means.length;
  }
}

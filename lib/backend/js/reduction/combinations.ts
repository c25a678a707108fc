/** Sums of rows with weights, and squared distances of chosen pairs, in TypeScript: sums in double precision, rounded once. */
import type { SparsePattern } from '../../reduction-kernels';

export function combineRows(
  { offsets, columns }: SparsePattern,
  weights: Float32Array,
  values: Float32Array,
  dims: number,
  out: Float32Array,
  greatest: Float32Array | null,
): void {
  const sum = new Float64Array(dims);
  // NaN stays.
  let most = 0;
  for (let row = 0; row + 1 < offsets.length; row++) {
    sum.fill(0);
    for (let entry = offsets[row]; entry < offsets[row + 1]; entry++) {
      const weight = weights[entry];
      for (let k = 0, from = columns[entry] * dims; k < dims; k++) {
        sum[k] += weight * values[from + k];
        if (greatest !== null) most = Math.max(most, Math.abs(values[from + k]));
      }
    }
    out.set(sum, row * dims);
  }
  if (greatest !== null) greatest[0] = most;
}

export function sparseSquares(
  { offsets, columns }: SparsePattern,
  left: Float32Array,
  right: Float32Array,
  dims: number,
  out: Float32Array,
): void {
  for (let row = 0; row + 1 < offsets.length; row++) {
    for (let entry = offsets[row]; entry < offsets[row + 1]; entry++) {
      let square = 0;
      for (let k = 0, from = row * dims, to = columns[entry] * dims; k < dims; k++) square += (left[from + k] - right[to + k]) ** 2;
      out[entry] = square;
    }
  }
}

export function softmaxRows(
  offsets: Uint32Array,
  squares: Float32Array,
  temperature: number,
  normalization: 'l1' | 'l2',
  weights: Float32Array,
): void {
  for (let row = 0; row + 1 < offsets.length; row++) {
    const [first, last] = [offsets[row], offsets[row + 1]];
    let least = Infinity;
    for (let entry = first; entry < last; entry++) if (squares[entry] < least) least = squares[entry];
    let sum = 0;
    for (let entry = first; entry < last; entry++) {
      const weight = Math.exp(-temperature * (squares[entry] - least));
      weights[entry] = weight;
      sum += normalization === 'l1' ? weight : weight * weight;
    }
    const divisor = normalization === 'l1' ? sum : Math.sqrt(sum);
    for (let entry = first; entry < last; entry++) weights[entry] /= divisor;
  }
}

export function rowLengths(values: Float32Array, dims: number, lengths: Float64Array): void {
  for (let row = 0; row < lengths.length; row++) lengths[row] = lengthOf(values, row, dims);
}

export function scaleToLengths(values: Float32Array, dims: number, lengths: Float64Array): void {
  for (let row = 0; row < lengths.length; row++) {
    const own = lengthOf(values, row, dims);
    const scale = own > 0 ? lengths[row] / own : 0;
    for (let i = row * dims; i < (row + 1) * dims; i++) values[i] *= scale;
  }
}

export function lengthOf(values: Float32Array, row: number, width: number): number {
  const end = (row + 1) * width;
  let i = row * width;
  // Four sums: one alone would wait for itself.
  let [a, b, c, d] = [0, 0, 0, 0];
  for (; i + 4 <= end; i += 4) {
    a += values[i] * values[i];
    b += values[i + 1] * values[i + 1];
    c += values[i + 2] * values[i + 2];
    d += values[i + 3] * values[i + 3];
  }
  for (; i < end; i++) a += values[i] * values[i];
  return Math.sqrt(a + c + (b + d));
}

export function greatestMagnitude(values: Float32Array, out: Float32Array): void {
  let greatest = 0;
  for (let i = 0; i < values.length; i++) {
    const magnitude = Math.abs(values[i]);
    if (magnitude > greatest) greatest = magnitude;
    else if (Number.isNaN(magnitude)) greatest = Infinity;
  }
  out[0] = greatest;
}

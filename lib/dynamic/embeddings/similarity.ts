/** Cosines between the rows of matrices, and weights out of them. All in double precision. */
import type { Matrix } from './matrix';

/** The length of each row. */
export function rowNorms({ data, rows, width }: Matrix): Float64Array {
  const norms = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    let sum = 0;
    for (let i = row * width; i < (row + 1) * width; i++) sum += data[i] * data[i];
    norms[row] = Math.sqrt(sum);
  }
  return norms;
}

/** Cosines of a row with all rows of another matrix of the same width; 0 where a row is all zeros. */
export function cosines(a: Matrix, row: number, b: Matrix, bNorms: Float64Array): Float64Array {
  const { width } = a;
  let own = 0;
  for (let i = 0; i < width; i++) own += a.data[row * width + i] ** 2;
  const norm = Math.sqrt(own);
  const result = new Float64Array(b.rows);
  for (let other = 0; other < b.rows; other++) {
    let sum = 0;
    for (let i = 0; i < width; i++) sum += a.data[row * width + i] * b.data[other * width + i];
    const product = norm * bNorms[other];
    result[other] = product > 0 ? sum / product : 0;
  }
  return result;
}

export function softmax(values: Float64Array, temperature = 1): Float64Array {
  const largest = values.reduce((most, value) => Math.max(most, value), -Infinity);
  const powers = values.map((value) => Math.exp((value - largest) / temperature));
  const sum = powers.reduce((total, value) => total + value, 0);
  return powers.map((value) => value / sum);
}

/**
 * The nearest point of the probability simplex: as softmax, but with zeros (Martins, Astudillo: From Softmax to Sparsemax, arXiv 1602.02068, algorithm 1).
 */
export function sparsemax(values: Float64Array): Float64Array {
  const sorted = values.slice().sort().reverse();
  let sum = 0;
  let threshold = 0;
  for (let k = 0; k < sorted.length; k++) {
    sum += sorted[k];
    if (1 + (k + 1) * sorted[k] <= sum) break;
    threshold = (sum - 1) / (k + 1);
  }
  return values.map((value) => Math.max(0, value - threshold));
}

/** Places of the largest values, the largest first; of equal ones the first. */
export function largest(values: Float64Array, count: number): number[] {
  const best: number[] = [];
  for (let i = 0; i < values.length; i++) {
    let at = best.length;
    while (at > 0 && values[best[at - 1]] < values[i]) at--;
    if (at >= count) continue;
    best.splice(at, 0, i);
    if (best.length > count) best.pop();
  }
  return best;
}

/** Cosines between the rows of matrices, and weights out of them. */
import { yieldToEventLoop } from '../../backend/js/event-loop';
import { selectKernels } from '../../backend/select';
import { MerganserError } from '../../errors';
import type { Matrix } from './matrix';

/** Rows whose directions are compared. */
export interface Directions {
  readonly matrix: Matrix;
  /** The length of each row. */
  readonly lengths: Float64Array;
}

/** Longest row: sums of products stay within single precision. */
const LONGEST = 1e30;
/** Multiplications of one call of the kernel: a fraction of a millisecond. */
const AT_ONCE = 1 << 21;
/** Cosines that are kept at a time. */
const MOST_KEPT = 1 << 21;
const MOST_ROWS = 64;

/** Throws INVALID_ARGUMENT for numbers that are not finite, and for rows longer than 10³⁰. */
export function directionsOf(name: string, matrix: Matrix): Directions {
  const { data, rows, width } = matrix;
  const lengths = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    let sum = 0;
    for (let i = row * width; i < (row + 1) * width; i++) sum += data[i] * data[i];
    lengths[row] = Math.sqrt(sum);
    if (!(lengths[row] <= LONGEST))
      throw new MerganserError(
        'INVALID_ARGUMENT',
        `Expected ${name} to hold finite numbers, but row ${row} has the length ${lengths[row]}.`,
      );
  }
  return { matrix, lengths };
}

/** The cosine of two rows; 0 where one is all zeros. In double precision. */
export function cosine(a: Directions, i: number, b: Directions, j: number): number {
  const { width } = a.matrix;
  let sum = 0;
  for (let at = 0; at < width; at++) sum += a.matrix.data[i * width + at] * b.matrix.data[j * width + at];
  const lengths = a.lengths[i] * b.lengths[j];
  return lengths > 0 ? sum / lengths : 0;
}

/**
 * Calls `use` for each of the first `count` rows with its cosines with all rows of another matrix of the same width, 0 where a row is all zeros. Products are the kernel's, in single
 * precision. Gives other work its turn; the array is used again.
 */
export async function forEachCosines(
  rows: Directions,
  count: number,
  others: Directions,
  use: (row: number, cosines: Float32Array) => void,
): Promise<void> {
  const most = Math.max(1, Math.min(MOST_ROWS, count, Math.floor(MOST_KEPT / others.lengths.length)));
  const kept = Array.from({ length: most }, () => new Float32Array(others.lengths.length));
  for (let from = 0; from < count; from += most) {
    const to = Math.min(count, from + most);
    await fillCosines(unitRows(rows, from, to), others, kept);
    for (let row = from; row < to; row++) {
      use(row, kept[row - from]);
      await yieldToEventLoop();
    }
  }
}

/** The few rows are packed by the kernel, and the many pass by in blocks. */
async function fillCosines(
  units: Float32Array,
  { matrix: { data, rows, width }, lengths }: Directions,
  kept: Float32Array[],
): Promise<void> {
  const kernels = selectKernels();
  const count = units.length / width;
  const block = Math.max(1, Math.floor(AT_ONCE / units.length));
  const products = new Float32Array(block * count);
  for (let from = 0; from < rows; from += block) {
    const to = Math.min(rows, from + block);
    kernels.products(data.subarray(from * width, to * width), units, width, products.subarray(0, (to - from) * count));
    for (let i = 0; i < count; i++) {
      const cosines = kept[i];
      for (let row = from; row < to; row++) cosines[row] = lengths[row] > 0 ? products[(row - from) * count + i] / lengths[row] : 0;
    }
    await yieldToEventLoop();
  }
}

/** Rows [from, to) at length 1; zeros stay. */
function unitRows({ matrix: { data, width }, lengths }: Directions, from: number, to: number): Float32Array {
  const units = data.slice(from * width, to * width);
  for (let i = 0; i < units.length; i++) units[i] /= lengths[from + Math.floor(i / width)] || 1;
  return units;
}

/** A weight above 0. */
export interface Share {
  readonly place: number;
  readonly weight: number;
}

export function softmax(values: Float64Array, temperature = 1): Float64Array {
  const largest = values.reduce((most, value) => Math.max(most, value), -Infinity);
  const powers = values.map((value) => Math.exp((value - largest) / temperature));
  const sum = powers.reduce((total, value) => total + value, 0);
  return powers.map((value) => value / sum);
}

/**
 * The nearest point of the probability simplex: as softmax, but with zeros, which are left out (Martins, Astudillo: From Softmax to Sparsemax, arXiv 1602.02068).
 */
export function sparsemax(values: Float32Array | Float64Array): Share[] {
  // Every round leaves out what lies below the threshold of the others, which rises (Michelot 1986): a few are enough.
  const counting = Uint32Array.from({ length: values.length }, (_, i) => i);
  for (let count = values.length; ;) {
    let sum = 0;
    for (let i = 0; i < count; i++) sum += values[counting[i]];
    const threshold = (sum - 1) / count;
    let rest = 0;
    for (let i = 0; i < count; i++) if (values[counting[i]] > threshold) counting[rest++] = counting[i];
    if (rest === count) return Array.from(counting.subarray(0, count), (place) => ({ place, weight: values[place] - threshold }));
    count = rest;
  }
}

/** Places of the largest values, the largest first; of equal ones the first. */
export function largest(values: Float32Array, count: number): number[] {
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

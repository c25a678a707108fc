import { blobs } from '../clustering/blobs';

export function dot(a: Float32Array, i: number, b: Float32Array, j: number, dims: number): number {
  let sum = 0;
  for (let k = 0; k < dims; k++) sum += a[i * dims + k] * b[j * dims + k];
  return sum;
}

/** Rows that are hard to tell apart by rounded ones. */
export const HARD = [
  ['blobs', (seed: number, count: number, dims: number) => blobs(seed, count, 20, dims, 0.4)],
  ['noise', (seed: number, count: number, dims: number) => blobs(seed, count, 1, dims, 3)],
  ['near ties', (seed: number, count: number, dims: number) => blobs(seed, count, 7, dims, 1e-6)],
  [
    'equal rows and zeros',
    (seed: number, count: number, dims: number) =>
      blobs(seed, count, 9, dims, 0).map((value, i) => (Math.floor(i / dims) % 11 === 0 ? 0 : value)),
  ],
  [
    'an outlier, large and small rows',
    (seed: number, count: number, dims: number) =>
      blobs(seed, count, 5, dims, 0.5).map((value, i) =>
        i === dims * 77 + 3 ? 1e4 : value * (Math.floor(i / dims) % 13 === 5 ? 1e-12 : 1),
      ),
  ],
  [
    'rows whose squares are 0 in single precision',
    (seed: number, count: number, dims: number) =>
      blobs(seed, count, 5, dims, 0.5).map((value, i) => value * 2 ** (Math.floor(i / dims) % 3 === 0 ? -105 : -72)),
  ],
] as const;

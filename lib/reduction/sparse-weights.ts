/** Weights of tokens for cells where most are zero. */
import type { SparsePattern } from '../backend/reduction-kernels';
import { membersOf } from '../clustering/members';

/** A pattern, token by token, and the same cell by cell. */
export interface TwoWayPattern {
  readonly byToken: SparsePattern;
  readonly byCell: SparsePattern;
  /** For each entry of `byCell` its place in `byToken`. */
  readonly places: Uint32Array;
}

/** `cellsOf` gives the cells of each token, ascending. */
export function twoWayPattern(tokens: number, cells: number, cellsOf: (token: number) => readonly number[]): TwoWayPattern {
  const offsets = new Uint32Array(tokens + 1);
  const lists = Array.from({ length: tokens }, (_, token) => cellsOf(token));
  lists.forEach((list, token) => (offsets[token + 1] = offsets[token] + list.length));
  const columns = new Uint32Array(offsets[tokens]);
  const owners = new Uint32Array(offsets[tokens]);
  lists.forEach((list, token) => {
    columns.set(list, offsets[token]);
    owners.fill(token, offsets[token], offsets[token + 1]);
  });
  const { values: places, offsets: ofCells } = membersOf(columns, cells);
  return { byToken: { offsets, columns }, byCell: { offsets: ofCells, columns: places.map((place) => owners[place]) }, places };
}

/** Weights of a pattern's entries, cell by cell, each as its part of the cell's sum; and those sums. */
export function cellShares(
  { byCell: { offsets }, places }: TwoWayPattern,
  weights: Float32Array,
): { shares: Float32Array; masses: Float32Array } {
  const shares = new Float32Array(places.length);
  const masses = new Float32Array(offsets.length - 1);
  for (let cell = 0; cell < masses.length; cell++) {
    let mass = 0;
    for (let at = offsets[cell]; at < offsets[cell + 1]; at++) mass += weights[places[at]];
    const scale = 1 / Math.max(mass, 1e-16);
    for (let at = offsets[cell]; at < offsets[cell + 1]; at++) shares[at] = weights[places[at]] * scale;
    masses[cell] = mass;
  }
  return { shares, masses };
}

/** softmax(−temperature · square) over each row's entries. */
export function softmaxRows({ offsets }: SparsePattern, squares: Float32Array, temperature: number): Float32Array {
  const weights = new Float32Array(squares.length);
  for (let row = 0; row + 1 < offsets.length; row++) {
    const [first, last] = [offsets[row], offsets[row + 1]];
    let least = Infinity;
    for (let entry = first; entry < last; entry++) if (squares[entry] < least) least = squares[entry];
    let sum = 0;
    for (let entry = first; entry < last; entry++) sum += weights[entry] = Math.exp(-temperature * (squares[entry] - least));
    for (let entry = first; entry < last; entry++) weights[entry] /= sum;
  }
  return weights;
}

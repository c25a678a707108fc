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

/** The tokens and cells of grids: `vertical` gives for each row of tokens its rows of cells, ascending, `horizontal` the same for columns. */
export function twoWayPattern(
  vertical: readonly (readonly number[])[],
  horizontal: readonly (readonly number[])[],
  [height, width]: readonly [number, number],
): TwoWayPattern {
  const offsets = new Uint32Array(vertical.length * horizontal.length + 1);
  const total = (lists: readonly (readonly number[])[]): number => lists.reduce((sum, list) => sum + list.length, 0);
  const columns = new Uint32Array(total(vertical) * total(horizontal));
  const owners = new Uint32Array(columns.length);
  let [token, at] = [0, 0];
  for (const ys of vertical) {
    for (const xs of horizontal) {
      for (const y of ys) {
        for (const x of xs) {
          columns[at] = y * width + x;
          owners[at++] = token;
        }
      }
      offsets[++token] = at;
    }
  }
  const { values: places, offsets: ofCells } = membersOf(columns, height * width);
  return { byToken: { offsets, columns }, byCell: { offsets: ofCells, columns: places.map((place) => owners[place]) }, places };
}

/** Cells with less are divided by this. */
export const LEAST_MASS = 1e-16;

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
    const scale = 1 / Math.max(mass, LEAST_MASS);
    for (let at = offsets[cell]; at < offsets[cell + 1]; at++) shares[at] = weights[places[at]] * scale;
    masses[cell] = mass;
  }
  return { shares, masses };
}

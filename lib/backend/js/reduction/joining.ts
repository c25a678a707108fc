/** Rows that join others, and what groups of rows become, in TypeScript. */
import { membersOf } from '../../../clustering/members';
import type { Joining } from '../../reduction-kernels';
import { combineRows, lengthOf, scaleToLengths } from './combinations';
import { everyPlace, greatest } from './greatest';
import { nearestRows } from './nearest';

export function joinNearest(
  values: Float32Array,
  dims: number,
  candidates: Uint32Array,
  destinations: Uint32Array,
  which: Joining,
  source: Uint32Array,
  kept: Uint32Array,
): void {
  const columns = new Uint32Array(candidates.length);
  let chosen: Uint32Array = new Uint32Array(0);
  if (candidates.length > 0 && destinations.length > 0) {
    // Where all join, it does not matter how similar they are.
    const cosines = 'remove' in which && which.remove === candidates.length ? null : new Float32Array(candidates.length);
    nearestRows({ values, rows: candidates }, { values, rows: destinations }, dims, 'cosine', columns, cosines);
    if (cosines === null) chosen = everyPlace(candidates.length);
    else chosen = 'remove' in which ? greatest(cosines, which.remove) : atLeast(cosines, which.threshold);
  }
  const joins = new Uint8Array(source.length);
  for (const place of chosen) joins[candidates[place]] = 1;
  kept[0] = 0;
  for (let i = 0; i < source.length; i++) if (joins[i] === 0) source[i] = kept[0]++;
  for (const place of chosen) source[candidates[place]] = source[destinations[columns[place]]];
}

function atLeast(values: Float32Array, threshold: number): Uint32Array {
  return everyPlace(values.length).filter((i) => values[i] >= threshold);
}

export function groupMeans(
  groups: Uint32Array,
  weights: Float32Array,
  masses: Float64Array,
  values: Float32Array,
  dims: number,
  lengths: 'mean' | 'greatest',
  out: Float32Array,
  greatest: Float32Array | null,
): void {
  const { values: columns, offsets } = membersOf(groups, masses.length);
  const shares = Float32Array.from(columns, (row) => (masses[groups[row]] > 0 ? weights[row] / masses[groups[row]] : 0));
  combineRows({ offsets, columns }, shares, values, dims, out, greatest);
  if (lengths === 'mean') return;
  const longest = new Float64Array(masses.length);
  for (let row = 0; row < groups.length; row++) longest[groups[row]] = Math.max(longest[groups[row]], lengthOf(values, row, dims));
  scaleToLengths(out, dims, longest);
}

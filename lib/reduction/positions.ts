/** Positions of reduced tokens (PPE): several of their members' positions instead of one. */
import { finiteNumbers, listOf, objectOf } from '../arguments';
import { invalidArgument, unexpected } from '../errors';
import { whole } from './checks';
import type { ReduceOptions } from './types';

/** Of all positions that are kept. */
const MOST_NUMBERS = 2 ** 31;

export interface Positions {
  readonly data: Float64Array;
  readonly width: number;
  readonly keep: number;
}

/** Those of so many tokens, copied; null if there are none. Throws INVALID_ARGUMENT. */
export function positionsOf({ positions }: ReduceOptions, tokens: number): Positions | null {
  if (positions === undefined) return null;
  const { data, width, keep = 1 } = objectOf(positions, 'positions');
  whole(width, 'positions.width', 1, 1e6);
  whole(keep, 'positions.keep', 1, 1e6);
  const most = Math.floor(MOST_NUMBERS / (tokens * width));
  if (keep > most) throw invalidArgument('positions.keep', `at most ${most}, for so many tokens`, keep);
  return { data: finiteNumbers(data, tokens * width, 'positions.data', `${width} per token`), width, keep };
}

/** `keep` positions of each of `count` reduced tokens: the last members' first, and again from the last where there are fewer. Tokens without members: zeros. */
export function keptPositions({ data, width, keep }: Positions, source: Uint32Array, count: number): Float64Array {
  const members: number[][] = Array.from({ length: count }, () => []);
  source.forEach((target, token) => members[target].push(token));
  const out = new Float64Array(count * keep * width);
  members.forEach((list, target) => {
    for (let k = 0; k < keep && list.length > 0; k++) {
      const token = list[list.length - 1 - (k % list.length)];
      for (let dim = 0; dim < width; dim++) out[(target * keep + k) * width + dim] = data[token * width + dim];
    }
  });
  return out;
}

/**
 * The rows of position ids that a rotary embedding takes (mRoPE): for coordinate c and kept position k row c · keep + k, each with one number per token.
 * `positions` is what a reduction gives. Throws INVALID_ARGUMENT.
 */
export function positionRows(positions: Float64Array, width: number, keep: number): Float64Array[] {
  const perToken = whole(width, 'width', 1, 1e6) * whole(keep, 'keep', 1, 1e6);
  const { length } = listOf(positions, 'positions');
  const count = length / perToken;
  if (!Number.isInteger(count)) throw unexpected('positions', `a multiple of ${perToken} numbers`, `${length} numbers`);
  const given = finiteNumbers(positions, length, 'positions', `${perToken} per token`);
  return Array.from({ length: width * keep }, (_, row) => {
    const [coordinate, k] = [Math.floor(row / keep), row % keep];
    return Float64Array.from({ length: count }, (_value, token) => given[(token * keep + k) * width + coordinate]);
  });
}

/** Lengths of the chunks of a rotary embedding; chunk i takes row i modulo the number of rows. All ones where a section cannot be cut into `keep` parts. Throws INVALID_ARGUMENT. */
export function rotaryChunks(sections: readonly number[], keep: number): number[] {
  whole(keep, 'keep', 1, 1e6);
  const { length: count } = listOf(sections, 'sections');
  if (count === 0) throw unexpected('sections', 'at least one length', 'none');
  // By index: arrays whose memory was taken away cannot be iterated.
  const lengths = Array.from({ length: count }, (_, i) => whole(sections[i], 'sections', 1, 1e6));
  const total = whole(
    lengths.reduce((sum, length) => sum + length, 0),
    'the sum of sections',
    1,
    1e6,
  );
  const fits = lengths.every((length) => length % keep === 0);
  if (fits) return lengths.flatMap((length) => Array.from({ length: keep }, () => length / keep));
  return Array.from({ length: total }, () => 1);
}

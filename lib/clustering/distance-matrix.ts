/** Distances that callers hand over. */
import { invalidArgument } from '../errors';
import type { Steps } from './steps';

/** Numbers between two pauses. */
const SLICE = 1 << 16;

/** A copy. Throws INVALID_ARGUMENT for numbers that are no distances. */
export function* copiedDistances(distances: ArrayLike<number>): Steps<Float64Array> {
  const copy = new Float64Array(distances.length);
  for (let first = 0; first < copy.length; first += SLICE, yield null) {
    const last = Math.min(copy.length, first + SLICE);
    for (let i = first; i < last; i++) {
      const distance: unknown = distances[i];
      if (typeof distance !== 'number' || !(distance >= 0 && distance < Infinity))
        throw invalidArgument('distances', 'finite numbers that are not negative', distance);
      copy[i] = distance;
    }
  }
  return copy;
}

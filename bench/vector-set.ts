/** Vectors like those that models make: a mixture of many groups of unequal sizes, with variances that fall as a power of their rank, of unit length. */
import { RandomStream } from '../lib/clustering/random';

const GROUPS = 20_000;
/** Standard deviation of direction i, as a power of its rank: token and sentence embeddings have about this. */
const SPECTRUM = -0.5;
/** How far a vector lies from its group's centre, as a part of how far the centres lie from each other. */
const SPREAD = 0.6;

/** `count` rows; other seeds give other vectors of the same groups. */
export function vectorSet(count: number, dims: number, seed: number): Float32Array {
  const groups = new RandomStream(1);
  const deviations = Float32Array.from({ length: dims }, (_, i) => (i + 1) ** SPECTRUM);
  const centres = Float32Array.from({ length: GROUPS * dims }, (_, i) => deviations[i % dims] * groups.gaussian());
  const random = new RandomStream(seed);
  const out = new Float32Array(count * dims);
  for (let row = 0; row < count; row++) {
    // Group sizes fall as the square of a uniform number does: the largest is some 140 times the average.
    const centre = Math.floor(GROUPS * random.next() ** 2) * dims;
    const at = row * dims;
    let square = 0;
    for (let i = 0; i < dims; i++) {
      const value = centres[centre + i] + SPREAD * deviations[i] * random.gaussian();
      out[at + i] = value;
      square += value * value;
    }
    const scale = 1 / Math.sqrt(square);
    for (let i = 0; i < dims; i++) out[at + i] *= scale;
  }
  return out;
}

/** Vectors of every length and kind. */
import { type RandomStream } from '../../lib/clustering/random';

type Kind = (random: RandomStream, dims: number) => Float32Array;

/** Each makes `count` of them. */
export function vectorKinds(count: number): Record<string, Kind> {
  const filled = (dims: number, value: (row: number, dim: number) => number): Float32Array =>
    Float32Array.from({ length: count * dims }, (_, i) => value(Math.floor(i / dims), i % dims));
  return {
    noise: (random, dims) => filled(dims, () => random.gaussian()),
    groups: (random, dims) => {
      const centres = filled(dims, () => random.gaussian());
      return filled(dims, (row, dim) => centres[(row % 40) * dims + dim] + 0.3 * random.gaussian());
    },
    'few directions, one of them large': (random, dims) => filled(dims, (_, dim) => (random.gaussian() * (dim === 3 ? 20 : 1)) / (1 + dim)),
    'far from the origin': (random, dims) => filled(dims, (_, dim) => 50 + dim + random.gaussian()),
    'lengths of many sizes': (random, dims) => {
      const lengths = Array.from({ length: count }, () => 10 ** (4 * random.next() - 2));
      return filled(dims, (row) => lengths[row] * random.gaussian());
    },
    huge: (random, dims) => filled(dims, () => 1e16 * random.gaussian()),
    tiny: (random, dims) => filled(dims, () => 1e-12 * random.gaussian()),
    'too short for squares': (random, dims) => filled(dims, () => 1e-22 * random.gaussian()),
    'short ones among others': (random, dims) => filled(dims, (row) => (row % 3 === 0 ? 1e-25 : 1) * random.gaussian()),
    'mostly duplicates': (random, dims) => {
      const some = filled(dims, () => random.gaussian());
      const chosen = Array.from({ length: count }, () => random.below(90));
      return filled(dims, (row, dim) => some[chosen[row] * dims + dim]);
    },
    'duplicates only': (_, dims) => filled(dims, () => 0.7),
    'zeros among others': (random, dims) => filled(dims, (row) => (row % 3 === 0 ? 0 : random.gaussian())),
  };
}

/** Agglomerative clustering by chains of nearest neighbours. */
import type { ChainMerges, ClusteringControl, Linkage } from '../../clustering-kernels';
import { atOnce, inTurns } from '../turns';

/** Greater distances would overflow when squared and added. */
const LIMIT = 1e100;
/** Distances that are checked and copied between two turns. */
const AT_A_TIME = 1 << 17;

export function linkClusters(distances: Float64Array, points: number, linkage: Linkage, merges: ChainMerges): void {
  atOnce(linking(distances, points, linkage, merges));
}

export function linkClustersAsync(
  distances: Float64Array,
  points: number,
  linkage: Linkage,
  merges: ChainMerges,
  { signal }: ClusteringControl,
): Promise<void> {
  return inTurns(linking(distances, points, linkage, merges), signal);
}

/** Follows nearest neighbours until two are each other's, merges them, goes on from where the chain was (Müllner 2011). */
function* linking(
  given: Float64Array,
  points: number,
  linkage: Linkage,
  { pairs, distances, unfit }: ChainMerges,
): Generator<void, void, void> {
  const matrix = new Float64Array(given.length);
  for (let from = 0; from < given.length; from += AT_A_TIME) {
    const to = Math.min(given.length, from + AT_A_TIME);
    for (let i = from; i < to; i++) {
      if (!(given[i] >= 0 && given[i] < LIMIT)) {
        unfit[0] = i;
        return;
      }
      // Of −0 this makes 0.
      matrix[i] = given[i] + 0;
    }
    yield;
  }
  unfit[0] = -1;
  const left = new LeftClusters(matrix, points);
  const chain: number[] = [];
  for (let merged = 0; merged < points - 1; merged++) {
    if (chain.length === 0) chain.push(left.first());
    for (;;) {
      const x = chain[chain.length - 1];
      // Of equally near ones the one before in the chain: else it would never end.
      const nearest = left.nearestTo(x, chain.length > 1 ? chain[chain.length - 2] : -1);
      if (chain.length > 1 && nearest === chain[chain.length - 2]) break;
      chain.push(nearest);
      yield;
    }
    const [x, y] = [chain.pop()!, chain.pop()!].sort((a, b) => a - b);
    pairs.set([x, y], 2 * merged);
    distances[merged] = left.merge(x, y, linkage);
  }
}

/** The clusters that are left, each by the number of one of its points, with their distances. */
class LeftClusters {
  /** The distance of i < j stands at starts[i] + j. */
  private readonly starts: Int32Array | Float64Array;
  private readonly sizes: Float64Array;
  /** Ascending; so many of them. */
  private readonly numbers: Uint32Array;
  private count: number;

  constructor(
    private readonly matrix: Float64Array,
    points: number,
  ) {
    const start = (_: unknown, i: number): number => points * i - (i * (i + 1)) / 2 - i - 1;
    // Whole numbers are the faster places, while they are large enough.
    this.starts = points < 2 ** 16 ? Int32Array.from({ length: points }, start) : Float64Array.from({ length: points }, start);
    this.sizes = new Float64Array(points).fill(1);
    this.numbers = Uint32Array.from({ length: points }, (_, i) => i);
    this.count = points;
  }

  first(): number {
    return this.numbers[0];
  }

  /** The nearest other cluster: of equally near ones `preferred`, if that is not −1, and then the first. */
  nearestTo(x: number, preferred: number): number {
    const { matrix, starts, numbers, count } = this;
    let nearest = preferred;
    let least = preferred < 0 ? Infinity : matrix[this.at(x, preferred)];
    let i = 0;
    for (let other = numbers[i]; other < x; other = numbers[++i]) {
      const distance = matrix[starts[other] + x];
      if (distance < least) {
        least = distance;
        nearest = other;
      }
    }
    const own = starts[x];
    while (++i < count) {
      const distance = matrix[own + numbers[i]];
      if (distance < least) {
        least = distance;
        nearest = numbers[i];
      }
    }
    return nearest;
  }

  /** x < y become one, y. Gives their distance. */
  merge(x: number, y: number, linkage: Linkage): number {
    const { matrix, sizes, numbers, starts } = this;
    const apart = matrix[this.at(x, y)];
    numbers.copyWithin(numbers.indexOf(x), numbers.indexOf(x) + 1, this.count);
    this.count--;
    const [nx, ny] = [sizes[x], sizes[y]];
    const join = (other: number, fromX: number, fromY: number): void => {
      matrix[fromY] = mergedDistance(linkage, matrix[fromX], matrix[fromY], apart, nx, ny, sizes[other]);
    };
    const [rowX, rowY] = [starts[x], starts[y]];
    let i = 0;
    for (let other = numbers[i]; other < x; other = numbers[++i]) join(other, starts[other] + x, starts[other] + y);
    for (let other = numbers[i]; other < y; other = numbers[++i]) join(other, rowX + other, starts[other] + y);
    while (++i < this.count) join(numbers[i], rowX + numbers[i], rowY + numbers[i]);
    sizes[y] = nx + ny;
    return apart;
  }

  private at(i: number, j: number): number {
    return i < j ? this.starts[i] + j : this.starts[j] + i;
  }
}

/**
 * Lance and Williams. Never less than the lesser of the two: only rounding could make it so, and what is before in the chain would not be nearest any more (a cluster could come into it twice).
 */
function mergedDistance(linkage: Linkage, dx: number, dy: number, apart: number, nx: number, ny: number, n: number): number {
  if (linkage === 'complete') return Math.max(dx, dy);
  const least = Math.min(dx, dy);
  if (linkage === 'average') return Math.max(least, (nx * dx + ny * dy) / (nx + ny));
  const square = ((n + nx) * dx * dx + (n + ny) * dy * dy - n * apart * apart) / (n + nx + ny);
  return Math.max(least, Math.sqrt(Math.max(0, square)));
}

/** Agglomerative clustering: the two nearest clusters become one, until one is left. */
import { isList, listOf, objectOf } from '../arguments';
import { invalidArgument, unexpected } from '../errors';
import { copiedDistances } from './distance-matrix';
import { runSteps, runStepsInBackground, type Steps } from './steps';

/** Which distance a merged cluster has to others. */
export type Linkage = 'ward' | 'average' | 'complete';

/** A tree of merges as SciPy's linkage matrix: merge i makes cluster n + i of clusters left[i] and right[i] (below n: points), by ascending distance. */
export interface Dendrogram {
  readonly points: number;
  readonly left: Uint32Array;
  readonly right: Uint32Array;
  readonly distances: Float64Array;
  readonly sizes: Uint32Array;
}

/** Number of points that a condensed matrix is of: n (n − 1) / 2 distances, those of point 0 to 1 … n − 1 first. */
function pointsOfCondensed(length: number): number {
  const points = Math.round((1 + Math.sqrt(1 + 8 * length)) / 2);
  if ((points * (points - 1)) / 2 !== length) throw unexpected('distances', 'n (n − 1) / 2 distances', `${length} distances`);
  return points;
}

/**
 * Clusters points by their distances (condensed, as SciPy's pdist gives them), by chains of nearest neighbours: n² time and memory. 'ward' takes the distances as
 * Euclidean ones. Throws INVALID_ARGUMENT for numbers that are no distances.
 */
export function agglomerate(distances: ArrayLike<number>, linkage: Linkage): Dendrogram {
  return runSteps(agglomerating(distances, linkage), null);
}

/** The same with time for other work in between. Rejects with ABORTED besides. */
export async function agglomerateAsync(
  distances: ArrayLike<number>,
  linkage: Linkage,
  control: { readonly signal?: AbortSignal } = {},
): Promise<Dendrogram> {
  return runStepsInBackground(agglomerating(distances, linkage), null, objectOf(control, 'control').signal);
}

/** The same in steps. */
export function* agglomerating(distances: ArrayLike<number>, linkage: Linkage): Steps<Dendrogram> {
  const points = pointsOfCondensed(listOf(distances, 'distances').length);
  if (linkage !== 'ward' && linkage !== 'average' && linkage !== 'complete') {
    throw invalidArgument('linkage', '"ward", "average" or "complete"', linkage);
  }
  const matrix = yield* copiedDistances(distances);
  return inOrder(points, yield* chainMerges(matrix, points, linkage));
}

interface Merge {
  /** Any point of each side. */
  readonly a: number;
  readonly b: number;
  readonly distance: number;
}

/** Follows nearest neighbours until two are each other's, merges them, goes on from where the chain was (Müllner 2011). */
function* chainMerges(matrix: Float64Array, points: number, linkage: Linkage): Steps<Merge[]> {
  const left = new LeftClusters(matrix, points);
  const merges: Merge[] = [];
  const chain: number[] = [];
  while (merges.length < points - 1) {
    if (chain.length === 0) chain.push(left.first());
    for (;;) {
      const x = chain[chain.length - 1];
      // Of equally near ones the one before in the chain: else it would never end.
      const nearest = left.nearestTo(x, chain.length > 1 ? chain[chain.length - 2] : -1);
      if (chain.length > 1 && nearest === chain[chain.length - 2]) break;
      chain.push(nearest);
      yield null;
    }
    const [x, y] = [chain.pop()!, chain.pop()!].sort((a, b) => a - b);
    merges.push({ a: x, b: y, distance: left.merge(x, y, linkage) });
  }
  return merges;
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

/** Lance and Williams. */
function mergedDistance(linkage: Linkage, dx: number, dy: number, apart: number, nx: number, ny: number, n: number): number {
  if (linkage === 'complete') return Math.max(dx, dy);
  if (linkage === 'average') return (nx * dx + ny * dy) / (nx + ny);
  const square = ((n + nx) * dx * dx + (n + ny) * dy * dy - n * apart * apart) / (n + nx + ny);
  return Math.sqrt(Math.max(0, square));
}

function inOrder(points: number, merges: Merge[]): Dendrogram {
  const order = merges.map((merge, i) => ({ merge, i })).sort((p, q) => p.merge.distance - q.merge.distance || p.i - q.i);
  const parents = new Uint32Array(Math.max(1, 2 * points - 1)).map((_, i) => i);
  const find = (node: number): number => {
    while (parents[node] !== node) node = parents[node] = parents[parents[node]];
    return node;
  };
  const tree = {
    points,
    left: new Uint32Array(order.length),
    right: new Uint32Array(order.length),
    distances: new Float64Array(order.length),
    sizes: new Uint32Array(order.length),
  };
  const sizeOf = (node: number): number => (node < points ? 1 : tree.sizes[node - points]);
  order.forEach(({ merge: { a, b, distance } }, i) => {
    const [x, y] = [find(a), find(b)].sort((p, q) => p - q);
    tree.left[i] = x;
    tree.right[i] = y;
    tree.distances[i] = distance;
    tree.sizes[i] = sizeOf(x) + sizeOf(y);
    parents[x] = parents[y] = points + i;
  });
  return tree;
}

/** Labels of so many clusters, from 0 in the order of their first points. Throws INVALID_ARGUMENT unless 1 ≤ clusters ≤ points. */
export function cutDendrogram(tree: Dendrogram, clusters: number): Uint32Array {
  const { points, left, right } = objectOf(tree, 'tree');
  if (!isList(left) || !isList(right) || left.length !== points - 1 || right.length !== points - 1)
    throw unexpected('tree', 'a tree that agglomerate made', 'something else');
  if (!Number.isInteger(clusters) || clusters < 1 || clusters > points)
    throw invalidArgument('clusters', `a whole number from 1 to ${points}`, clusters);
  const roots = Uint32Array.from({ length: 2 * points - 1 }, (_, i) => i);
  for (let i = points - clusters - 1; i >= 0; i--) roots[left[i]] = roots[right[i]] = roots[points + i];
  const numbers = new Map<number, number>();
  return Uint32Array.from({ length: points }, (_, i) => {
    if (!numbers.has(roots[i])) numbers.set(roots[i], numbers.size);
    return numbers.get(roots[i])!;
  });
}

/** Agglomerative clustering: the two nearest clusters become one, until one is left. */
import { isList, listOf, objectOf } from '../arguments';
import type { ChainMerges, Linkage } from '../backend/clustering-kernels';
import type { BackendName } from '../backend/kernels';
import { selectKernels } from '../backend/select';
import { invalidArgument, unexpected } from '../errors';
import { ownArray } from '../own-array';
import { plainArray } from '../plain-array';
import { ascendingOrder } from './ascending-order';
import { copiedDistances } from './distance-matrix';
import { runSteps, runStepsInBackground, type Steps } from './steps';

export interface AgglomerateOptions {
  readonly backend?: BackendName;
}

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
 * Clusters points by their distances (condensed, as SciPy's pdist gives them), by chains of nearest neighbours: n² time and memory (8 n² bytes in the native backend). 'ward' takes the distances as
 * Euclidean ones. Throws INVALID_ARGUMENT for numbers that are no distances, or not below 10¹⁰⁰.
 */
export function agglomerate(distances: ArrayLike<number>, linkage: Linkage, options: AgglomerateOptions = {}): Dendrogram {
  return runSteps(agglomerating(distances, linkage), selectKernels(objectOf(options, 'options').backend));
}

/** The same in the background: the event loop stays free. The distances are copied first, unless their memory is shared: then they must not change meanwhile. Rejects with ABORTED besides. */
export async function agglomerateAsync(
  distances: ArrayLike<number>,
  linkage: Linkage,
  options: AgglomerateOptions & { readonly signal?: AbortSignal } = {},
): Promise<Dendrogram> {
  const { backend, signal } = objectOf(options, 'options');
  const plain = plainArray(distances, Float64Array, 'distances');
  const own = plain === null ? distances : await ownArray(plain, 'distances', signal);
  return runStepsInBackground(agglomerating(own, linkage), selectKernels(backend), signal);
}

/** The same in steps. */
export function* agglomerating(distances: ArrayLike<number>, linkage: Linkage): Steps<Dendrogram> {
  const plain = plainArray(distances, Float64Array, 'distances');
  const points = pointsOfCondensed((plain ?? listOf(distances, 'distances')).length);
  if (linkage !== 'ward' && linkage !== 'average' && linkage !== 'complete') {
    throw invalidArgument('linkage', '"ward", "average" or "complete"', linkage);
  }
  const given = plain ?? (yield* copiedDistances(distances));
  const merges: ChainMerges = {
    pairs: new Uint32Array(2 * points - 2),
    distances: new Float64Array(points - 1),
    unfit: new Float64Array(1),
  };
  yield (kernels, signal) => kernels.linkClusters(given, points, linkage, merges, { signal });
  if (merges.unfit[0] >= 0) throw invalidArgument('distances', 'numbers from 0 to below 10^100', given[merges.unfit[0]]);
  return yield* inOrder(points, merges);
}

/** By distance, and numbered as they are then made. */
function* inOrder(points: number, { pairs, distances }: ChainMerges): Steps<Dendrogram> {
  const order = yield* ascendingOrder(distances);
  const parents = Uint32Array.from({ length: 2 * points - 1 }, (_, i) => i);
  const find = (node: number): number => {
    while (parents[node] !== node) node = parents[node] = parents[parents[node]];
    return node;
  };
  const tree = {
    points,
    left: new Uint32Array(order.length),
    right: new Uint32Array(order.length),
    distances: distances.slice(),
    sizes: new Uint32Array(order.length),
  };
  const sizeOf = (node: number): number => (node < points ? 1 : tree.sizes[node - points]);
  for (let i = 0; i < order.length; i++) {
    const [x, y] = [find(pairs[2 * order[i]]), find(pairs[2 * order[i] + 1])];
    tree.left[i] = Math.min(x, y);
    tree.right[i] = Math.max(x, y);
    tree.distances[i] = distances[order[i]];
    tree.sizes[i] = sizeOf(x) + sizeOf(y);
    parents[x] = parents[y] = points + i;
    if (i % 4096 === 4095) yield null;
  }
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

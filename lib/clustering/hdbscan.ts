/** HDBSCAN (Campello, Moulavi & Sander 2013): clusters of any shape and density, and noise. */
import { listOf, objectOf } from '../arguments';
import { invalidArgument, unexpected } from '../errors';
import { ascendingOrder } from './ascending-order';
import { copiedDistances } from './distance-matrix';
import { runSteps, runStepsInBackground, type Steps } from './steps';

export interface HdbscanOptions {
  /** Smaller groups are noise. Default 5; at least 2. */
  readonly minClusterSize?: number;
  /** Which neighbour's distance tells how dense it is around a point, itself included. Default: minClusterSize. */
  readonly minSamples?: number;
}

export interface HdbscanResult {
  /** −1: noise. */
  readonly labels: Int32Array;
  /** How firmly each point belongs to its cluster, 0 … 1; 0 for noise. */
  readonly probabilities: Float64Array;
  readonly clusters: number;
}

/**
 * Clusters points by their distances, [points, points] row by row. Clusters are those of the excess of mass, of which one that holds all points is none.
 * n² time. Equal distances are taken in the order of the points; probabilities may depend on it. Throws INVALID_ARGUMENT for numbers that are no distances, or not the same both ways.
 */
export function hdbscan(distances: ArrayLike<number>, options: HdbscanOptions = {}): HdbscanResult {
  return runSteps(finding(distances, options), null);
}

/** The same with time for other work in between. Rejects with ABORTED besides. */
export async function hdbscanAsync(
  distances: ArrayLike<number>,
  options: HdbscanOptions & { readonly signal?: AbortSignal } = {},
): Promise<HdbscanResult> {
  return runStepsInBackground(finding(distances, options), null, objectOf(options, 'options').signal);
}

function* finding(distances: ArrayLike<number>, options: HdbscanOptions): Steps<HdbscanResult> {
  const points = Math.round(Math.sqrt(listOf(distances, 'distances').length));
  if (points * points !== distances.length || points === 0) throw unexpected('distances', 'n × n distances', `${distances.length} numbers`);
  const { minClusterSize = 5, minSamples = minClusterSize } = objectOf(options, 'options');
  if (!Number.isInteger(minClusterSize) || minClusterSize < 2)
    throw invalidArgument('minClusterSize', 'a whole number from 2', minClusterSize);
  if (!Number.isInteger(minSamples) || minSamples < 1 || minSamples > points)
    throw invalidArgument('minSamples', `a whole number from 1 to ${points}, the number of points`, minSamples);
  const matrix = yield* copiedDistances(distances);
  yield* requireSymmetry(matrix, points);
  const edges = yield* spanningTree(matrix, points, yield* coreDistances(matrix, points, minSamples));
  return labelsOf(condense(singleLinkage(edges, points), points, minClusterSize), points);
}

/** With scikit-learn's room for rounding. */
function* requireSymmetry(matrix: Float64Array, points: number): Steps<void> {
  for (let i = 0; i < points; i++, yield null) {
    for (let j = 0; j < i; j++) {
      const [there, back] = [matrix[i * points + j], matrix[j * points + i]];
      if (Math.abs(there - back) > 1e-9 + 1e-7 * back)
        throw unexpected('distances', 'symmetric', `${there} from ${i} to ${j} and ${back} from ${j} to ${i}`);
    }
  }
}

function* coreDistances(matrix: Float64Array, points: number, minSamples: number): Steps<Float64Array> {
  const core = new Float64Array(points);
  for (let i = 0; i < points; i++, yield null) core[i] = atPlace(matrix.subarray(i * points, (i + 1) * points), minSamples);
  return core;
}

/** Up to so many least numbers are found by insertion, which then is faster than sorting all. */
const FEW = 64;

/** The number at that place, counted from 1, if they were ascending. */
function atPlace(values: Float64Array, place: number): number {
  if (place > FEW) return values.slice().sort()[place - 1];
  const least = new Float64Array(place).fill(Infinity);
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (!(value < least[place - 1])) continue;
    let at = place - 1;
    for (; at > 0 && least[at - 1] > value; at--) least[at] = least[at - 1];
    least[at] = value;
  }
  return least[place - 1];
}

interface Edge {
  readonly a: number;
  readonly b: number;
  readonly distance: number;
}

/** Prim's tree of mutual reachability: the distance, but no less than what either point's surroundings make it. */
function* spanningTree(matrix: Float64Array, points: number, core: Float64Array): Steps<Edge[]> {
  const nearest = new Float64Array(points).fill(Infinity);
  const from = new Uint32Array(points);
  const inside = new Uint8Array(points);
  const edges: Edge[] = [];
  let current = 0;
  while (edges.length < points - 1) {
    inside[current] = 1;
    let next = -1;
    for (let other = 0; other < points; other++) {
      if (inside[other]) continue;
      const distance = Math.max(matrix[current * points + other], core[current], core[other]);
      if (distance < nearest[other]) {
        nearest[other] = distance;
        from[other] = current;
      }
      if (next < 0 || nearest[other] < nearest[next]) next = other;
    }
    edges.push({ a: from[next], b: next, distance: nearest[next] });
    current = next;
    yield null;
  }
  const order = yield* ascendingOrder(Float64Array.from(edges, ({ distance }) => distance));
  return Array.from(order, (i) => edges[i]);
}

/** Node n + i joins two nodes at `distance`; nodes below n are points. */
interface Join {
  readonly left: number;
  readonly right: number;
  readonly distance: number;
  readonly size: number;
}

function singleLinkage(edges: readonly Edge[], points: number): Join[] {
  const parents = Uint32Array.from({ length: 2 * points }, (_, i) => i);
  const find = (node: number): number => {
    while (parents[node] !== node) node = parents[node] = parents[parents[node]];
    return node;
  };
  const joins: Join[] = [];
  const sizeOf = (node: number): number => (node < points ? 1 : joins[node - points].size);
  for (const { a, b, distance } of edges) {
    const [left, right] = [find(a), find(b)];
    parents[left] = parents[right] = points + joins.length;
    joins.push({ left, right, distance, size: sizeOf(left) + sizeOf(right) });
  }
  return joins;
}

/** A cluster of the tree in which groups that are too small only fall out of their cluster. Density is 1 / distance. */
interface Condensed {
  readonly parent: number;
  readonly birth: number;
  readonly children: number[];
  /** Points that fall out of it, each with the density at which it does. */
  readonly fallen: Array<readonly [point: number, density: number]>;
  stability: number;
  /** The density at which it ends. */
  death: number;
}

function condense(joins: readonly Join[], points: number, minClusterSize: number): Condensed[] {
  const clusters: Condensed[] = [{ parent: -1, birth: 0, children: [], fallen: [], stability: 0, death: 0 }];
  const sizeOf = (node: number): number => (node < points ? 1 : joins[node - points].size);
  // Level by level, which numbers clusters as scikit-learn does.
  const queue: Array<[node: number, cluster: number]> = joins.length > 0 ? [[points + joins.length - 1, 0]] : [];
  for (let next = 0; next < queue.length; next++) {
    const [node, cluster] = queue[next];
    const { left, right, distance } = joins[node - points];
    const density = distance > 0 ? 1 / distance : Infinity;
    const large = [left, right].filter((side) => sizeOf(side) >= minClusterSize);
    for (const side of [left, right]) {
      if (large.includes(side)) continue;
      for (const point of pointsBelow(side, joins, points)) leave(clusters[cluster], point, density);
    }
    if (large.length === 2) {
      clusters[cluster].death = Math.max(clusters[cluster].death, density);
      for (const side of large) {
        clusters[cluster].stability += (density - clusters[cluster].birth) * sizeOf(side);
        clusters[cluster].children.push(clusters.length);
        queue.push([side, clusters.length]);
        clusters.push({ parent: cluster, birth: density, children: [], fallen: [], stability: 0, death: 0 });
      }
    } else if (large.length === 1) queue.push([large[0], cluster]);
  }
  return clusters;
}

/** Coinciding points fall out at no finite density: they add nothing that could be compared. */
function leave(cluster: Condensed, point: number, density: number): void {
  cluster.fallen.push([point, density]);
  cluster.death = Math.max(cluster.death, density);
  if (density !== cluster.birth) cluster.stability += density - cluster.birth;
}

function pointsBelow(node: number, joins: readonly Join[], points: number): number[] {
  const found: number[] = [];
  const stack = [node];
  while (stack.length > 0) {
    const top = stack.pop()!;
    if (top < points) found.push(top);
    else stack.push(joins[top - points].left, joins[top - points].right);
  }
  return found;
}

/** The clusters that are more stable than what they split into; the root is none. */
function chosenClusters(clusters: readonly Condensed[]): boolean[] {
  const chosen = clusters.map(() => false);
  const best = new Float64Array(clusters.length);
  for (let i = clusters.length - 1; i > 0; i--) {
    const below = clusters[i].children.reduce((sum, child) => sum + best[child], 0);
    chosen[i] = clusters[i].children.length === 0 || clusters[i].stability >= below;
    best[i] = chosen[i] ? clusters[i].stability : below;
  }
  // Only the uppermost of each branch.
  const covered = clusters.map(() => false);
  for (let i = 1; i < clusters.length; i++) {
    covered[i] = covered[clusters[i].parent] || chosen[clusters[i].parent];
    if (covered[i]) chosen[i] = false;
  }
  return chosen;
}

function labelsOf(clusters: readonly Condensed[], points: number): HdbscanResult {
  const chosen = chosenClusters(clusters);
  const labels = new Int32Array(points).fill(-1);
  const probabilities = new Float64Array(points);
  /** The chosen cluster that a cluster is, or is a part of, with its number. */
  const owners: Array<readonly [cluster: Condensed, label: number] | null> = [];
  let count = 0;
  clusters.forEach((cluster, i) => {
    owners[i] = chosen[i] ? [cluster, count++] : i > 0 ? owners[cluster.parent] : null;
    const owner = owners[i];
    if (owner === null) return;
    const [{ death }, label] = owner;
    for (const [point, density] of cluster.fallen) {
      labels[point] = label;
      probabilities[point] = death === 0 || density === Infinity ? 1 : Math.min(density, death) / death;
    }
  });
  return { labels, probabilities, clusters: count };
}

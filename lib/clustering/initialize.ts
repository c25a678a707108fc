/** First centroids. Points with weight 0 are never chosen where another one can be. */
import type { ClusteringControl, PointArray } from '../backend/clustering-kernels';
import { yieldToEventLoop } from '../backend/js/event-loop';
import type { Kernels } from '../backend/kernels';
import { aborted } from '../errors';
import { copyPoints } from './matrix';
import { RandomStream } from './random';
import type { InitializationName } from './types';

/** Milliseconds that work goes on without a pause. */
const TURN = 1;
/** Steps of a chain of AFK-MC². */
const CHAIN = 50;
/** Rounds of k-means||, and how many candidates each is to find, as a part of the number of clusters. */
const ROUNDS = 5;
const OVERSAMPLING = 0.5;

/** Numbers in single precision are off by no more than this part. */
const UNIT_ROUNDING = 2 ** -24;

export interface SeedingTask {
  readonly kernels: Kernels;
  readonly points: PointArray;
  readonly clusters: number;
  readonly spherical: boolean;
  readonly seed: number;
  readonly threads: number;
  readonly control: ClusteringControl;
}

/** Chooses clusters of the points. Returns clusters × dims numbers. Rejects as the kernels do. */
export async function chooseCentroids(task: SeedingTask, method: InitializationName): Promise<Float32Array> {
  const random = new RandomStream(task.seed);
  const chosen = await methods[method](task, random);
  return copyPoints(task.points, chosen);
}

type Method = (task: SeedingTask, random: RandomStream) => Uint32Array | Promise<Uint32Array>;

const methods: Record<InitializationName, Method> = {
  random: ({ points, clusters }, random) => differentPoints(points, clusters, random),
  /** Each with a probability in proportion to its squared distance from those there are (Arthur & Vassilvitskii 2007). */
  'k-means++': (task, random) => spread(task, anyPoint(task.points, random), (distances) => random.weighted(distances)),
  'greedy-k-means++': greedy,
  'k-means||': scalable,
  'afk-mc2': chains,
  /** The longest vector, then always the one farthest from those there are (Katsavounidis, Kuo & Zhang 1994). */
  kkz: async (task) => spread(task, farthest(await distancesTo(task, new Float32Array(task.points.dims))), farthest),
};

export const INITIALIZATIONS = Object.keys(methods) as InitializationName[];

function differentPoints({ count, weights }: PointArray, clusters: number, random: RandomStream): Uint32Array {
  if (weights === null) return random.sample(count, clusters);
  const all = Uint32Array.from({ length: count }, (_, i) => i);
  const some = all.filter((i) => weights[i] > 0);
  const from = some.length >= clusters ? some : all;
  return random.sample(from.length, clusters).map((i) => from[i]);
}

function anyPoint({ count, weights }: PointArray, random: RandomStream): number {
  return weights === null ? random.below(count) : random.weighted(weights);
}

function farthest(distances: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < distances.length; i++) if (distances[i] > distances[best]) best = i;
  return best;
}

/** Squared distance of each point to the nearest of some centroids, times its weight. */
async function distancesTo({ kernels, points, spherical, threads, control }: SeedingTask, centroids: Float32Array): Promise<Float32Array> {
  const distances = new Float32Array(points.count);
  const { signal } = control;
  await kernels.assignNearest(
    { points, spherical, threads },
    unitLength(centroids, points.dims, spherical),
    new Uint32Array(points.count),
    distances,
    {
      signal,
    },
  );
  if (points.weights !== null) for (let i = 0; i < distances.length; i++) distances[i] *= points.weights[i];
  return distances;
}

/** In place. Zeros stay zeros, rows that have unit length but for rounding what they are, and so do frozen ones. */
export function unitLength(rows: Float32Array, dims: number, wanted: boolean, frozen: Uint8Array | null = null): Float32Array {
  if (!wanted) return rows;
  for (let from = 0; from < rows.length; from += dims) {
    if (frozen !== null && frozen[from / dims] !== 0) continue;
    const row = rows.subarray(from, from + dims);
    const length = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0));
    if (length > 0 && Math.abs(length - 1) > UNIT_ROUNDING) for (let dim = 0; dim < dims; dim++) row[dim] /= length;
  }
  return rows;
}

/** One point after the other, by what `choose` makes of the distances to those chosen before. */
async function spread(task: SeedingTask, first: number, choose: (distances: Float32Array) => number): Promise<Uint32Array> {
  const chosen = new Uint32Array(task.clusters);
  chosen[0] = first;
  const nearest = new Float32Array(task.points.count).fill(Infinity);
  for (let i = 1; i < task.clusters; i++) {
    const distances = await distancesTo(task, copyPoints(task.points, chosen.subarray(i - 1, i)));
    for (let point = 0; point < nearest.length; point++) if (distances[point] < nearest[point]) nearest[point] = distances[point];
    chosen[i] = choose(nearest);
  }
  return chosen;
}

/**
 * Greedy k-means++ (Arthur & Vassilvitskii 2007, section 6; the k-means++ of scikit-learn): of several points, drawn as k-means++ draws one, that which leaves the least sum of squared distances.
 */
async function greedy(task: SeedingTask, random: RandomStream): Promise<Uint32Array> {
  const trials = 2 + Math.floor(Math.log(task.clusters));
  const chosen = new Uint32Array(task.clusters);
  chosen[0] = anyPoint(task.points, random);
  let nearest = await distancesTo(task, copyPoints(task.points, chosen.subarray(0, 1)));
  for (let i = 1; i < task.clusters; i++) {
    const before = nearest;
    let least = Infinity;
    for (let trial = 0; trial < trials; trial++) {
      const candidate = random.weighted(before);
      const distances = await distancesTo(task, copyPoints(task.points, Uint32Array.of(candidate)));
      let sum = 0;
      for (let point = 0; point < distances.length; point++) sum += distances[point] = Math.min(distances[point], before[point]);
      if (trial > 0 && !(sum < least)) continue;
      least = sum;
      nearest = distances;
      chosen[i] = candidate;
    }
  }
  return chosen;
}

/** k-means|| (Bahmani et al. 2012): a few rounds that choose many candidates each, then k-means++ among those, by how many points are nearest to each. */
async function scalable(task: SeedingTask, random: RandomStream): Promise<Uint32Array> {
  const { points, clusters } = task;
  const candidates = new Set([anyPoint(points, random)]);
  let nearest = await distancesTo(task, copyPoints(points, [...candidates]));
  for (let round = 0; round < ROUNDS; round++) {
    const total = nearest.reduce((sum, distance) => sum + distance, 0);
    const found: number[] = [];
    nearest.forEach((distance, point) => {
      if (random.next() * total < OVERSAMPLING * clusters * distance) found.push(point);
    });
    if (found.length === 0) continue;
    found.forEach((point) => candidates.add(point));
    const distances = await distancesTo(task, copyPoints(points, found));
    nearest = nearest.map((distance, point) => Math.min(distance, distances[point]));
  }
  if (candidates.size < clusters) {
    for (const point of differentPoints(points, clusters, random)) if (candidates.size < clusters) candidates.add(point);
    for (let point = 0; candidates.size < clusters; point++) candidates.add(point);
  }
  const chosen = Uint32Array.from(candidates).sort();
  const masses = await massesOf(task, chosen);
  const among = {
    ...task,
    points: { ...points, rows: points.rows === null ? chosen : chosen.map((i) => points.rows![i]), count: chosen.length, weights: masses },
  };
  return (await methods['k-means++'](among, random)).map((i) => chosen[i]);
}

/** How many points (by weight) are nearest to each candidate; a little at least, so that each can be chosen. */
async function massesOf({ kernels, points, spherical, threads, control }: SeedingTask, candidates: Uint32Array): Promise<Float64Array> {
  const labels = new Uint32Array(points.count);
  const centroids = unitLength(copyPoints(points, candidates), points.dims, spherical);
  await kernels.assignNearest({ points, spherical, threads }, centroids, labels, null, { signal: control.signal });
  const masses = new Float64Array(candidates.length);
  labels.forEach((label, point) => (masses[label] += points.weights === null ? 1 : points.weights[point]));
  const least = masses.reduce((sum, mass) => sum + mass, 0) * 1e-9;
  return masses.map((mass) => Math.max(mass, least));
}

/** AFK-MC² (Bachem et al. 2016): k-means++ by Markov chains, whose proposals know the distances to the first centroid only. */
async function chains(task: SeedingTask, random: RandomStream): Promise<Uint32Array> {
  const { kernels, points, clusters, spherical, control } = task;
  const { dims, count, weights } = points;
  const chosen = new Uint32Array(clusters);
  chosen[0] = anyPoint(points, random);
  const distances = await distancesTo(task, copyPoints(points, chosen.subarray(0, 1)));
  const total = distances.reduce((sum, distance) => sum + distance, 0);
  const mass = weights === null ? count : weights.reduce((sum, weight) => sum + weight, 0);
  const proposals = cumulative(
    Float64Array.from(distances, (d, i) => (total > 0 ? d / total / 2 : 0) + (weights === null ? 1 : weights[i]) / mass / 2),
  );
  const first = unitLength(copyPoints(points, chosen.subarray(0, 1)), dims, spherical);
  // The first one is zero then: far from the origin products would not tell points apart.
  const rowsOf = (of: Uint32Array): Float32Array =>
    unitLength(copyPoints(points, of), dims, spherical).map((value, i) => value - first[i % dims]);
  const centroids = new Float32Array(clusters * dims);
  const squares = new Float64Array(clusters);
  let begin = performance.now();
  for (let i = 1; i < clusters; i++) {
    const chain = Uint32Array.from({ length: CHAIN }, () => draw(proposals, random));
    const rows = rowsOf(chain);
    const own = squaresOf(rows, dims);
    const nearest = nearestSquares(kernels, { rows, squares: own }, { rows: centroids.subarray(0, i * dims), squares }, dims);
    let at = 0;
    const worth = (step: number): number => (weights === null ? 1 : weights[chain[step]]) * nearest[step];
    const proposal = (step: number): number => proposals[chain[step]] - (chain[step] > 0 ? proposals[chain[step] - 1] : 0);
    for (let step = 1; step < CHAIN; step++) {
      if (worth(at) === 0 || worth(step) * proposal(at) > worth(at) * proposal(step) * random.next()) at = step;
    }
    chosen[i] = chain[at];
    centroids.set(rows.subarray(at * dims, (at + 1) * dims), i * dims);
    squares[i] = own[at];
    if (performance.now() - begin < TURN) continue;
    await yieldToEventLoop();
    if (control.signal?.aborted) throw aborted(control.signal);
    begin = performance.now();
  }
  return chosen;
}

function cumulative(masses: Float64Array): Float64Array {
  let sum = 0;
  return masses.map((mass) => (sum += mass));
}

/** By bisection. */
function draw(cumulated: Float64Array, random: RandomStream): number {
  const wanted = random.next() * cumulated[cumulated.length - 1];
  let low = 0;
  let high = cumulated.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (cumulated[middle] > wanted) high = middle;
    else low = middle + 1;
  }
  return low;
}

interface RowsWithSquares {
  readonly rows: Float32Array;
  /** Of their lengths. */
  readonly squares: Float64Array;
}

function squaresOf(rows: Float32Array, dims: number): Float64Array {
  return Float64Array.from({ length: rows.length / dims }, (_, i) => {
    let square = 0;
    for (let at = i * dims; at < (i + 1) * dims; at++) square += rows[at] * rows[at];
    return square;
  });
}

function nearestSquares(kernels: Kernels, points: RowsWithSquares, centroids: RowsWithSquares, dims: number): Float64Array {
  const columns = centroids.rows.length / dims;
  const products = new Float32Array(points.squares.length * columns);
  kernels.products(points.rows, centroids.rows, dims, products);
  return points.squares.map((square, i) => {
    let least = Infinity;
    for (let j = 0; j < columns; j++) least = Math.min(least, square + centroids.squares[j] - 2 * products[i * columns + j]);
    return Math.max(0, least);
  });
}

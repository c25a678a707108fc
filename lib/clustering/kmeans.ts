/** k-means: what users call. The arithmetic is the backends'. */
import { objectOf } from '../arguments';
import type { LloydOutcome, PointArray } from '../backend/clustering-kernels';
import { invalidArgument, unexpected } from '../errors';
import { ownArray } from '../own-array';
import { capSizes } from './balanced';
import { chooseCentroids, unitLength } from './initialize';
import { planKMeans, type KMeansPlan } from './kmeans-options';
import { copyPoints, float32Vectors, ownPoints, pointsOf, type Vectors } from './matrix';
import { membersOf, sizesOf } from './members';
import { miniBatch } from './mini-batch';
import { twoLevelCentroids } from './two-level';
import type { KMeansOptions, KMeansResult } from './types';

/**
 * Clusters vectors so that the squared distances to the clusters' means are small.
 *
 * The same points, options and seed give the same result, whatever the number of threads. The points are copied first, unless their memory is shared: then they must not change meanwhile. Rejects with INVALID_ARGUMENT if the options do not fit the points or
 * a point is not finite, and with ABORTED.
 */
export async function kmeans(points: Vectors, options: KMeansOptions): Promise<KMeansResult> {
  return runKMeans(await withOwnPoints(planKMeans(points, options)));
}

/** The same of points that nobody can take away. */
export async function kmeansOfOwn(points: Vectors, options: KMeansOptions): Promise<KMeansResult> {
  return runKMeans(planKMeans(points, options));
}

async function withOwnPoints(plan: KMeansPlan): Promise<KMeansPlan> {
  const { points, control } = plan;
  return { ...plan, points: await ownPoints(points, 'points', control.signal) };
}

async function runKMeans(plan: KMeansPlan): Promise<KMeansResult> {
  const centroids = await firstCentroids(plan);
  const labels = new Uint32Array(plan.points.count);
  let outcome = await improve(plan, centroids, labels);
  if (plan.maxClusterSize !== null) outcome = await capSizes(plan, plan.maxClusterSize, centroids, labels, outcome);
  return resultOf(plan, centroids, labels, outcome);
}

/** The cluster of each point: the nearest of given centroids, of equally near ones the first. Rejects as {@link kmeans} does. */
export async function assignToCentroids(
  points: Vectors,
  centroids: Vectors,
  options: Pick<KMeansOptions, 'spherical' | 'threads' | 'backend' | 'signal'> = {},
): Promise<{ labels: Uint32Array; squaredDistances: Float32Array }> {
  const array = pointsOf(points, 'points');
  if (array.count === 0) {
    pointsOf(centroids, 'centroids');
    return { labels: new Uint32Array(0), squaredDistances: new Float32Array(0) };
  }
  return assign(await withOwnPoints(planKMeans(points, { ...options, initialization: centroids })));
}

async function assign(plan: KMeansPlan): Promise<{ labels: Uint32Array; squaredDistances: Float32Array }> {
  const array = plan.points;
  const labels = new Uint32Array(array.count);
  const squaredDistances = new Float32Array(array.count);
  const { kernels, spherical, threads, control } = plan;
  const given = unitLength(plan.initialization as Float32Array, array.dims, spherical);
  await kernels.assignNearest({ points: array, spherical, threads }, given, labels, squaredDistances, { signal: control.signal });
  return { labels, squaredDistances };
}

export interface AppendOptions extends Pick<KMeansOptions, 'spherical' | 'threads' | 'backend' | 'signal'> {
  /** How many are added. Default: one for 16 new points. */
  readonly clusters?: number;
  /** Default 3. */
  readonly maxIterations?: number;
}

/**
 * Adds points to a result: clusters that were there keep their centroids and their points, new points join them or the new clusters, which begin where the
 * new points are farthest from all centroids. The new points' numbers follow the old ones'. Takes time for the new points only.
 */
export async function appendPoints(previous: KMeansResult, points: Vectors, options: AppendOptions = {}): Promise<KMeansResult> {
  const array = pointsOf(points, 'points');
  const { data: old, dims, count: oldClusters } = pointsOf(objectOf(previous, 'previous').centroids, 'previous.centroids');
  if (!(old instanceof Float32Array && previous.labels instanceof Uint32Array && typeof previous.objective === 'number'))
    throw invalidArgument('previous', 'a result of kmeans', previous);
  if (array.dims !== dims) throw unexpected('points', `vectors of ${dims} numbers, as the centroids are`, `vectors of ${array.dims}`);
  if (array.count === 0) return previous;
  const { clusters: wanted, maxIterations = 3, ...rest } = objectOf(options, 'options');
  const added = wanted ?? Math.ceil(array.count / 16);
  if (!Number.isInteger(added) || added < 0 || added > array.count) {
    throw invalidArgument('clusters', `a whole number from 0 to ${array.count}, the number of new points`, added);
  }
  const signal = options.signal;
  const centroids = new Float32Array((oldClusters + added) * dims);
  centroids.set(old);
  const initialization = float32Vectors(centroids.slice(0, old.length), dims);
  const own: Vectors = { data: await ownArray(array.data, 'points', signal), dims: [array.count, dims], type: array.type };
  const { squaredDistances } = await assign(planKMeans(own, { ...rest, initialization }));
  centroids.set(farthestPoints(pointsOf(own, 'points'), squaredDistances, added), oldClusters * dims);
  const more = await kmeansOfOwn(own, {
    ...rest,
    maxIterations,
    initialization: float32Vectors(centroids, dims),
    frozen: Uint32Array.from({ length: oldClusters }, (_, i) => i),
  });
  const labels = new Uint32Array(previous.labels.length + array.count);
  labels.set(previous.labels);
  labels.set(more.labels, previous.labels.length);
  const members = membersOf(labels, oldClusters + added);
  return { ...more, labels, members, sizes: sizesOf(members), objective: previous.objective + more.objective };
}

function farthestPoints(points: PointArray, squaredDistances: Float32Array, count: number): Float32Array {
  const order = Uint32Array.from(squaredDistances, (_, i) => i);
  order.sort((a, b) => squaredDistances[b] - squaredDistances[a] || a - b);
  return copyPoints(points, order.subarray(0, count));
}

function firstCentroids(plan: KMeansPlan): Promise<Float32Array> | Float32Array {
  const { initialization, points, spherical, levels } = plan;
  if (typeof initialization !== 'string') return unitLength(initialization, points.dims, spherical, plan.frozen);
  if (levels === 2 && plan.clusters > 3) return twoLevelCentroids(plan, initialization);
  return chooseCentroids(plan, initialization).then((centroids) => unitLength(centroids, points.dims, spherical));
}

/** Two levels leave nothing to improve: the points are only assigned. */
function improve(plan: KMeansPlan, centroids: Float32Array, labels: Uint32Array): Promise<LloydOutcome> {
  if (plan.algorithm === 'mini-batch') return miniBatch(plan, centroids, labels);
  const maxIterations = plan.levels === 2 && plan.clusters > 3 ? 0 : plan.maxIterations;
  return plan.kernels.lloyd({ ...plan, maxIterations }, centroids, labels, plan.control);
}

function resultOf(
  { points: { dims }, weightUnit }: KMeansPlan,
  centroids: Float32Array,
  labels: Uint32Array,
  outcome: LloydOutcome,
): KMeansResult {
  const members = membersOf(labels, centroids.length / dims);
  return {
    centroids: float32Vectors(centroids, dims),
    labels,
    sizes: sizesOf(members),
    members,
    objectives: outcome.objectives.map((objective) => objective * weightUnit),
    objective: outcome.objective * weightUnit,
    iterations: outcome.objectives.length,
    stopReason: outcome.stopReason,
  };
}

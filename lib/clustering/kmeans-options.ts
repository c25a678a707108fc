/** Checks what users pass to k-means, and makes every choice. */
import { listOf, objectOf, requireSignal } from '../arguments';
import type { ClusteringControl, PointArray } from '../backend/clustering-kernels';
import type { Kernels } from '../backend/kernels';
import { selectKernels } from '../backend/select';
import { invalidArgument, MerganserError, unexpected } from '../errors';
import { GREATEST_SQUARE } from './greatest-square';
import { INITIALIZATIONS } from './initialize';
import { copyPoints, pointsOf, type Vectors } from './matrix';
import type { InitializationName, KMeansOptions } from './types';

/** k-means++ goes through all points once for each cluster: up to so many that is worth it. */
const CLUSTERS_FOR_PLUS_PLUS = 64;
/** Sums of weights and squares stay finite. */
const MOST_WEIGHT = 1e100;
const DEFAULT_BOUNDS_BYTES = 2 ** 30;

/** Everything that a run needs. */
export interface KMeansPlan {
  readonly kernels: Kernels;
  /** Weights as parts of `weightUnit`. */
  readonly points: PointArray;
  readonly weightUnit: number;
  readonly clusters: number;
  /** A name, or clusters × dims numbers. */
  readonly initialization: InitializationName | Float32Array;
  readonly algorithm: 'lloyd' | 'mini-batch';
  readonly spherical: boolean;
  readonly frozen: Uint8Array | null;
  readonly maxClusterSize: number | null;
  readonly levels: number;
  readonly maxIterations: number;
  readonly tolerance: number;
  readonly batchSize: number;
  readonly seed: number;
  readonly boundsBytes: number;
  readonly threads: number;
  readonly control: ClusteringControl;
}

/** Throws INVALID_ARGUMENT. */
export function planKMeans(vectors: Vectors, options: KMeansOptions): KMeansPlan {
  objectOf(options, 'options');
  const unweighted = pointsOf(vectors, 'points');
  if (unweighted.count === 0) throw unexpected('points', 'at least one vector', 'none');
  if (unweighted.count >= 2 ** 32) throw invalidArgument('points', 'fewer than 2^32 vectors', unweighted.count);
  const { weights, unit: weightUnit } = readWeights(options.weights, unweighted.count);
  const points = { ...unweighted, weights };
  const given = givenCentroids(options, points.dims);
  const clusters = clusterCount(options.clusters, given, points);
  const { algorithm = 'lloyd', levels = 1, spherical = false, signal, onProgress, maxClusterSize } = options;
  requireSignal(signal);
  if (typeof spherical !== 'boolean') throw invalidArgument('spherical', 'true or false', spherical);
  if (algorithm !== 'lloyd' && algorithm !== 'mini-batch') throw invalidArgument('algorithm', '"lloyd" or "mini-batch"', algorithm);
  if (levels !== 1 && levels !== 2) throw invalidArgument('levels', '1 or 2', levels);
  refuseTogether(options, given !== null);
  if (maxClusterSize !== undefined) {
    integer(maxClusterSize, 'maxClusterSize', 1, points.count);
    if (maxClusterSize * clusters < points.count) {
      throw invalidArgument(
        'maxClusterSize',
        `at least ${Math.ceil(points.count / clusters)}, so that all points have room`,
        maxClusterSize,
      );
    }
  }
  return {
    kernels: selectKernels(options.backend),
    points,
    weightUnit,
    clusters,
    initialization: given ?? namedInitialization(options, clusters),
    algorithm,
    spherical,
    frozen: options.frozen === undefined ? null : frozenMask(options.frozen, clusters),
    maxClusterSize: maxClusterSize ?? null,
    levels,
    maxIterations: integer(options.maxIterations ?? 25, 'maxIterations', 0, 1e6),
    tolerance: atLeastZero(options.tolerance ?? 0, 'tolerance'),
    batchSize: Math.min(points.count, integer(options.batchSize ?? 1024, 'batchSize', 1, 2 ** 32 - 1)),
    seed: integer(options.seed ?? 1, 'seed', 0, 2 ** 32 - 1),
    boundsBytes: integer(options.boundsBytes ?? DEFAULT_BOUNDS_BYTES, 'boundsBytes', 0, Number.MAX_SAFE_INTEGER),
    threads: integer(options.threads ?? 0, 'threads', 0, 1024),
    control: { signal, onProgress: onProgress && ((iteration, objective) => onProgress({ iteration, objective: objective * weightUnit })) },
  };
}

export function integer(value: number, name: string, least: number, most: number): number {
  if (!Number.isInteger(value) || value < least || value > most)
    throw invalidArgument(name, `a whole number from ${least} to ${most}`, value);
  return value;
}

function atLeastZero(value: number, name: string): number {
  if (typeof value !== 'number' || !(value >= 0 && value < Infinity)) throw invalidArgument(name, 'a number that is not negative', value);
  return value;
}

/** The greatest weight becomes 1 to below 2, so that products neither overflow nor vanish. The unit is a power of two: nothing is rounded. */
function readWeights(weights: ArrayLike<number> | undefined, count: number): { weights: Float64Array | null; unit: number } {
  if (weights === undefined) return { weights: null, unit: 1 };
  if (listOf(weights, 'weights').length !== count)
    throw unexpected('weights', `${count} numbers, one per point`, `${weights.length} numbers`);
  const read = new Float64Array(count);
  let greatest = 0;
  for (let i = 0; i < count; i++) {
    const weight: unknown = weights[i];
    if (typeof weight !== 'number' || !(weight >= 0 && weight < MOST_WEIGHT))
      throw invalidArgument('weights', 'numbers from 0 to below 1e100', weight);
    read[i] = weight;
    greatest = Math.max(greatest, weight);
  }
  if (greatest === 0) throw unexpected('weights', 'positive for at least one point', 'zeros');
  let unit = 2 ** Math.floor(Math.log2(greatest));
  if (unit > greatest) unit /= 2;
  return { weights: read.map((weight) => weight / unit), unit };
}

function givenCentroids({ initialization }: KMeansOptions, dims: number): Float32Array | null {
  if (initialization === undefined || typeof initialization === 'string') return null;
  const given = pointsOf(initialization, 'initialization');
  if (given.dims !== dims) throw unexpected('initialization', `vectors of ${dims} numbers, as the points are`, `vectors of ${given.dims}`);
  const centroids = copyPoints(
    given,
    Uint32Array.from({ length: given.count }, (_, i) => i),
  );
  // What centroids may be is what points may be.
  for (let i = 0; i < given.count; i++) {
    if (!(squaredLength(centroids, i * dims, dims) < GREATEST_SQUARE))
      throw unexpected('initialization', 'finite numbers', `a vector that is infinite, NaN or longer than 3e18 as centroid ${i}`);
  }
  return centroids;
}

function squaredLength(rows: Float32Array, at: number, dims: number): number {
  let square = 0;
  for (let i = at; i < at + dims; i++) square += rows[i] * rows[i];
  return square;
}

function namedInitialization({ initialization }: KMeansOptions, clusters: number): InitializationName {
  if (initialization === undefined) return clusters <= CLUSTERS_FOR_PLUS_PLUS ? 'k-means++' : 'random';
  const name = INITIALIZATIONS.find((known) => known === initialization);
  if (name === undefined) throw invalidArgument('initialization', `vectors or "${INITIALIZATIONS.join('", "')}"`, initialization);
  return name;
}

function clusterCount(wanted: number | undefined, given: Float32Array | null, { count, dims }: PointArray): number {
  if (given !== null) {
    const there = given.length / dims;
    if (there === 0) throw unexpected('initialization', 'at least one centroid', 'none');
    if (wanted !== undefined && wanted !== there) throw invalidArgument('clusters', `${there}, as many as centroids are given`, wanted);
    return there;
  }
  if (typeof wanted !== 'number') throw invalidArgument('clusters', 'a number of clusters, or a part of the points', wanted);
  if (wanted > 0 && wanted < 1) return Math.max(1, Math.round(wanted * count));
  if (!Number.isInteger(wanted) || wanted < 1) throw invalidArgument('clusters', 'a whole number, or a part of the points below 1', wanted);
  if (wanted > count) throw invalidArgument('clusters', `at most ${count}, the number of points`, wanted);
  return wanted;
}

function frozenMask(frozen: ArrayLike<number>, clusters: number): Uint8Array {
  const mask = new Uint8Array(clusters);
  for (let i = 0; i < listOf(frozen, 'frozen').length; i++) mask[integer(frozen[i], 'frozen', 0, clusters - 1)] = 1;
  return mask;
}

/** Options that contradict each other. */
function refuseTogether(options: KMeansOptions, given: boolean): void {
  const refuse = (what: string): never => {
    throw new MerganserError('INVALID_ARGUMENT', `Expected options that go together, but got ${what}.`);
  };
  if (options.frozen !== undefined && !given) refuse('frozen without given centroids');
  if (options.levels === 2 && given) refuse('levels 2 with given centroids');
  if (options.levels === 2 && options.algorithm === 'mini-batch') refuse('levels 2 with mini-batches');
  if (options.levels === 2 && options.maxClusterSize !== undefined) refuse('levels 2 with maxClusterSize');
  if (options.algorithm === 'mini-batch' && options.maxClusterSize !== undefined) refuse('mini-batches with maxClusterSize');
  if (options.batchSize !== undefined && options.algorithm !== 'mini-batch') refuse('batchSize without mini-batches');
}

/** How good labels are, by the points: scikit-learn's definitions, Euclidean distances, double precision. */
import { listOf, objectOf } from '../arguments';
import type { SilhouetteSpec, SilhouetteWidths } from '../backend/clustering-kernels';
import { distanceBetween } from '../backend/js/clustering/distance-between';
import type { BackendName } from '../backend/kernels';
import { selectKernels } from '../backend/select';
import { invalidArgument, unexpected } from '../errors';
import { ownArray } from '../own-array';
import { plainArray } from '../plain-array';
import { copiedDistances } from './distance-matrix';
import { integer } from './kmeans-options';
import { numbering, sumsOf } from './indices';
import { copyRow, pointsOf, type Vectors } from './matrix';
import { runSteps, runStepsInBackground, type Steps } from './steps';

export interface SilhouetteOptions {
  readonly backend?: BackendName;
  /** At most so many threads. Default: all of the pool. */
  readonly threads?: number;
}

export interface AsyncSilhouetteOptions extends SilhouetteOptions {
  readonly signal?: AbortSignal;
  /** Called a few times a second at most: points that are done, of all. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** Numbers that are compared between two looks at the clock. */
const PAUSE = 1 << 18;
/** Milliseconds. */
const TELL_EVERY = 200;

/**
 * The mean over all points of (b − a) / max(a, b): a is the mean distance to the others of the own cluster, b that to the nearest other cluster. Points alone
 * in their cluster count 0. Time grows with the square of the points, memory with their number. Throws INVALID_ARGUMENT unless there are 2 … n − 1 clusters.
 */
export function silhouette(points: Vectors, labels: ArrayLike<number>, options: SilhouetteOptions = {}): number {
  return runSteps(silhouetteOf(points, labels, objectOf(options, 'options')), selectKernels(options.backend));
}

/** The same in the background: the event loop stays free. Points must not change meanwhile. Rejects with ABORTED besides. */
export async function silhouetteAsync(points: Vectors, labels: ArrayLike<number>, options: AsyncSilhouetteOptions = {}): Promise<number> {
  const { backend, signal } = objectOf(options, 'options');
  return runStepsInBackground(silhouetteOf(points, labels, options), selectKernels(backend), signal);
}

/**
 * {@link silhouette} by given distances of any kind: [points, points] row by row (0 from each to itself), or condensed as SciPy's pdist gives them. Throws
 * INVALID_ARGUMENT as it does, and for numbers that are no distances or not below 10¹⁰⁰.
 */
export function silhouetteOfDistances(distances: ArrayLike<number>, labels: ArrayLike<number>, options: SilhouetteOptions = {}): number {
  return runSteps(silhouetteByDistances(distances, labels, objectOf(options, 'options')), selectKernels(options.backend));
}

/** The same in the background: the event loop stays free. Distances are copied first, unless their memory is shared: then they must not change meanwhile. Rejects with ABORTED besides. */
export async function silhouetteOfDistancesAsync(
  distances: ArrayLike<number>,
  labels: ArrayLike<number>,
  options: AsyncSilhouetteOptions = {},
): Promise<number> {
  const { backend, signal } = objectOf(options, 'options');
  const plain = plainArray(distances, Float64Array, 'distances');
  const own = plain === null ? distances : await ownArray(plain, 'distances', signal);
  return runStepsInBackground(silhouetteByDistances(own, labels, options), selectKernels(backend), signal);
}

/** The mean over clusters of the worst (spread + other spread) / distance of the means; less is better. Throws as {@link silhouette} does. */
export function daviesBouldin(points: Vectors, labels: ArrayLike<number>): number {
  return runSteps(daviesBouldinOf(points, labels), null);
}

export interface DaviesBouldinControl {
  readonly signal?: AbortSignal;
  /** Called a few times a second at most, and at the end: points and pairs of clusters that are done, of all (points count twice: means come first). */
  readonly onProgress?: (done: number, total: number) => void;
}

/** The same with time for other work in between: the event loop is free every millisecond or so. Rejects with ABORTED besides, and with what `onProgress` throws. */
export async function daviesBouldinAsync(points: Vectors, labels: ArrayLike<number>, control: DaviesBouldinControl = {}): Promise<number> {
  const { signal, onProgress } = objectOf(control, 'control');
  return runStepsInBackground(daviesBouldinOf(points, labels, onProgress, true), null, signal);
}

function* silhouetteOf(points: Vectors, labels: ArrayLike<number>, options: AsyncSilhouetteOptions): Steps<number> {
  const { rows, dims, count, clusters, members } = yield* labelled(points, labels, true);
  const out = { widths: new Float64Array(count), unfit: new Float64Array(1) };
  yield* measuring({ values: rows, dims, labels: members, clusters }, out, options);
  if (out.unfit[0] >= 0) throw notFinite(out.unfit[0]);
  return mean(out.widths);
}

function* silhouetteByDistances(distances: ArrayLike<number>, labels: ArrayLike<number>, options: AsyncSilhouetteOptions): Steps<number> {
  const plain = plainArray(distances, Float64Array, 'distances');
  const { length } = plain ?? listOf(distances, 'distances');
  const count = listOf(labels, 'labels').length;
  if (length !== count * count && length !== (count * (count - 1)) / 2)
    throw unexpected('distances', `${count} × ${count} distances, or ${(count * (count - 1)) / 2} of pairs`, `${length} numbers`);
  const { members, clusters } = yield* numbered(labels, count);
  const values = plain ?? (yield* copiedDistances(distances));
  if (length === count * count) {
    for (let i = 0; i < count; i++) {
      if (values[i * count + i] !== 0) throw invalidArgument('distances', 'zeros from each point to itself', values[i * count + i]);
    }
  }
  const out = { widths: new Float64Array(count), unfit: new Float64Array(1) };
  yield* measuring({ values, dims: 0, labels: members, clusters }, out, options);
  if (out.unfit[0] >= 0) throw invalidArgument('distances', 'numbers from 0 to below 10^100', values[out.unfit[0]]);
  return mean(out.widths);
}

function* measuring(
  spec: Omit<SilhouetteSpec, 'threads'>,
  out: SilhouetteWidths,
  { threads = 0, onProgress }: AsyncSilhouetteOptions,
): Steps<void> {
  integer(threads, 'threads', 0, 1024);
  const total = spec.labels.length;
  const control = onProgress && { onProgress: (done: number) => onProgress(done, total) };
  yield (kernels, signal) => kernels.silhouettes({ ...spec, threads }, out, { signal, ...control });
}

function mean(numbers: Float64Array): number {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}

/** Tells how much is done, now and then. */
class Progress {
  private done = 0;
  private told = performance.now();

  constructor(
    private readonly total: number,
    private readonly onProgress: DaviesBouldinControl['onProgress'],
  ) {}

  add(more: number): null {
    this.done += more;
    if (this.onProgress === undefined || more === 0) return null;
    const now = performance.now();
    if (this.done === this.total || now - this.told > TELL_EVERY) {
      this.told = now;
      this.onProgress(this.done, this.total);
    }
    return null;
  }
}

function* daviesBouldinOf(
  points: Vectors,
  labels: ArrayLike<number>,
  onProgress?: DaviesBouldinControl['onProgress'],
  own = false,
): Steps<number> {
  const { rows, dims, count, clusters, members } = yield* labelled(points, labels, own);
  const progress = new Progress(2 * count + (clusters * (clusters - 1)) / 2, onProgress);
  const sizes = sumsOf(members, clusters);
  const means = new Float64Array(clusters * dims);
  for (let i = 0; i < count; i++, yield progress.add(1)) {
    const to = members[i] * dims;
    for (let k = 0, from = i * dims; k < dims; k++, from++) means[to + k] += rows[from];
  }
  for (let cluster = 0; cluster < clusters; cluster++, yield null) {
    for (let i = cluster * dims; i < (cluster + 1) * dims; i++) {
      // A sum is finite if all its numbers are.
      if (!Number.isFinite(means[i])) throw notFinite(Math.floor(rows.findIndex((number) => !Number.isFinite(number)) / dims));
      means[i] /= sizes[cluster];
    }
  }
  const spreads = new Float64Array(clusters);
  for (let i = 0; i < count; i++, yield progress.add(1)) {
    spreads[members[i]] += distanceBetween(rows, i, means, members[i], dims) / sizes[members[i]];
  }
  const worst = new Float64Array(clusters);
  const pause = Math.max(1, Math.floor(PAUSE / dims));
  for (let a = 0; a < clusters; a++, yield progress.add(clusters - a)) {
    for (let b = a + 1; b < clusters; b++) {
      if (b % pause === 0) yield null;
      const apart = distanceBetween(means, a, means, b, dims);
      if (apart === 0) continue;
      const likeness = (spreads[a] + spreads[b]) / apart;
      if (likeness > worst[a]) worst[a] = likeness;
      if (likeness > worst[b]) worst[b] = likeness;
    }
  }
  return mean(worst);
}

interface LabelledPoints {
  readonly rows: Float32Array;
  readonly dims: number;
  readonly count: number;
  readonly clusters: number;
  readonly members: Uint32Array;
}

/** `own`: rows that nobody takes away while threads, or turns of the event loop, read them. */
function* labelled(points: Vectors, labels: ArrayLike<number>, own = false): Steps<LabelledPoints> {
  const array = pointsOf(points, 'points');
  const { count, dims } = array;
  if (listOf(labels, 'labels').length !== count) throw unexpected('labels', `${count} labels, one per point`, `${labels.length} labels`);
  const numbers = yield* numbered(labels, count);
  if (!own && array.data instanceof Float32Array) return { rows: array.data, dims, count, ...numbers };
  const rows = new Float32Array(count * dims);
  const { length } = array.data;
  for (let i = 0; i < count; i++, yield null) {
    if (array.data.length !== length || length < (i + 1) * dims)
      throw unexpected('points', `${count * dims} numbers, as before`, `${array.data.length} numbers`);
    copyRow(array, i, rows, i * dims);
  }
  return { rows, dims, count, ...numbers };
}

/** Labels from 0. Throws INVALID_ARGUMENT where no index is defined. */
function* numbered(labels: ArrayLike<number>, count: number): Steps<{ members: Uint32Array; clusters: number }> {
  const { labels: members, count: clusters } = yield* numbering(labels);
  if (members.length !== count) throw unexpected('labels', `${count} labels, as before`, `${members.length} labels`);
  if (clusters < 2 || clusters >= members.length) throw invalidArgument('labels', `2 to ${members.length - 1} different labels`, clusters);
  return { members, clusters };
}

function notFinite(point: number): Error {
  return unexpected('points', 'finite numbers', `others in point ${point}`);
}

/** How good labels are, by the points: scikit-learn's definitions, Euclidean distances, double precision. */
import { listOf, objectOf } from '../arguments';
import { invalidArgument, unexpected } from '../errors';
import { numbering, sumsOf } from './indices';
import { copyRow, pointsOf, type Vectors } from './matrix';
import { runSteps, runStepsInBackground, type Steps } from './steps';

/**
 * The mean over all points of (b − a) / max(a, b): a is the mean distance to the others of the own cluster, b that to the nearest other cluster. Points alone
 * in their cluster count 0. Time grows with the square of the points. Throws INVALID_ARGUMENT unless there are 2 … n − 1 clusters.
 */
export function silhouette(points: Vectors, labels: ArrayLike<number>): number {
  return runSteps(silhouetteOf(points, labels), null);
}

/** The same with time for other work in between. Rejects with ABORTED besides. */
export async function silhouetteAsync(
  points: Vectors,
  labels: ArrayLike<number>,
  control: { readonly signal?: AbortSignal } = {},
): Promise<number> {
  return runStepsInBackground(silhouetteOf(points, labels), null, objectOf(control, 'control').signal);
}

/** The mean over clusters of the worst (spread + other spread) / distance of the means; less is better. Throws as {@link silhouette} does. */
export function daviesBouldin(points: Vectors, labels: ArrayLike<number>): number {
  return runSteps(daviesBouldinOf(points, labels), null);
}

/** The same with time for other work in between. Rejects with ABORTED besides. */
export async function daviesBouldinAsync(
  points: Vectors,
  labels: ArrayLike<number>,
  control: { readonly signal?: AbortSignal } = {},
): Promise<number> {
  return runStepsInBackground(daviesBouldinOf(points, labels), null, objectOf(control, 'control').signal);
}

/** Points whose distances are summed at a time. */
const ROWS = 16;

function* silhouetteOf(points: Vectors, labels: ArrayLike<number>): Steps<number> {
  const { rows, dims, count, clusters, members } = yield* labelled(points, labels);
  const sizes = sumsOf(members, clusters);
  let total = 0;
  for (let first = 0; first < count; first += ROWS) {
    const some = Math.min(ROWS, count - first);
    const sums = new Float64Array(some * clusters);
    for (let other = 0; other < count; other++) {
      for (let i = 0; i < some; i++) sums[i * clusters + members[other]] += distance(rows, first + i, rows, other, dims);
      if (other % ROWS === 0) yield null;
    }
    for (let i = 0; i < some; i++) total += widthOf(sums.subarray(i * clusters, (i + 1) * clusters), members[first + i], sizes);
  }
  return total / count;
}

/** Of one point, by the sums of its distances to each cluster's members. */
function widthOf(sums: Float64Array, own: number, sizes: Float64Array): number {
  if (sizes[own] === 1) return 0;
  const a = sums[own] / (sizes[own] - 1);
  let b = Infinity;
  for (let c = 0; c < sums.length; c++) if (c !== own) b = Math.min(b, sums[c] / sizes[c]);
  return Math.max(a, b) > 0 ? (b - a) / Math.max(a, b) : 0;
}

function* daviesBouldinOf(points: Vectors, labels: ArrayLike<number>): Steps<number> {
  const { rows, dims, count, clusters, members } = yield* labelled(points, labels);
  const sizes = sumsOf(members, clusters);
  const means = new Float64Array(clusters * dims);
  for (let i = 0; i < count; i++, yield null) {
    for (let k = 0; k < dims; k++) means[members[i] * dims + k] += rows[i * dims + k] / sizes[members[i]];
  }
  const spreads = new Float64Array(clusters);
  for (let i = 0; i < count; i++, yield null) spreads[members[i]] += distance(rows, i, means, members[i], dims) / sizes[members[i]];
  let total = 0;
  for (let a = 0; a < clusters; a++, yield null) {
    let worst = 0;
    for (let b = 0; b < clusters; b++) {
      const apart = distance(means, a, means, b, dims);
      if (a !== b && apart > 0) worst = Math.max(worst, (spreads[a] + spreads[b]) / apart);
    }
    total += worst;
  }
  return total / clusters;
}

interface Labelled {
  readonly rows: Float32Array;
  readonly dims: number;
  readonly count: number;
  readonly clusters: number;
  readonly members: Uint32Array;
}

function* labelled(points: Vectors, labels: ArrayLike<number>): Steps<Labelled> {
  const array = pointsOf(points, 'points');
  const { count, dims } = array;
  if (listOf(labels, 'labels').length !== count) throw unexpected('labels', `${count} labels, one per point`, `${labels.length} labels`);
  const { labels: members, count: clusters } = yield* numbering(labels);
  if (clusters < 2 || clusters >= count) throw invalidArgument('labels', `2 to ${count - 1} different labels`, clusters);
  const rows = new Float32Array(count * dims);
  for (let i = 0; i < count; i++, yield null) {
    copyRow(array, i, rows, i * dims);
    if (!rows.subarray(i * dims, (i + 1) * dims).every(Number.isFinite))
      throw unexpected('points', 'finite numbers', `others in point ${i}`);
  }
  return { rows, dims, count, clusters, members };
}

function distance(left: Float32Array | Float64Array, i: number, right: Float32Array | Float64Array, j: number, dims: number): number {
  let [a, b] = [i * dims, j * dims];
  const end = a + dims;
  // Four sums: one alone would wait for itself.
  let [p, q, r, s] = [0, 0, 0, 0];
  for (; a + 4 <= end; a += 4, b += 4) {
    p += (left[a] - right[b]) ** 2;
    q += (left[a + 1] - right[b + 1]) ** 2;
    r += (left[a + 2] - right[b + 2]) ** 2;
    s += (left[a + 3] - right[b + 3]) ** 2;
  }
  for (; a < end; a++, b++) p += (left[a] - right[b]) ** 2;
  return Math.sqrt(p + r + (q + s));
}

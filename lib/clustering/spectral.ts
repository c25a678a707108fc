/** Clustering by the eigenvectors of a graph. */
import { objectOf } from '../arguments';
import type { BackendName } from '../backend/kernels';
import { selectKernels } from '../backend/select';
import { invalidArgument, unexpected } from '../errors';
import { ownArray } from '../own-array';
import { kmeansOfOwn } from './kmeans';
import { float32Vectors, pointsOf, type Float32Vectors } from './matrix';
import { runStepsInBackground, type Steps } from './steps';

/** How similar each point is to each other: symmetric, not negative, [points, points]. */
export interface Affinity {
  readonly data: Float32Array;
  readonly dims: readonly number[];
}

export interface SpectralOptions {
  /** From 1 to the number of points. */
  readonly clusters: number;
  /** Of the k-means at the end. Default 1. */
  readonly seed?: number;
  readonly backend?: BackendName;
  readonly signal?: AbortSignal;
}

/**
 * Spectral clustering (Ng, Jordan & Weiss 2001): k-means of the rows of the leading eigenvectors of D^−½ W D^−½, each row scaled to unit length. A point
 * without any affinity is a row of zeros. Rejects with INVALID_ARGUMENT for what is no affinity, and with ABORTED.
 */
export async function spectralClusters(affinity: Affinity, options: SpectralOptions): Promise<Uint32Array> {
  const { clusters, seed = 1, ...rest } = objectOf(options, 'options');
  const kernels = selectKernels(options.backend);
  const given = pointsOf(affinity, 'affinity').data as Float32Array;
  const own = { ...affinity, data: await ownArray(given, 'affinity', options.signal) };
  const { data } = await runStepsInBackground(embedding(own, clusters), kernels, options.signal);
  // Like kmeans++ with several tries: clusters of an embedding lie far apart, and a bad start joins two of them.
  const { labels } = await kmeansOfOwn(float32Vectors(data, clusters), {
    ...rest,
    clusters,
    seed,
    initialization: 'kkz',
    maxIterations: 300,
  });
  return labels;
}

function* embedding(affinity: Affinity, clusters: number): Steps<Float32Vectors> {
  const points = yield* checkedAffinity(affinity);
  if (!Number.isInteger(clusters) || clusters < 1 || clusters > points)
    throw invalidArgument('clusters', `a whole number from 1 to ${points}`, clusters);
  return yield* spectralEmbedding(affinity.data, points, clusters);
}

/** More than lengths of rows are rounded by. */
const ROUNDING = 2 ** -18;

/**
 * Rows of the leading eigenvectors of the normalised affinity, of unit length. The sign of each eigenvector is the one of its entries' majority. What clusters them begins with the longest row: that is the one that
 * was it before they were scaled, of equally long ones the first. As in CenterCLIP's code, where 10⁻⁶ is added to lengths, it stays a little longer; otherwise rounding would choose.
 */
export function* spectralEmbedding(affinity: Float32Array, points: number, dims: number): Steps<Float32Vectors> {
  const vectors = new Float64Array(points * dims);
  const matrix = yield* normalized(affinity, points);
  yield (kernels, signal) => kernels.leadingEigenvectors(matrix, points, dims, new Float64Array(dims), vectors, { signal });
  const rows = new Float32Array(points * dims);
  for (let k = 0; k < dims; k++) {
    const vector = vectors.subarray(k * points, (k + 1) * points);
    const sign = majoritySign(vector);
    for (let i = 0; i < points; i++) rows[i * dims + k] = sign * vector[i];
    yield null;
  }
  const lengths = new Float64Array(points);
  for (let i = 0; i < points; i++) {
    const row = rows.subarray(i * dims, (i + 1) * dims);
    lengths[i] = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0));
    if (lengths[i] > 1e-12) for (let k = 0; k < dims; k++) row[k] /= lengths[i];
    yield null;
  }
  const most = lengths.reduce((so, length) => Math.max(so, length), 0);
  const longest = lengths.findIndex((length) => length >= most * (1 - ROUNDING));
  for (let at = longest * dims; at < (longest + 1) * dims; at++) rows[at] *= 1 + ROUNDING;
  return float32Vectors(rows, dims);
}

/** D^−½ W D^−½. */
function* normalized(affinity: Float32Array, points: number): Steps<Float32Array> {
  const scales = new Float64Array(points);
  for (let i = 0; i < points; i++) {
    let degree = 0;
    for (let j = 0; j < points; j++) degree += affinity[i * points + j];
    scales[i] = degree > 0 ? 1 / Math.sqrt(degree) : 0;
    yield null;
  }
  const out = new Float32Array(affinity.length);
  for (let i = 0; i < points; i++) {
    for (let j = 0; j < points; j++) out[i * points + j] = affinity[i * points + j] * scales[i] * scales[j];
    yield null;
  }
  return out;
}

/** Of each entry weighted by its square: an eigenvector is as good as its negative. */
function majoritySign(vector: Float64Array): number {
  let sum = 0;
  for (const value of vector) sum += Math.sign(value) * value * value;
  return sum < 0 ? -1 : 1;
}

/** Gives the number of points. */
function* checkedAffinity(affinity: Affinity): Steps<number> {
  const { count, dims, data, type } = pointsOf(affinity, 'affinity');
  if (type !== 'float32') throw invalidArgument('affinity.data', 'a Float32Array', data);
  if (count === 0 || count !== dims) throw unexpected('affinity.dims', 'as many rows as columns, at least one', `${count} × ${dims}`);
  for (let i = 0; i < count; i++, yield null) {
    for (let at = i * count; at < (i + 1) * count; at++) {
      if (!(data[at] >= 0 && data[at] < 1e12)) throw invalidArgument('affinity', 'numbers from 0 to 10^12', data[at]);
    }
  }
  for (let i = 0; i < count; i++, yield null) {
    for (let j = 0; j < i; j++) {
      const [a, b] = [data[i * count + j], data[j * count + i]];
      if (Math.abs(a - b) > 1e-5 * Math.max(a, b))
        throw unexpected('affinity', 'symmetric', `${a} at (${i}, ${j}) and ${b} at (${j}, ${i})`);
    }
  }
  return count;
}

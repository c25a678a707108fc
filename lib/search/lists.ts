/** The lists of an inverted file: their centroids, and who belongs to which. */
import type { PointArray } from '../backend/clustering-kernels';
import type { Kernels } from '../backend/kernels';
import type { ListCentroids, SearchSpec } from '../backend/search-kernels';
import { unitLength } from '../clustering/initialize';
import { copyPoints, subset } from '../clustering/matrix';
import { RandomStream } from '../clustering/random';
import type { IndexPlan } from './options';
import type { VectorMetric } from './types';

const BOUNDS_BYTES = 2 ** 30;
const LIKE_ALL = 5;
/** How much of its vectors' distance from the centroid counts for a list: wide lists reach further than their centroids tell. Measured: docs/vector-index.md; `calibrate` finds better ones. */
export const SPREAD_WEIGHTS = { 'inner-product': 0.7, cosine: 0.3, l2: 0 } as const;

/** Centroids of a sample's clusters. With cosines vectors are clustered by direction, else as they are. Rejects as k-means does. */
export async function clusterLists(plan: IndexPlan): Promise<Float32Array> {
  const { kernels, points, lists, seed, metric, maxIterations, threads, signal, progress } = plan;
  const random = new RandomStream(seed);
  const wanted = Math.min(points.count, lists * plan.samplesPerList);
  const sample = wanted === points.count ? points : subset(points, random.sample(points.count, wanted).sort());
  const spherical = metric === 'cosine';
  const centroids = unitLength(copyPoints(sample, random.sample(sample.count, lists)), points.dims, spherical);
  await kernels.lloyd(
    { points: sample, frozen: null, spherical, maxIterations, tolerance: 0, boundsBytes: BOUNDS_BYTES, threads },
    centroids,
    new Uint32Array(sample.count),
    { signal, onProgress: (iteration) => progress('cluster', iteration / Math.max(1, maxIterations)) },
  );
  return centroids;
}

/** The list of each point, which is that of the nearest centroid; and its squared distance, if there is an array for it. */
export async function assignLists(
  { kernels, metric, threads, signal }: Pick<IndexPlan, 'kernels' | 'metric' | 'threads' | 'signal'>,
  points: PointArray,
  centroids: Float32Array | null,
  distances: Float32Array | null = null,
): Promise<Uint32Array> {
  const labels = new Uint32Array(points.count);
  if (points.count > 0 && centroids !== null && centroids.length > points.dims)
    await kernels.assignNearest({ points, spherical: metric === 'cosine', threads }, centroids, labels, distances, { signal });
  return labels;
}

/** Mean squared distance of each list's points from its centroid, as if some more were in it that are like all points. */
export function listSpreads(lists: number, labels: Uint32Array, distances: Float32Array): Float64Array {
  const [sums, counts] = [new Float64Array(lists), new Float64Array(lists)];
  let total = 0;
  labels.forEach((label, i) => {
    sums[label] += distances[i];
    counts[label]++;
    total += distances[i];
  });
  const mean = total / Math.max(1, labels.length);
  return sums.map((sum, list) => (sum + LIKE_ALL * mean) / (counts[list] + LIKE_ALL));
}

/** What searching needs of centroids. */
export async function listCentroids(
  kernels: Kernels,
  data: Float32Array,
  dims: number,
  metric: VectorMetric,
  spreads: Float64Array,
): Promise<ListCentroids> {
  const lists = data.length / dims;
  const rows = { type: 'int8', data: new Int8Array(data.length), scales: new Float32Array(2 * lists) } as const;
  const slots = Uint32Array.from({ length: lists }, (_, i) => i);
  const spec: SearchSpec = {
    dims,
    score: 'dot',
    rows,
    ids: slots,
    pages: new Uint32Array(0),
    pageOffsets: new Uint32Array(2),
    sizes: new Uint32Array(1),
    centroids: null,
    codes: null,
    exact: null,
  };
  const view = kernels.createSearchView(spec);
  const points: PointArray = { data, type: 'float32', dims, rows: null, count: lists, weights: null };
  await kernels.storeRows(view, { points, slots, lists: null, unitLength: false, threads: 1 }, {});
  kernels.dispose(view);
  const biases = new Float32Array(lists);
  if (metric === 'l2') {
    for (let list = 0; list < lists; list++) {
      let square = 0;
      for (let i = list * dims; i < (list + 1) * dims; i++) square += data[i] * data[i];
      biases[list] = (spreads[list] - square) / 2;
    }
  }
  const widths = Float32Array.from(spreads, (spread) => SPREAD_WEIGHTS[metric] * Math.sqrt(spread));
  return { data, rows, biases, spreads: widths };
}

/** What binary codes are made with: the centroids' mean, and random signs. */
export function codeOf(centroids: Float32Array, dims: number, seed: number): { centre: Float32Array; signs: Float32Array } {
  const sums = new Float64Array(dims);
  for (let i = 0; i < centroids.length; i++) sums[i % dims] += centroids[i];
  const random = new RandomStream(seed ^ 0x5bd1e995);
  return {
    centre: Float32Array.from(sums, (sum) => (sum * dims) / centroids.length),
    signs: Float32Array.from({ length: ROTATION_ROUNDS * dims }, () => (random.next() < 0.5 ? -1 : 1)),
  };
}

const ROTATION_ROUNDS = 4;

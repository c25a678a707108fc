/** Distances of vectors to classes. */
import type { LloydSpec, PointArray } from '../backend/clustering-kernels';
import { unitLength } from '../clustering/initialize';
import { copyRow } from '../clustering/matrix';
import type { ClassModel } from './model';

/** Numbers of a portion of vectors: they should stay in the cache from one centroid to the next. */
const PORTION = 2 ** 18;

/** A call of `assignNearest`, after which the work goes on. */
export interface NearestCall {
  readonly spec: Pick<LloydSpec, 'points' | 'spherical' | 'threads'>;
  readonly centroids: Float32Array;
  readonly labels: Uint32Array;
  readonly squares: Float32Array | null;
}

export interface DistanceTask {
  readonly model: ClassModel;
  readonly points: PointArray;
  readonly metric: 'euclidean' | 'cosine' | 'manhattan';
  readonly blocks: number;
  /** Vectors and centroids are divided by the deviations of the model. */
  readonly standardized: boolean;
  readonly threads: number;
}

/** The nearest class of each vector, by one call: for vectors of one block. Of equally near ones, as all are to zeros by the cosine, the first. */
export function* nearestClasses({ model, points, metric, threads }: DistanceTask): Generator<NearestCall, Uint32Array, void> {
  const spherical = metric === 'cosine';
  const labels = new Uint32Array(points.count);
  const centroids = unitLength(Float32Array.from(model.centroids), model.dims, spherical);
  yield { spec: { points, spherical, threads }, centroids, labels, squares: null };
  if (spherical) {
    const { data, dims } = points;
    for (let i = 0; i < labels.length; i++) if (isZero(data.subarray(i * dims, (i + 1) * dims))) labels[i] = 0;
  }
  return labels.map((label) => model.classOf[label]);
}

/**
 * Distances, vectors × classes: to the nearest centroid of each class. One call for each block of each centroid, as kernels are exact around the centroids that they get.
 * The vectors must be finite.
 */
export function* kernelDistances(task: DistanceTask): Generator<NearestCall, Float32Array, void> {
  const { model, points, blocks, metric, threads } = task;
  const out = new Float32Array(points.count * model.classes).fill(Infinity);
  const width = model.dims / blocks;
  const spherical = metric === 'cosine';
  const centroids = unitLength(Float32Array.from(scaled(task)), width, spherical);
  for (const portion of portions(task)) {
    const { count, first } = portion;
    const sums = new Float64Array(count);
    const labels = new Uint32Array(count);
    const squares = new Float32Array(count);
    for (let centroid = 0; centroid < model.classOf.length; centroid++) {
      sums.fill(0);
      for (let block = 0; block < blocks; block++) {
        const rows = Uint32Array.from({ length: count }, (_, i) => i * blocks + block);
        const at = (centroid * blocks + block) * width;
        const near = centroids.subarray(at, at + width);
        yield { spec: { points: { ...portion, dims: width, rows }, spherical, threads }, centroids: near, labels, squares };
        if (metric === 'euclidean') for (let i = 0; i < count; i++) sums[i] += Math.sqrt(squares[i]);
        else addCosines(portion, rows, near, squares, sums);
      }
      for (let i = 0; i < count; i++) {
        const to = (first + i) * model.classes + model.classOf[centroid];
        out[to] = Math.min(out[to], sums[i] / blocks);
      }
    }
  }
  return out;
}

/** Adds 1 − cos: half the squared distance of vectors of unit length. */
function addCosines({ data }: PointArray, rows: Uint32Array, centroid: Float32Array, squares: Float32Array, sums: Float64Array): void {
  const width = centroid.length;
  const nowhere = isZero(centroid);
  rows.forEach((row, i) => {
    sums[i] += nowhere || isZero(data.subarray(row * width, (row + 1) * width)) ? 1 : squares[i] / 2;
  });
}

function isZero(values: Float32Array | Uint16Array): boolean {
  // The bits of half-precision zeros may have a sign.
  return values instanceof Float32Array ? values.every((value) => value === 0) : values.every((bits) => (bits & 0x7fff) === 0);
}

/** Σ |x − c|, in double precision. */
export function* manhattanDistances(task: DistanceTask): Generator<void, Float32Array, void> {
  const { model, points, blocks } = task;
  const { dims, classes, classOf } = model;
  const out = new Float32Array(points.count * classes).fill(Infinity);
  const centroids = scaled(task);
  const row = new Float32Array(dims);
  for (const portion of portions(task)) {
    for (let i = 0; i < portion.count; i++) {
      copyRow(portion, i, row, 0);
      for (let centroid = 0; centroid < classOf.length; centroid++) {
        let sum = 0;
        for (let dim = 0, at = centroid * dims; dim < dims; dim++, at++) sum += Math.abs(row[dim] - centroids[at]);
        const to = (portion.first + i) * classes + classOf[centroid];
        out[to] = Math.min(out[to], sum / blocks);
      }
      if ((i & 15) === 15) yield;
    }
    yield;
  }
  return out;
}

type Portion = PointArray & { readonly first: number };

function* portions({ model, points, standardized }: DistanceTask): Generator<Portion, void> {
  const { data, dims, count } = points;
  const rows = Math.max(1, Math.floor(PORTION / dims));
  for (let first = 0; first < count; first += rows) {
    const portion = {
      ...points,
      first,
      count: Math.min(rows, count - first),
      data: data.subarray(first * dims, Math.min(count, first + rows) * dims),
    };
    yield standardized ? { ...portion, type: 'float32', data: standardizedRows(portion, model.deviations) } : portion;
  }
}

function standardizedRows(points: PointArray, deviations: Float64Array): Float32Array {
  const { count, dims } = points;
  const out = new Float32Array(count * dims);
  for (let i = 0; i < count; i++) {
    copyRow(points, i, out, i * dims);
    for (let dim = 0; dim < dims; dim++) if (deviations[dim] > 0) out[i * dims + dim] /= deviations[dim];
  }
  return out;
}

function scaled({ model, standardized }: DistanceTask): Float64Array {
  const { centroids, deviations, dims } = model;
  return standardized ? centroids.map((value, at) => value / (deviations[at % dims] || 1)) : centroids;
}

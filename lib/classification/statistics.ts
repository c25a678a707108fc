/** What a classifier knows of the vectors that it has seen: centroids and how the vectors lie around them, in double precision. */
import type { PointArray } from '../backend/clustering-kernels';
import { notFinite } from '../backend/js/clustering/point-rows';
import { GREATEST_SQUARE } from '../clustering/greatest-square';
import { copyRow } from '../clustering/matrix';
import { membersOf } from '../clustering/members';

/** Numbers between two looks at the clock. */
const STEP_NUMBERS = 2 ** 16;

export interface CentroidStatistics {
  readonly dims: number;
  /** Of each centroid: its class (ascending), and how many vectors it has. */
  readonly classOf: Uint32Array;
  readonly counts: Float64Array;
  /** centroids × dims: the mean of its vectors, or their median. */
  readonly centroids: Float64Array;
  /** Mean of all vectors. */
  readonly centre: Float64Array;
  /** Σ (x − centroid)² in each dimension. */
  readonly scatter: Float64Array;
}

export function noStatistics(dims: number, classOf: Uint32Array): CentroidStatistics {
  return {
    dims,
    classOf,
    counts: new Float64Array(classOf.length),
    centroids: new Float64Array(classOf.length * dims),
    centre: new Float64Array(dims),
    scatter: new Float64Array(dims),
  };
}

export function seenBy({ counts }: CentroidStatistics): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Vector after vector as numbers; undefined: the clock may be looked at. Throws INVALID_ARGUMENT for a vector that is not finite, as kernels do. */
function* eachRow(points: PointArray): Generator<Float32Array | undefined, void> {
  const row = new Float32Array(points.dims);
  const step = Math.max(1, Math.floor(STEP_NUMBERS / points.dims));
  for (let i = 0; i < points.count; i++) {
    if (i % step === step - 1) yield undefined;
    copyRow(points, i, row, 0);
    let square = 0;
    for (let dim = 0; dim < row.length; dim++) square += row[dim] * row[dim];
    if (!(square < GREATEST_SQUARE)) throw notFinite(i);
    yield row;
  }
}

/** Throws INVALID_ARGUMENT for the first vector that is not finite. */
export function* refuseInfinite(points: PointArray): Generator<void, void> {
  for (const row of eachRow(points)) if (row === undefined) yield;
}

/** Adds vectors to means (Welford 1962): vector i to centroid `centroidOf[i]`. In place. */
export function* addToMeans(statistics: CentroidStatistics, points: PointArray, centroidOf: Uint32Array): Generator<void, void> {
  const { dims, counts, centroids, centre, scatter } = statistics;
  let seen = seenBy(statistics);
  let i = 0;
  for (const row of eachRow(points)) {
    if (row === undefined) {
      yield;
      continue;
    }
    const centroid = centroidOf[i++];
    const [part, whole] = [1 / ++counts[centroid], 1 / ++seen];
    for (let dim = 0, at = centroid * dims; dim < dims; dim++, at++) {
      const off = row[dim] - centroids[at];
      centroids[at] += off * part;
      scatter[dim] += off * (row[dim] - centroids[at]);
      centre[dim] += (row[dim] - centre[dim]) * whole;
    }
  }
}

/** Statistics with medians for centroids: of these vectors alone. In place. */
export function* setMedians(statistics: CentroidStatistics, points: PointArray, centroidOf: Uint32Array): Generator<void, void> {
  const { dims, centroids, scatter } = statistics;
  yield* addToMeans(statistics, points, centroidOf);
  const { values: order, offsets } = membersOf(centroidOf, statistics.counts.length);
  scatter.fill(0);
  const row = new Float32Array(dims);
  for (let centroid = 0; centroid + 1 < offsets.length; centroid++) {
    const members = order.subarray(offsets[centroid], offsets[centroid + 1]);
    const columns = new Float32Array(dims * members.length);
    for (let i = 0; i < members.length; i++) {
      copyRow(points, members[i], row, 0);
      for (let dim = 0; dim < dims; dim++) columns[dim * members.length + i] = row[dim];
    }
    for (let dim = 0; dim < dims; dim++) {
      const values = columns.subarray(dim * members.length, (dim + 1) * members.length);
      const middle = medianOf(values);
      centroids[centroid * dims + dim] = middle;
      for (const value of values) scatter[dim] += (value - middle) ** 2;
      yield;
    }
  }
}

/** Sorts the values. */
export function medianOf(values: Float32Array | Float64Array): number {
  values.sort();
  const half = values.length >> 1;
  return values.length % 2 === 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

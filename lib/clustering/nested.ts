/** Nested (Matryoshka) clustering: the same vectors, by ever longer beginnings of them (Franca, Venkataramanan et al. 2025). */
import { listOf, objectOf } from '../arguments';
import type { PointArray } from '../backend/clustering-kernels';
import type { BackendName } from '../backend/kernels';
import { selectKernels } from '../backend/select';
import { unexpected } from '../errors';
import { scaledRows } from '../reduction/plan';
import { kmeansOfOwn } from './kmeans';
import { integer } from './kmeans-options';
import { copyRow, float32Vectors, ownPoints, pointsOf, type Float32Vectors, type Vectors } from './matrix';
import { balancing, type SinkhornOptions } from './sinkhorn';
import { runStepsInBackground, type Steps } from './steps';

export interface NestedOptions extends SinkhornOptions {
  /** Clusters of whole vectors; of a part of their numbers as large a part. */
  readonly clusters: number;
  /** How many numbers of each vector the levels take, ascending. Default: a sixteenth, an eighth, a quarter, a half and all of them. */
  readonly widths?: readonly number[];
  /** How often centroids become the means of what is assigned to them. Default 3. */
  readonly rounds?: number;
  /** Default 1. */
  readonly seed?: number;
  readonly backend?: BackendName;
  readonly signal?: AbortSignal;
  /** Levels done, and how many there are. */
  readonly onProgress?: (done: number, total: number) => void;
}

export interface NestedLevel {
  /** Unit vectors, [clusters, width of the level]; zeros for a cluster of zeros. */
  readonly centroids: Float32Vectors;
  /** The cluster of each vector that it is assigned to most. */
  readonly labels: Uint32Array;
  /** What is assigned to each cluster: nearly vectors / clusters. */
  readonly masses: Float64Array;
}

/**
 * Clusters by direction, level by level, with balanced assignments: spherical k-means, then rounds of {@link sinkhorn} over the cosines, and centroids in the
 * direction of the means by those weights. No gradients. Takes 12 bytes × vectors × clusters. Rejects with INVALID_ARGUMENT, and with ABORTED.
 */
export async function nestedClusters(vectors: Vectors, options: NestedOptions): Promise<NestedLevel[]> {
  const points = pointsOf(vectors, 'vectors');
  const { count, dims } = points;
  if (count === 0) throw unexpected('vectors', 'at least one vector', 'none');
  const clusters = integer(objectOf(options, 'options').clusters, 'clusters', 1, count);
  const widths = options.widths ?? [16, 8, 4, 2, 1].map((part) => Math.max(1, Math.floor(dims / part)));
  listOf(widths, 'widths').forEach((width) => integer(width, 'widths', 1, dims));
  if (widths.length === 0 || widths.some((width, i) => width < (widths[i - 1] ?? 0)))
    throw unexpected('widths', 'ascending numbers', `[${widths.join(', ')}]`);
  const rounds = integer(options.rounds ?? 3, 'rounds', 1, 1e6);
  const own = await ownPoints(points, 'vectors', options.signal);
  const levels: NestedLevel[] = [];
  const background = <Result>(steps: Steps<Result>): Promise<Result> =>
    runStepsInBackground(steps, selectKernels(options.backend), options.signal);
  for (const width of new Set(widths)) {
    const unit = await background(unitBeginnings(own, width));
    const wanted = Math.max(1, Math.round((clusters * width) / dims));
    const { seed = 1, signal, backend } = options;
    const { centroids } = await kmeansOfOwn(float32Vectors(unit, width), {
      clusters: wanted,
      spherical: true,
      seed,
      ...(backend && { backend }),
      ...(signal && { signal }),
    });
    levels.push(await background(balancedLevel(unit, width, centroids.data, rounds, options)));
    options.onProgress?.(levels.length, new Set(widths).size);
  }
  return levels;
}

/** The first `width` numbers of each vector, at unit length. */
function* unitBeginnings(points: PointArray, width: number): Steps<Float32Array> {
  const { count, dims } = points;
  const data = new Float32Array(count * width);
  const row = new Float32Array(dims);
  for (let i = 0; i < count; i++, yield null) {
    copyRow(points, i, row, 0);
    if (!row.every((value) => Math.abs(value) < 1e18)) throw unexpected('vectors', 'finite numbers below 1e18', `others in vector ${i}`);
    data.set(row.subarray(0, width), i * width);
  }
  return yield* scaledRows({ data, count, width });
}

function* balancedLevel(
  unit: Float32Array,
  width: number,
  start: Float32Array,
  rounds: number,
  options: SinkhornOptions,
): Steps<NestedLevel> {
  const clusters = start.length / width;
  let centroids = start;
  let assignments: Float64Array = new Float64Array(0);
  for (let round = 0; round < rounds; round++) {
    const cosines = new Float32Array((unit.length / width) * clusters);
    const before = centroids;
    yield (kernels) => kernels.products(unit, before, width, cosines);
    assignments = yield* balancing(cosines, clusters, options);
    centroids = yield* meanDirections(unit, width, assignments, before);
  }
  const masses = new Float64Array(clusters);
  const labels = new Uint32Array(unit.length / width);
  for (let i = 0; i < labels.length; i++, yield null) {
    const weights = assignments.subarray(i * clusters, (i + 1) * clusters);
    for (let c = 0; c < clusters; c++) {
      masses[c] += weights[c];
      if (weights[c] > weights[labels[i]]) labels[i] = c;
    }
  }
  return { centroids: float32Vectors(centroids, width), labels, masses };
}

/** Of each cluster; where the vectors cancel out or nothing is assigned, the one before. */
function* meanDirections(unit: Float32Array, width: number, assignments: Float64Array, before: Float32Array): Steps<Float32Array> {
  const clusters = before.length / width;
  const sums = new Float32Array(clusters * width);
  const [left, right] = [yield* transposed(assignments, clusters), yield* transposed(unit, width)];
  yield (kernels) => kernels.products(left, right, unit.length / width, sums);
  const means = yield* scaledRows({ data: sums, count: clusters, width });
  for (let at = 0; at < means.length; at += width, yield null) {
    if (means.subarray(at, at + width).every((value) => value === 0)) means.set(before.subarray(at, at + width), at);
  }
  return means;
}

function* transposed(rows: Float32Array | Float64Array, columns: number): Steps<Float32Array> {
  const count = rows.length / columns;
  const out = new Float32Array(rows.length);
  for (let row = 0, at = 0; row < count; row++, yield null) {
    for (let column = 0; column < columns; column++) out[column * count + row] = rows[at++];
  }
  return out;
}

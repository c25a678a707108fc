/** Nested (Matryoshka) clustering: the same vectors, by ever longer beginnings of them (Franca, Venkataramanan et al. 2025). */
import type { BackendName, Kernels } from '../backend/kernels';
import { selectKernels } from '../backend/select';
import { unexpected } from '../errors';
import { unitRows } from '../reduction/plan';
import { kmeans } from './kmeans';
import { integer } from './kmeans-options';
import { copyRow, float32Vectors, pointsOf, type Float32Vectors, type Vectors } from './matrix';
import { sinkhornAsync, type SinkhornOptions } from './sinkhorn';

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
  /** Unit vectors, [clusters, width of the level]. */
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
  const clusters = integer(options.clusters, 'clusters', 1, count);
  const widths = options.widths ?? [16, 8, 4, 2, 1].map((part) => Math.max(1, Math.floor(dims / part)));
  widths.forEach((width) => integer(width, 'widths', 1, dims));
  if (widths.length === 0 || widths.some((width, i) => width < (widths[i - 1] ?? 0)))
    throw unexpected('widths', 'ascending numbers', `[${widths.join(', ')}]`);
  const rounds = integer(options.rounds ?? 3, 'rounds', 1, 1e6);
  const levels: NestedLevel[] = [];
  const row = new Float32Array(dims);
  for (const width of new Set(widths)) {
    const beginnings = new Float32Array(count * width);
    for (let i = 0; i < count; i++) {
      copyRow(points, i, row, 0);
      beginnings.set(row.subarray(0, width), i * width);
    }
    const wanted = Math.max(1, Math.round((clusters * width) / dims));
    levels.push(await level(beginnings, width, wanted, rounds, options));
    options.onProgress?.(levels.length, new Set(widths).size);
  }
  return levels;
}

async function level(data: Float32Array, width: number, clusters: number, rounds: number, options: NestedOptions): Promise<NestedLevel> {
  const { seed = 1, signal, backend } = options;
  const count = data.length / width;
  const start = await kmeans(float32Vectors(data, width), {
    clusters,
    spherical: true,
    seed,
    ...(backend && { backend }),
    ...(signal && { signal }),
  });
  const kernels = selectKernels(backend);
  const unit = unitRows({ data, count, width });
  let centroids = start.centroids.data;
  let assignments: Float64Array = new Float64Array(0);
  for (let round = 0; round < rounds; round++) {
    const cosines = new Float32Array(count * clusters);
    await kernels.background.products(unit, centroids, width, cosines);
    assignments = await sinkhornAsync(cosines, clusters, options);
    centroids = meanDirections(kernels, unit, width, assignments, clusters, centroids);
  }
  const masses = new Float64Array(clusters);
  assignments.forEach((weight, at) => (masses[at % clusters] += weight));
  return { centroids: float32Vectors(centroids, width), labels: greatestOfRows(assignments, clusters), masses };
}

/** Of each cluster; where the vectors cancel out or nothing is assigned, the one before. */
function meanDirections(
  kernels: Kernels,
  unit: Float32Array,
  width: number,
  assignments: Float64Array,
  clusters: number,
  before: Float32Array,
): Float32Array {
  const count = unit.length / width;
  const sums = new Float32Array(clusters * width);
  kernels.products(transposed(assignments, clusters), transposed(unit, width), count, sums);
  const means = unitRows({ data: sums, count: clusters, width });
  return means.map((value, at) => {
    const from = Math.floor(at / width) * width;
    return sums.subarray(from, from + width).some((sum) => sum !== 0) ? value : before[at];
  });
}

function transposed(rows: Float32Array | Float64Array, columns: number): Float32Array {
  const count = rows.length / columns;
  const out = new Float32Array(rows.length);
  for (let row = 0, at = 0; row < count; row++) for (let column = 0; column < columns; column++) out[column * count + row] = rows[at++];
  return out;
}

function greatestOfRows(rows: Float64Array, columns: number): Uint32Array {
  return Uint32Array.from({ length: rows.length / columns }, (_, row) => {
    let best = 0;
    for (let column = 1; column < columns; column++) if (rows[row * columns + column] > rows[row * columns + best]) best = column;
    return best;
  });
}

/** Clusters of points that lie on a few planes through the origin. */
import { numberThat, objectOf } from '../arguments';
import { selectKernels } from '../backend/select';
import { invalidArgument, unexpected } from '../errors';
import { ownArray } from '../own-array';
import { scaledRows } from '../reduction/plan';
import { pointsOf, type Vectors } from './matrix';
import { solvePositiveDefinite } from './positive-definite';
import { spectralClusters, type Affinity, type SpectralOptions } from './spectral';
import { runStepsInBackground, type Steps } from './steps';

export interface SubspaceOptions extends SpectralOptions {
  /** λ of the ridge; positive. Default 0.01. */
  readonly ridge?: number;
  /** So many of each point's coefficients are kept, the largest in size. Default 10, or all of fewer points. */
  readonly keep?: number;
}

/**
 * Subspace clustering by least squares: every point is written as a combination of all points, Z = (XᵀX + λI)⁻¹ XᵀX for columns X of unit length; points of
 * one subspace use each other. The affinity |Z| + |Zᵀ| of the largest coefficients is clustered by {@link spectralClusters}. Rejects as that does, and with
 * INVALID_ARGUMENT for numbers that are not finite.
 */
export async function subspaceClusters(vectors: Vectors, options: SubspaceOptions): Promise<Uint32Array> {
  const { signal } = objectOf(options, 'options');
  const own = { ...vectors, data: await ownArray(pointsOf(vectors, 'vectors').data, 'vectors', signal) };
  const affinity = await runStepsInBackground(subspaceAffinity(own, options), selectKernels(options.backend), signal);
  return spectralClusters(affinity, options);
}

/** [points, points]. Zero vectors have no affinity. */
export function* subspaceAffinity(vectors: Vectors, options: Pick<SubspaceOptions, 'ridge' | 'keep'> = {}): Steps<Affinity> {
  const { data, type, count, dims } = pointsOf(vectors, 'vectors');
  if (type !== 'float32') throw invalidArgument('vectors.type', '"float32"', type);
  if (count === 0) throw unexpected('vectors', 'at least one vector', 'none');
  if (!data.every((value) => Math.abs(value) < 1e18)) throw unexpected('vectors', 'finite numbers below 1e18', 'others');
  const { ridge = 0.01, keep = Math.min(10, count) } = options;
  numberThat(ridge, 'ridge', 'a positive number', (value) => value > 0 && value < Infinity);
  if (!Number.isInteger(keep) || keep < 1 || keep > count) throw invalidArgument('keep', `a whole number from 1 to ${count}`, keep);
  const unit = yield* scaledRows({ data: data as Float32Array, count, width: dims });
  const coefficients = yield* combinations(unit, count, dims, ridge);
  const affinity = new Float32Array(count * count);
  for (let point = 0; point < count; point++, yield null) {
    const sizes = coefficients.subarray(point * count, (point + 1) * count).map(Math.abs);
    for (const other of largest(sizes, keep)) {
      affinity[point * count + other] += sizes[other];
      affinity[other * count + point] += sizes[other];
    }
  }
  return { data: affinity, dims: [count, count] };
}

/** Z, which is symmetric: (XᵀX + λI)⁻¹ XᵀX = Xᵀ (XXᵀ + λI)⁻¹ X, so that only a matrix of the vectors' length is to be inverted. */
function* combinations(unit: Float32Array, count: number, dims: number, ridge: number): Steps<Float32Array> {
  const moments = new Float64Array(dims * dims);
  for (let point = 0; point < count; point++, yield null) {
    const row = unit.subarray(point * dims, (point + 1) * dims);
    for (let a = 0; a < dims; a++) for (let b = 0; b <= a; b++) moments[a * dims + b] += row[a] * row[b];
  }
  for (let a = 0; a < dims; a++) moments[a * dims + a] += ridge;
  const columns = new Float64Array(dims * count);
  for (let point = 0; point < count; point++) for (let k = 0; k < dims; k++) columns[k * count + point] = unit[point * dims + k];
  yield* solvePositiveDefinite(moments, dims, columns);
  const solved = new Float32Array(count * dims);
  for (let point = 0; point < count; point++) for (let k = 0; k < dims; k++) solved[point * dims + k] = columns[k * count + point];
  const out = new Float32Array(count * count);
  yield (kernels) => kernels.products(unit, solved, dims, out);
  return out;
}

/** Indices of the largest numbers; of equal ones the first. */
function largest(values: Float32Array, count: number): Uint32Array {
  return Uint32Array.from(values, (_, i) => i)
    .sort((a, b) => values[b] - values[a] || a - b)
    .subarray(0, count);
}

/** Documents of several vectors made shorter (ColBERT, CRISP). */
import { listOf, numberThat, objectOf } from '../arguments';
import { selectKernels } from '../backend/select';
import type { BackendName } from '../backend/kernels';
import { invalidArgument, unexpected } from '../errors';
import { planOfMeans, scaledRows } from '../reduction/plan';
import { ownArray } from '../own-array';
import { agglomerating, cutDendrogram } from './agglomerative';
import { float32Vectors, pointsOf, type Float32Vectors, type Vectors } from './matrix';
import { runSteps, runStepsInBackground, type Steps } from './steps';

export interface PoolOptions {
  /** About one of so many vectors remains: ⌊n / factor⌋, at least one. */
  readonly factor: number;
  /**
   * What Ward's linkage takes. 'rows': Euclidean distances of the rows of the matrix of 1 − cosine (ColBERT, ColPali); 'cosine': 1 − cosine (PyLate); 'euclidean':
   * Euclidean distances of unit vectors. Default 'cosine'.
   */
  readonly linkage?: 'rows' | 'cosine' | 'euclidean';
  /** Scale the means to unit length. Default false. */
  readonly normalize?: boolean;
  /** Rows that stay as they are, before the pooled ones. */
  readonly protect?: ArrayLike<number>;
  readonly backend?: BackendName;
}

/** Vectors of one document pooled: means of unit vectors over Ward's clusters, in the order of their first members. `source`: where each vector went. */
export function poolVectors(vectors: Vectors, options: PoolOptions): PooledVectors {
  return runSteps(pooling(vectors, options), selectKernels(objectOf(options, 'options').backend));
}

/** The same in the background: the event loop stays free. The vectors are copied first, unless their memory is shared: then they must not change meanwhile. Rejects with ABORTED besides. */
export async function poolVectorsAsync(vectors: Vectors, options: PoolOptions & { readonly signal?: AbortSignal }): Promise<PooledVectors> {
  const { backend, signal } = objectOf(options, 'options');
  const { data } = pointsOf(vectors, 'vectors');
  const own = { ...vectors, data: await ownArray(data, 'vectors', signal) };
  return runStepsInBackground(pooling(own, options), selectKernels(backend), signal);
}

export type PooledVectors = Float32Vectors & { readonly source: Uint32Array };

function* pooling(vectors: Vectors, options: PoolOptions): Steps<PooledVectors> {
  const { factor, linkage = 'cosine', normalize = false, protect = [] } = options;
  const points = pointsOf(vectors, 'vectors');
  if (points.type !== 'float32') throw invalidArgument('vectors.type', '"float32"', points.type);
  numberThat(factor, 'factor', 'a number from 1', (value) => value >= 1 && value < Infinity);
  if (linkage !== 'rows' && linkage !== 'cosine' && linkage !== 'euclidean')
    throw invalidArgument('linkage', '"rows", "cosine" or "euclidean"', linkage);
  const { count, dims: width } = points;
  const data = points.data as Float32Array;
  const greatest = new Float32Array(1);
  yield (kernels) => kernels.greatestMagnitude(data, greatest);
  if (!(greatest[0] < 1e18)) throw unexpected('vectors', 'finite numbers below 1e18', 'others');
  const kept = new Uint8Array(count);
  for (let i = 0; i < listOf(protect, 'protect').length; i++) {
    if (!Number.isInteger(protect[i]) || protect[i] < 0 || protect[i] >= count)
      throw invalidArgument('protect', `rows below ${count}`, protect[i]);
    kept[protect[i]] = 1;
  }
  const unit = yield* scaledRows({ data, count, width });
  const free = Uint32Array.from(kept.keys()).filter((row) => kept[row] === 0);
  const keptRows = Uint32Array.from(kept.keys()).filter((row) => kept[row] === 1);
  const source = new Uint32Array(count);
  keptRows.forEach((row, i) => (source[row] = i));
  let groups = 0;
  if (free.length > 0) {
    groups = Math.max(1, Math.floor(free.length / factor));
    const rows = new Float32Array(free.length * width);
    free.forEach((row, i) => rows.set(unit.subarray(row * width, (row + 1) * width), i * width));
    const labels = cutDendrogram(yield* agglomerating(yield* pairwise(rows, width, linkage), 'ward'), groups);
    free.forEach((row, i) => (source[row] = keptRows.length + labels[i]));
  }
  const total = keptRows.length + groups;
  const means = new Float32Array(total * width);
  yield* planOfMeans(source, total, new Float32Array(count).fill(1)).merge(unit, width, means, null);
  const pooled = normalize ? yield* scaledRows({ data: means, count: total, width }) : means;
  keptRows.forEach((row, i) => pooled.set(data.subarray(row * width, (row + 1) * width), i * width));
  return { ...float32Vectors(pooled, width), source };
}

/** Condensed distances of unit vectors. */
function* pairwise(unit: Float32Array, width: number, linkage: 'rows' | 'cosine' | 'euclidean'): Steps<Float64Array> {
  const count = unit.length / width;
  const cosines = new Float32Array(count * count);
  yield (kernels) => kernels.products(unit, unit, width, cosines);
  if (linkage === 'rows') return yield* rowDistances(cosines, count);
  const distances = new Float64Array((count * (count - 1)) / 2);
  const between =
    linkage === 'cosine' ? (cosine: number) => Math.max(0, 1 - cosine) : (cosine: number) => Math.sqrt(Math.max(0, 2 - 2 * cosine));
  for (let i = 0, at = 0; i < count; i++, yield null) {
    for (let j = i + 1; j < count; j++) distances[at++] = between(cosines[i * count + j]);
  }
  return distances;
}

/** Condensed Euclidean distances of the rows of a square matrix. */
function* rowDistances(matrix: Float32Array, count: number): Steps<Float64Array> {
  const distances = new Float64Array((count * (count - 1)) / 2);
  for (let i = 0, at = 0; i < count; i++, yield null) {
    let j = i + 1;
    // Four at a time: one sum alone would wait for itself.
    for (; j + 4 <= count; j += 4) {
      let [a, b, c, d] = [0, 0, 0, 0];
      for (let k = 0, own = i * count, other = j * count; k < count; k++, own++, other++) {
        const x = matrix[own];
        const p = x - matrix[other];
        const q = x - matrix[other + count];
        const r = x - matrix[other + 2 * count];
        const s = x - matrix[other + 3 * count];
        a += p * p;
        b += q * q;
        c += r * r;
        d += s * s;
      }
      distances[at++] = Math.sqrt(a);
      distances[at++] = Math.sqrt(b);
      distances[at++] = Math.sqrt(c);
      distances[at++] = Math.sqrt(d);
    }
    for (; j < count; j++) {
      let square = 0;
      for (let k = 0; k < count; k++) square += (matrix[i * count + k] - matrix[j * count + k]) ** 2;
      distances[at++] = Math.sqrt(square);
    }
  }
  return distances;
}

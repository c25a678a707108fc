/** What features tell of their place, found and taken out of them (RASA: Franca, Venkataramanan et al. 2025). */
import { listOf, numberThat, objectOf } from '../arguments';
import type { BackendName } from '../backend/kernels';
import { selectKernels } from '../backend/select';
import { unexpected } from '../errors';
import { integer } from './kmeans-options';
import { copyPoints, copyRow, float32Vectors, pointsOf, type Float32Vectors, type Vectors } from './matrix';
import { solvePositiveDefinite } from './positive-definite';
import { runSteps, runStepsInBackground, type Steps } from './steps';
import type { PointArray } from '../backend/clustering-kernels';

/** Features whose products are summed in single precision. */
const BLOCK = 1024;
/** A direction of which orthogonalisation leaves less is none. */
const LEAST_LEFT = 1e-6;

export interface PositionalOptions {
  /** Rows and columns of each image's grid. The features are those of images one after the other, row by row. */
  readonly grid: readonly [number, number];
  /** How often directions are fitted and taken out. Default 8. */
  readonly rounds?: number;
  /** Ends when a round explains no more than this part of the places' variance. Default 0.01. */
  readonly tolerance?: number;
  /** λ of the ridge, as a part of the features' mean variance. Default 0.001. Moments are of single precision: of fewer features than they have numbers, below about 0.0003, rounding becomes directions. */
  readonly ridge?: number;
  readonly backend?: BackendName;
  readonly signal?: AbortSignal;
}

/** Directions that tell of the place: orthonormal. */
export class PositionalSubspace {
  /** `explained`: for each round the part of the places' variance that its linear map explains. */
  constructor(
    readonly directions: Float32Vectors,
    readonly explained: readonly number[],
  ) {}

  /** Features without their parts along the directions: x − Σ ⟨x, u⟩ u. */
  remove(features: Vectors): Float32Vectors {
    return runSteps(this.removing(features), null);
  }

  /** The same with time for other work in between. Rejects with ABORTED besides. */
  async removeAsync(features: Vectors, control: { readonly signal?: AbortSignal } = {}): Promise<Float32Vectors> {
    return runStepsInBackground(this.removing(features), null, objectOf(control, 'control').signal);
  }

  private *removing(features: Vectors): Steps<Float32Vectors> {
    const { data, dims } = this.directions;
    const [count, width] = dims;
    const points = pointsOf(features, 'features');
    if (points.dims !== width) throw unexpected('features', `vectors of ${width} numbers`, `vectors of ${points.dims}`);
    const out = new Float32Array(points.count * width);
    const row = new Float64Array(width);
    const single = new Float32Array(width);
    for (let i = 0; i < points.count; i++, yield null) {
      copyRow(points, i, single, 0);
      row.set(single);
      for (let u = 0; u < count; u++) subtractAlong(row, data.subarray(u * width, (u + 1) * width));
      out.set(row, i * width);
    }
    return float32Vectors(out, width);
  }
}

/**
 * Fits a linear map from features to their places, (row, column) / (number − 1), by ridge regression, makes its two directions orthonormal, takes them out, and
 * does so again with what is left. Rejects with INVALID_ARGUMENT, and with ABORTED.
 */
export async function fitPositionalSubspace(features: Vectors, options: PositionalOptions): Promise<PositionalSubspace> {
  const points = pointsOf(features, 'features');
  const { count } = points;
  const { grid, ridge = 1e-3, tolerance = 0.01, signal } = objectOf(options, 'options');
  const cells = integer(listOf(grid, 'grid')[0], 'grid', 1, 1e6) * integer(grid[1], 'grid', 1, 1e6);
  if (count === 0 || count % cells !== 0) throw unexpected('features', `a multiple of ${cells} vectors, as the grid has`, `${count}`);
  numberThat(ridge, 'ridge', 'a positive number', (value) => value > 0 && value < Infinity);
  numberThat(tolerance, 'tolerance', 'a number from 0, below 1', (value) => value >= 0 && value < 1);
  const rounds = integer(options.rounds ?? 8, 'rounds', 1, 1e6);
  return runStepsInBackground(fitting(points, grid, { ridge, tolerance, rounds }), selectKernels(options.backend), signal);
}

function* fitting(
  points: PointArray,
  grid: readonly [number, number],
  { ridge, tolerance, rounds }: { ridge: number; tolerance: number; rounds: number },
): Steps<PositionalSubspace> {
  const { dims } = points;
  const moments = yield* momentsOf(points, grid);
  const directions: Float64Array[] = [];
  const explained: number[] = [];
  while (explained.length < rounds && directions.length + 2 <= dims) {
    const { maps, explained: part } = yield* fit(moments, dims, ridge);
    if (!(part > tolerance)) break;
    explained.push(part);
    for (const map of maps) {
      const direction = orthonormal(map, directions);
      if (direction === null) continue;
      directions.push(direction);
      yield* projectOut(moments, dims, direction);
    }
  }
  const rows = new Float32Array(directions.length * dims);
  directions.forEach((direction, i) => rows.set(direction, i * dims));
  return new PositionalSubspace(float32Vectors(rows, dims), explained);
}

/** Centred second moments: of the features, of features with places, of places. */
interface Moments {
  readonly features: Float64Array;
  readonly places: readonly [Float64Array, Float64Array];
  readonly variances: readonly [number, number];
}

function* momentsOf(points: PointArray, [rows, columns]: readonly [number, number]): Steps<Moments> {
  const { count, dims } = points;
  const mean = yield* meanOf(points);
  const features = new Float64Array(dims * dims);
  const places = [new Float64Array(dims), new Float64Array(dims)] as const;
  const variances: [number, number] = [0, 0];
  for (let first = 0; first < count; first += BLOCK) {
    const size = Math.min(BLOCK, count - first);
    const block = copyPoints(
      points,
      Uint32Array.from({ length: size }, (_, i) => first + i),
    );
    // Column by column: products of columns are moments.
    const centred = new Float32Array(size * dims);
    for (let i = 0; i < size; i++, yield null) {
      const cell = (first + i) % (rows * columns);
      const place = [centredPlace(Math.floor(cell / columns), rows), centredPlace(cell % columns, columns)];
      for (let k = 0; k < dims; k++) {
        const value = block[i * dims + k] - mean[k];
        centred[k * size + i] = value;
        places[0][k] += value * place[0];
        places[1][k] += value * place[1];
      }
      variances[0] += place[0] ** 2;
      variances[1] += place[1] ** 2;
    }
    const products = new Float32Array(dims * dims);
    yield (kernels) => kernels.products(centred, centred, size, products);
    for (let at = 0; at < features.length; at++) features[at] += products[at];
    yield null;
  }
  return { features, places, variances };
}

/** index / (size − 1), less its mean. */
function centredPlace(index: number, size: number): number {
  return size === 1 ? 0 : index / (size - 1) - 0.5;
}

function* meanOf(points: PointArray): Steps<Float64Array> {
  const { count, dims } = points;
  const mean = new Float64Array(dims);
  const row = new Float32Array(dims);
  for (let i = 0; i < count; i++, yield null) {
    copyRow(points, i, row, 0);
    for (let k = 0; k < dims; k++) {
      if (!(Math.abs(row[k]) < 1e15)) throw unexpected('features', 'finite numbers below 1e15', `${row[k]} in vector ${i}`);
      mean[k] += row[k] / count;
    }
  }
  return mean;
}

/** The two linear maps of the ridge regression, and the part of the places' variance that they explain. */
function* fit(moments: Moments, dims: number, ridge: number): Steps<{ maps: Float64Array[]; explained: number }> {
  const matrix = moments.features.slice();
  let trace = 0;
  for (let k = 0; k < dims; k++) trace += matrix[k * dims + k];
  // Features that are all equal tell nothing, and need a matrix that can be inverted all the same.
  const lambda = trace > 0 ? (ridge * trace) / dims : 1;
  for (let k = 0; k < dims; k++) matrix[k * dims + k] += lambda;
  const solved = new Float64Array(2 * dims);
  moments.places.forEach((place, p) => place.forEach((value, k) => (solved[2 * k + p] = value)));
  yield* solvePositiveDefinite(matrix, dims, solved);
  const maps = [0, 1].map((p) => Float64Array.from({ length: dims }, (_, k) => solved[2 * k + p]));
  const explained = maps.reduce((sum, map, p) => sum + 2 * dot(map, moments.places[p]) - quadratic(map, moments.features, dims), 0);
  const variance = moments.variances[0] + moments.variances[1];
  return { maps, explained: variance > 0 ? explained / variance : 0 };
}

/** What is left of a vector, at unit length; null if nothing is. */
function orthonormal(vector: Float64Array, basis: readonly Float64Array[]): Float64Array | null {
  const own = vector.slice();
  const before = Math.sqrt(dot(own, own));
  // Twice: the first pass leaves rounding errors of what it takes away.
  for (let pass = 0; pass < 2; pass++) for (const other of basis) subtractAlong(own, other);
  const length = Math.sqrt(dot(own, own));
  return length > LEAST_LEFT * before ? own.map((value) => value / length) : null;
}

function subtractAlong(row: Float64Array, direction: Float64Array | Float32Array): void {
  const product = dot(row, direction);
  for (let k = 0; k < row.length; k++) row[k] -= product * direction[k];
}

/** The moments of features without their part along u: (I − uuᵀ) M (I − uuᵀ). */
function* projectOut({ features, places }: Moments, dims: number, u: Float64Array): Steps<void> {
  const image = Float64Array.from({ length: dims }, (_, i) => dot(features.subarray(i * dims, (i + 1) * dims), u));
  const along = dot(image, u);
  for (let i = 0; i < dims; i++, yield null) {
    for (let j = 0; j < dims; j++) features[i * dims + j] += along * u[i] * u[j] - u[i] * image[j] - image[i] * u[j];
  }
  for (const place of places) subtractAlong(place, u);
}

function quadratic(map: Float64Array, matrix: Float64Array, dims: number): number {
  let sum = 0;
  for (let i = 0; i < dims; i++) sum += map[i] * dot(matrix.subarray(i * dims, (i + 1) * dims), map);
  return sum;
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += a[k] * b[k];
  return sum;
}

/** A few leading eigenvectors of a large symmetric matrix. */
import type { Kernels } from '../backend/kernels';
import { RandomStream } from './random';
import { symmetricEigenpairs, type Eigenpairs } from './symmetric-eigen';

/** Vectors beyond those that are asked for: they make the last of them converge. */
const SPARE = 8;
/** Blocks of a Krylov space: V, AV, A²V. */
const DEPTH = 3;
const MOST_RESTARTS = 100;
/** What single-precision products leave, in parts of the greatest eigenvalue. */
const RESIDUAL = 3e-6;
/** Up to here the whole matrix is diagonalised. */
const SMALL = 64;

/**
 * The `count` eigenvectors of the greatest eigenvalues, each of unit length, as rows. The block Krylov method, restarted: a product of the matrix
 * with a few vectors is all that grows with size², and eigenvalues may be equal. Products are in single precision, all else in double. Ends when
 * residuals are below 3·10⁻⁶ of the greatest eigenvalue, or after 100 restarts with what there is then (eigenvalues that are nearly equal to the
 * next one beyond `count` leave their vectors undetermined anyway).
 */
export function leadingEigenvectors(kernels: Kernels, matrix: Float32Array, size: number, count: number): Eigenpairs {
  if (size <= SMALL) return leading(symmetricEigenpairs(Float64Array.from(matrix), size), size, count);
  const width = Math.min(size, count + SPARE);
  const random = new RandomStream(1);
  let block: Float64Array[] = Array.from({ length: width }, () => Float64Array.from({ length: size }, () => random.gaussian()));
  let ritz: Ritz | null = null;
  for (let restart = 0; restart < MOST_RESTARTS; restart++) {
    const { basis, images } = krylovSpace(kernels, matrix, size, block, random);
    ritz = rayleighRitz(basis, images, Math.min(width, basis.length));
    const worst = Math.max(...ritz.residuals.slice(0, count));
    if (worst <= RESIDUAL * Math.max(...ritz.values.map(Math.abs)) || basis.length === size) break;
    block = ritz.vectors;
  }
  const vectors = new Float64Array(count * size);
  ritz!.vectors.slice(0, count).forEach((vector, i) => vectors.set(vector, i * size));
  return { values: ritz!.values.slice(0, count), vectors };
}

function leading({ values, vectors }: Eigenpairs, size: number, count: number): Eigenpairs {
  return { values: values.slice(0, count), vectors: vectors.slice(0, count * size) };
}

/** Orthonormal vectors and their products with the matrix. */
function krylovSpace(
  kernels: Kernels,
  matrix: Float32Array,
  size: number,
  start: Float64Array[],
  random: RandomStream,
): { basis: Float64Array[]; images: Float64Array[] } {
  const basis: Float64Array[] = [];
  const images: Float64Array[] = [];
  let block = start;
  for (let depth = 0; depth < DEPTH; depth++) {
    const added = block.map((vector) => orthonormal(vector, basis, random)).filter((vector) => vector !== null);
    if (added.length === 0) break;
    block = multiply(kernels, matrix, size, added);
    images.push(...block);
  }
  return { basis, images };
}

/** The part of a vector that is orthogonal to the basis, at unit length, put into the basis; null if the basis spans everything. */
function orthonormal(vector: Float64Array, basis: Float64Array[], random: RandomStream): Float64Array | null {
  if (basis.length === vector.length) return null;
  let own = vector.slice();
  for (;;) {
    const before = Math.sqrt(dot(own, own));
    // Twice: the first pass leaves rounding errors of what it takes away.
    for (let pass = 0; pass < 2; pass++) for (const other of basis) addMultiple(own, other, -dot(own, other));
    const length = Math.sqrt(dot(own, own));
    if (length > 1e-8 * before && length > 0) {
      for (let k = 0; k < own.length; k++) own[k] /= length;
      basis.push(own);
      return own;
    }
    own = Float64Array.from({ length: vector.length }, () => random.gaussian());
  }
}

function multiply(kernels: Kernels, matrix: Float32Array, size: number, vectors: readonly Float64Array[]): Float64Array[] {
  const rows = new Float32Array(vectors.length * size);
  vectors.forEach((vector, i) => rows.set(vector, i * size));
  const products = new Float32Array(rows.length);
  kernels.products(rows, matrix, size, products);
  return vectors.map((_, i) => Float64Array.from(products.subarray(i * size, (i + 1) * size)));
}

interface Ritz {
  readonly values: Float64Array;
  readonly vectors: Float64Array[];
  readonly residuals: number[];
}

/** The best approximations of eigenvectors within the basis. */
function rayleighRitz(basis: readonly Float64Array[], images: readonly Float64Array[], count: number): Ritz {
  const size = basis.length;
  const projected = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      // Symmetric but for rounding.
      projected[i * size + j] = projected[j * size + i] = (dot(basis[i], images[j]) + dot(basis[j], images[i])) / 2;
    }
  }
  const { values, vectors } = symmetricEigenpairs(projected, size);
  const combined = (of: readonly Float64Array[], row: number): Float64Array => {
    const sum = new Float64Array(of[0].length);
    for (let i = 0; i < size; i++) addMultiple(sum, of[i], vectors[row * size + i]);
    return sum;
  };
  const found: Float64Array[] = [];
  const residuals: number[] = [];
  for (let row = 0; row < count; row++) {
    const vector = combined(basis, row);
    const rest = combined(images, row);
    addMultiple(rest, vector, -values[row]);
    found.push(vector);
    residuals.push(Math.sqrt(dot(rest, rest)));
  }
  return { values, vectors: found, residuals };
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += a[k] * b[k];
  return sum;
}

function addMultiple(to: Float64Array, from: Float64Array, factor: number): void {
  for (let k = 0; k < to.length; k++) to[k] += factor * from[k];
}

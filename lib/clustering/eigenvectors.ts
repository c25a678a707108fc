/** A few leading eigenvectors of a large symmetric matrix. */
import type { Kernels } from '../backend/kernels';
import { RandomStream } from './random';
import { symmetricEigenpairs, type Eigenpairs } from './symmetric-eigen';

/** Vectors beyond those that are asked for: they make the last of them converge. */
const SPARE = 8;
/** Vectors that the matrix is multiplied with at a time, as many as a panel of the kernels has. */
const BLOCK = 16;
/** The least number of vectors that are added between two restarts. */
const LEAST_GROWTH = 160;
const MOST_RESTARTS = 100;
/** What single-precision products leave, in parts of the greatest eigenvalue. */
const RESIDUAL = 3e-6;
/** Up to here the whole matrix is diagonalised. */
const SMALL = 64;

/**
 * The `count` eigenvectors of the greatest eigenvalues, each of unit length, as rows. Block Lanczos with thick restarts (Wu & Simon 2000): the space grows by products of
 * the matrix with a few vectors at a time, then the best vectors in it are kept, and it grows on from where it was. Products are all that grows with size², and eigenvalues may be
 * equal. Products are in single precision, all else in double. Ends when residuals are below 3·10⁻⁶ of the greatest eigenvalue, or after 100 restarts with what there is then
 * (eigenvalues that are nearly equal to the next one beyond `count` leave their vectors undetermined anyway).
 */
export function leadingEigenvectors(kernels: Kernels, matrix: Float32Array, size: number, count: number): Eigenpairs {
  if (size <= SMALL) return leading(symmetricEigenpairs(Float64Array.from(matrix), size), size, count);
  const width = Math.min(size, count + SPARE);
  const room = Math.min(size, width + Math.max(width, LEAST_GROWTH));
  const space = new KrylovSpace(kernels, matrix, size);
  for (let restart = 0; ; restart++) {
    space.grow(room);
    const { values, residuals } = space.keepBest(width);
    const worst = Math.max(...residuals.slice(0, count));
    if (worst > RESIDUAL * Math.max(...values.map(Math.abs)) && room < size && restart < MOST_RESTARTS) continue;
    const vectors = new Float64Array(count * size);
    space.basis.slice(0, count).forEach((vector, i) => vectors.set(vector, i * size));
    return { values: values.slice(0, count), vectors };
  }
}

function leading({ values, vectors }: Eigenpairs, size: number, count: number): Eigenpairs {
  return { values: values.slice(0, count), vectors: vectors.slice(0, count * size) };
}

/** Orthonormal vectors and their products with the matrix. */
class KrylovSpace {
  basis: Float64Array[] = [];
  private images: Float64Array[] = [];
  /** Where it grows on; orthonormal, and orthogonal to the basis. */
  private next: Float64Array[];
  private readonly random = new RandomStream(1);

  constructor(
    private readonly kernels: Kernels,
    private readonly matrix: Float32Array,
    private readonly size: number,
  ) {
    this.next = this.orthonormal(Array.from({ length: BLOCK }, () => this.randomVector()));
  }

  /** Up to `room` vectors. */
  grow(room: number): void {
    while (this.basis.length < room && this.next.length > 0) {
      const added = this.next.slice(0, room - this.basis.length);
      const images = this.multiply(added);
      this.basis.push(...added);
      this.images.push(...images);
      this.next = this.orthonormal(images);
    }
  }

  /** Keeps the `count` vectors of the space that are nearest to being eigenvectors of the greatest eigenvalues. */
  keepBest(count: number): { values: Float64Array; residuals: number[] } {
    const { basis, images } = this;
    const size = basis.length;
    const projected = new Float64Array(size * size);
    for (let i = 0; i < size; i++) {
      // Symmetric but for rounding.
      for (let j = 0; j <= i; j++) projected[i * size + j] = projected[j * size + i] = dot(basis[i], images[j]);
    }
    const { values, vectors } = symmetricEigenpairs(projected, size);
    const combined = (of: readonly Float64Array[], row: number): Float64Array => {
      const sum = new Float64Array(this.size);
      for (let i = 0; i < size; i++) addMultiple(sum, of[i], vectors[row * size + i]);
      return sum;
    };
    const rows = Array.from({ length: Math.min(count, size) }, (_, row) => row);
    this.basis = rows.map((row) => combined(basis, row));
    this.images = rows.map((row) => combined(images, row));
    const residuals = rows.map((row) => {
      const rest = this.images[row].slice();
      addMultiple(rest, this.basis[row], -values[row]);
      return Math.sqrt(dot(rest, rest));
    });
    return { values, residuals };
  }

  private randomVector(): Float64Array {
    return Float64Array.from({ length: this.size }, () => this.random.gaussian());
  }

  /** The parts of vectors that are orthogonal to the basis and to each other, at unit length; random ones where nothing is left. Fewer if the basis nearly spans everything. */
  private orthonormal(vectors: readonly Float64Array[]): Float64Array[] {
    const found: Float64Array[] = [];
    for (const vector of vectors) {
      if (this.basis.length + found.length === this.size) break;
      for (let own: Float64Array = vector.slice(); ; own = this.randomVector()) {
        const before = Math.sqrt(dot(own, own));
        // Twice: the first pass leaves rounding errors of what it takes away.
        for (let pass = 0; pass < 2; pass++) {
          for (const others of [this.basis, found]) for (const other of others) addMultiple(own, other, -dot(own, other));
        }
        const length = Math.sqrt(dot(own, own));
        if (!(length > 1e-8 * before && length > 0)) continue;
        found.push(own.map((value) => value / length));
        break;
      }
    }
    return found;
  }

  private multiply(vectors: readonly Float64Array[]): Float64Array[] {
    const { size } = this;
    const rows = new Float32Array(vectors.length * size);
    vectors.forEach((vector, i) => rows.set(vector, i * size));
    // The kernel packs what stands on its right: that is to be the small one.
    const products = new Float32Array(rows.length);
    this.kernels.products(this.matrix, rows, size, products);
    return vectors.map((_, i) => Float64Array.from({ length: size }, (_value, row) => products[row * vectors.length + i]));
  }
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += a[k] * b[k];
  return sum;
}

function addMultiple(to: Float64Array, from: Float64Array, factor: number): void {
  for (let k = 0; k < to.length; k++) to[k] += factor * from[k];
}

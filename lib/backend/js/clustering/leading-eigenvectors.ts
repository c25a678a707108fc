/** A few leading eigenvectors of a large symmetric matrix: block Lanczos with thick restarts (Wu & Simon 2000), in double precision. */
import { aborted } from '../../../errors';
import type { ClusteringControl } from '../../clustering-kernels';
import { yieldToEventLoop } from '../event-loop';
import { symmetricEigenpairs, type Eigenpairs } from './symmetric-eigen';

/** Vectors that the matrix is multiplied with at a time. */
const BLOCK = 8;
/** Vectors beyond those that are asked for make the last of them converge: at least so many, or a part of the number. */
const LEAST_SPARE = 16;
const SPARE_PART = 4;
/** The least number of vectors that are added between two restarts. */
const LEAST_GROWTH = 160;
/**
 * More than so many restarts to come, judging by the last one, are slow: then more vectors are kept, up to half of a space that is doubled up to here. And every few restarts it is
 * doubled whatever they promise: a space that holds everything is exact.
 */
const MOST_EXPECTED = 5;
const CHEAP_ROOM = 768;
const RESTARTS_OF_SIZE = 16;
/** In parts of the greatest eigenvalue. */
const RESIDUAL = 1e-8;
/** Up to here the whole matrix is diagonalised. */
const SMALL = 96;

/**
 * The space grows by the matrix' products with its latest vectors, until there is no more room; then the vectors in it that are nearest to being the wanted ones are kept, and it
 * grows on from where it was. Eigenvalues may be equal.
 */
export function leadingEigenvectors(matrix: Float32Array, size: number, count: number, values: Float64Array, vectors: Float64Array): void {
  const steps = computing(matrix, size, count, values, vectors);
  while (steps.next().done !== true);
}

export async function leadingEigenvectorsAsync(
  matrix: Float32Array,
  size: number,
  count: number,
  values: Float64Array,
  vectors: Float64Array,
  { signal }: ClusteringControl,
): Promise<void> {
  for (const _step of computing(matrix, size, count, values, vectors)) {
    if (signal?.aborted) throw aborted(signal);
    await yieldToEventLoop();
  }
}

/** Yields after each block of vectors. */
function* computing(
  matrix: Float32Array,
  size: number,
  count: number,
  values: Float64Array,
  vectors: Float64Array,
): Generator<void, void, void> {
  yield;
  if (size <= SMALL) {
    const pairs = symmetricEigenpairs(Float64Array.from(matrix), size);
    values.set(pairs.values.subarray(0, count));
    vectors.set(pairs.vectors.subarray(0, count * size));
    return;
  }
  const inBlocks = (wanted: number): number => Math.min(size, Math.ceil(wanted / BLOCK) * BLOCK);
  let kept = inBlocks(count + Math.max(LEAST_SPARE, Math.floor(count / SPARE_PART)));
  let room = inBlocks(kept + Math.max(kept, LEAST_GROWTH));
  const space = new KrylovSpace(matrix, size, room);
  for (let restart = 1, before = Infinity; ; restart++) {
    yield* space.grow();
    const { values: all, residuals } = space.keepBest(kept);
    values.set(all.subarray(0, count));
    const greatest = Math.max(Math.abs(all[0]), Math.abs(all[all.length - 1]));
    const worst = Math.max(...residuals.subarray(0, count));
    if (room === size || worst <= RESIDUAL * greatest) break;
    const mustGrow = restart % RESTARTS_OF_SIZE === 0;
    if (mustGrow || isSlow(before, worst, RESIDUAL * greatest)) {
      if (mustGrow || 2 * room <= CHEAP_ROOM) space.enlarge((room = inBlocks(2 * room)), all);
      kept = Math.max(kept, inBlocks(Math.min(2 * kept, Math.floor(room / 2))));
    }
    before = worst;
  }
  space.basis.slice(0, count).forEach((vector, i) => vectors.set(vector, i * size));
}

/** Whether restarts make residuals so slowly small that a larger space is cheaper. */
function isSlow(before: number, now: number, target: number): boolean {
  return now >= before || Math.log(now / target) > MOST_EXPECTED * Math.log(before / now);
}

class KrylovSpace {
  /** Orthonormal. */
  basis: Float64Array[] = [];
  /** Where it grows on: orthonormal, and orthogonal to the basis. */
  private next: Float64Array[];
  /** The matrix' products with the vectors that were added latest. */
  private images: Float64Array[] = [];
  /** `[room, room]`: the matrix in terms of the basis. */
  private projected: Float64Array;
  private randomState = 1;

  constructor(
    private readonly matrix: Float32Array,
    private readonly size: number,
    private room: number,
  ) {
    this.projected = new Float64Array(room * room);
    this.next = this.orthonormal(Array.from({ length: BLOCK }, () => this.randomVector()));
  }

  *grow(): Generator<void, void, void> {
    const { basis, projected, room } = this;
    while (basis.length < room && this.next.length > 0) {
      const added = this.next;
      const before = basis.length;
      basis.push(...added);
      this.images = this.multiply(added);
      this.images.forEach((image, p) => {
        basis.forEach((vector, i) => (projected[i * room + before + p] = projected[(before + p) * room + i] = dot(vector, image)));
      });
      this.next = this.orthonormal(this.images);
      yield;
    }
  }

  /** Keeps the vectors of the space that are nearest to being those of the greatest eigenvalues. Gives the eigenvalues, and the lengths of the residuals of those kept. */
  keepBest(wanted: number): { values: Float64Array; residuals: Float64Array } {
    const { basis, projected, room } = this;
    const count = basis.length;
    const square = new Float64Array(count * count);
    for (let i = 0; i < count; i++) square.set(projected.subarray(i * room, i * room + count), i * count);
    const pairs = symmetricEigenpairs(square, count);
    const kept = Math.min(wanted, count);
    const residuals = this.residuals(pairs, kept);
    this.basis = Array.from({ length: kept }, (_, row) => {
      const sum = new Float64Array(this.size);
      for (let i = 0; i < count; i++) addMultiple(sum, basis[i], pairs.vectors[row * count + i]);
      return sum;
    });
    for (let i = 0; i < kept; i++) {
      projected.fill(0, i * room, i * room + kept);
      projected[i * room + i] = pairs.values[i];
    }
    return { values: pairs.values, residuals };
  }

  /** Makes room for more vectors. `values`: the eigenvalues that keepBest gave. */
  enlarge(room: number, values: Float64Array): void {
    this.room = room;
    this.projected = new Float64Array(room * room);
    this.basis.forEach((_, i) => (this.projected[i * room + i] = values[i]));
  }

  /** The matrix maps the space into itself and the next vectors: what a vector's image has outside of the space is what the latest vectors' images have of those. */
  private residuals({ vectors }: Eigenpairs, kept: number): Float64Array {
    const count = this.basis.length;
    const latest = count - this.images.length;
    const outside = this.next.map((vector) => this.images.map((image) => dot(vector, image)));
    return Float64Array.from({ length: kept }, (_, i) =>
      Math.hypot(...outside.map((parts) => parts.reduce((sum, part, q) => sum + part * vectors[i * count + latest + q], 0))),
    );
  }

  private randomVector(): Float64Array {
    return Float64Array.from({ length: this.size }, () => {
      this.randomState = (Math.imul(this.randomState, 1664525) + 1013904223) >>> 0;
      return this.randomState / 2 ** 31 - 1;
    });
  }

  /** The parts of vectors that are orthogonal to the basis and to each other, at unit length; random ones where nothing is left. Fewer if the basis nearly spans everything. */
  private orthonormal(vectors: readonly Float64Array[]): Float64Array[] {
    const found: Float64Array[] = [];
    for (const vector of vectors) {
      if (this.basis.length + found.length === this.size) break;
      for (let own: Float64Array = vector.slice(); ; own = this.randomVector()) {
        const before = Math.sqrt(dot(own, own));
        // Twice: the first pass leaves rounding errors of what it takes away.
        const lengths = [0, 0].map(() => {
          for (const others of [this.basis, found]) for (const other of others) addMultiple(own, other, -dot(own, other));
          const length = Math.sqrt(dot(own, own));
          for (let i = 0; i < own.length; i++) own[i] /= length;
          return length;
        });
        if (!(lengths[0] > 1e-12 * before && lengths[0] > 0)) continue;
        found.push(own);
        break;
      }
    }
    return found;
  }

  /** It is symmetric: its rows are its columns. */
  private multiply(vectors: readonly Float64Array[]): Float64Array[] {
    const { matrix, size } = this;
    const images = vectors.map(() => new Float64Array(size));
    for (let row = 0; row < size; row++) {
      const numbers = matrix.subarray(row * size, (row + 1) * size);
      vectors.forEach((vector, p) => addMultiple(images[p], numbers, vector[row]));
    }
    return images;
  }
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += a[k] * b[k];
  return sum;
}

function addMultiple(to: Float64Array, from: Float64Array | Float32Array, factor: number): void {
  for (let k = 0; k < to.length; k++) to[k] += factor * from[k];
}

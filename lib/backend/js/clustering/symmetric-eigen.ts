/** All eigenvalues and eigenvectors of a small symmetric matrix. */

/** Rounds of one eigenvalue; a handful are needed. */
const MOST_ROUNDS = 60;

/** Eigenvalues, the greatest first, and the vector of each as a row. */
export interface Eigenpairs {
  readonly values: Float64Array;
  /** [values, size]. */
  readonly vectors: Float64Array;
}

/** Householder's reflections make the matrix tridiagonal, implicitly shifted QL rotations make it diagonal (Wilkinson & Reinsch 1971). A few size³. */
export function symmetricEigenpairs(matrix: Float64Array, size: number): Eigenpairs {
  const { diagonal, below, vectors } = tridiagonal(matrix, size);
  diagonalize(diagonal, below, vectors);
  const order = Array.from({ length: size }, (_, i) => i).sort((i, j) => diagonal[j] - diagonal[i] || i - j);
  const sorted = new Float64Array(size * size);
  order.forEach((from, to) => sorted.set(vectors.subarray(from * size, (from + 1) * size), to * size));
  return { values: Float64Array.from(order, (i) => diagonal[i]), vectors: sorted };
}

interface Tridiagonal {
  readonly diagonal: Float64Array;
  /** below[i]: element (i + 1, i); one more at the end. */
  readonly below: Float64Array;
  /** Row i: what unit vector i of the tridiagonal matrix stands for. */
  readonly vectors: Float64Array;
}

function tridiagonal(matrix: Float64Array, size: number): Tridiagonal {
  const a = matrix.slice();
  const vectors = new Float64Array(size * size);
  for (let i = 0; i < size; i++) vectors[i * size + i] = 1;
  for (let k = 0; k + 2 < size; k++) {
    const mirror = new Float64Array(size);
    let square = 0;
    for (let i = k + 1; i < size; i++) square += (mirror[i] = a[k * size + i]) ** 2;
    const length = Math.sqrt(square);
    if (length === 0) continue;
    mirror[k + 1] += mirror[k + 1] < 0 ? -length : length;
    const factor = 1 / (length * Math.abs(mirror[k + 1]));
    reflectBothSides(a, mirror, factor, size, k);
    reflectRows(vectors, mirror, factor, size, k + 1);
  }
  return {
    diagonal: Float64Array.from({ length: size }, (_, i) => a[i * size + i]),
    below: Float64Array.from({ length: size }, (_, i) => (i + 1 < size ? a[i * size + i + 1] : 0)),
    vectors,
  };
}

/** (I − f m mᵀ) A (I − f m mᵀ), where the rows before `from` are done. */
function reflectBothSides(a: Float64Array, mirror: Float64Array, factor: number, size: number, from: number): void {
  const image = new Float64Array(size);
  let along = 0;
  for (let i = from; i < size; i++) {
    let sum = 0;
    for (let j = from + 1, at = i * size + from + 1; j < size; j++, at++) sum += a[at] * mirror[j];
    image[i] = factor * sum;
    along += image[i] * mirror[i];
  }
  for (let i = from; i < size; i++) image[i] -= (factor * along * mirror[i]) / 2;
  for (let i = from; i < size; i++) {
    const [m, p] = [mirror[i], image[i]];
    for (let j = from, at = i * size + from; j < size; j++, at++) a[at] -= m * image[j] + p * mirror[j];
  }
}

/** (I − f m mᵀ) V. */
function reflectRows(rows: Float64Array, mirror: Float64Array, factor: number, size: number, from: number): void {
  const image = new Float64Array(size);
  for (let i = from; i < size; i++) for (let j = 0; j < size; j++) image[j] += mirror[i] * rows[i * size + j];
  for (let i = from; i < size; i++) {
    const scale = factor * mirror[i];
    for (let j = 0; j < size; j++) rows[i * size + j] -= scale * image[j];
  }
}

/** Rotates neighbouring rows until nothing is left below the diagonal. */
function diagonalize(diagonal: Float64Array, below: Float64Array, vectors: Float64Array): void {
  const size = diagonal.length;
  for (let first = 0; first < size; first++) {
    for (let round = 0; round < MOST_ROUNDS; round++) {
      let last = first;
      while (last + 1 < size && Math.abs(below[last]) > Number.EPSILON * (Math.abs(diagonal[last]) + Math.abs(diagonal[last + 1]))) last++;
      if (last === first) break;
      chase(diagonal, below, vectors, first, last);
    }
  }
}

/** One QL step with Wilkinson's shift over the block [first, last]. */
function chase(diagonal: Float64Array, below: Float64Array, vectors: Float64Array, first: number, last: number): void {
  const ratio = (diagonal[first + 1] - diagonal[first]) / (2 * below[first]);
  let [sine, cosine, shifted] = [1, 1, 0];
  let bulge = diagonal[last] - diagonal[first] + below[first] / (ratio + (ratio < 0 ? -1 : 1) * Math.hypot(ratio, 1));
  for (let i = last - 1; i >= first; i--) {
    const [out, along] = [sine * below[i], cosine * below[i]];
    const length = Math.hypot(out, bulge);
    below[i + 1] = length;
    if (length === 0) {
      // The matrix falls apart here.
      diagonal[i + 1] -= shifted;
      below[last] = 0;
      return;
    }
    sine = out / length;
    cosine = bulge / length;
    const rest = diagonal[i + 1] - shifted;
    const step = (diagonal[i] - rest) * sine + 2 * cosine * along;
    shifted = sine * step;
    diagonal[i + 1] = rest + shifted;
    bulge = cosine * step - along;
    rotateRows(vectors, diagonal.length, i, cosine, sine);
  }
  diagonal[first] -= shifted;
  below[first] = bulge;
  below[last] = 0;
}

function rotateRows(rows: Float64Array, size: number, i: number, cosine: number, sine: number): void {
  for (let a = i * size, b = a + size, end = b; a < end; a++, b++) {
    const [x, y] = [rows[a], rows[b]];
    rows[b] = sine * x + cosine * y;
    rows[a] = cosine * x - sine * y;
  }
}

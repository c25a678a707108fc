/** All eigenvalues and eigenvectors of a small symmetric matrix. */

const MOST_SWEEPS = 60;

/** Eigenvalues, the greatest first, and the vector of each as a row. */
export interface Eigenpairs {
  readonly values: Float64Array;
  /** [values, size]. */
  readonly vectors: Float64Array;
}

/** Jacobi's method: plane rotations make one element outside the diagonal zero after the other. size³ per sweep, a handful of sweeps. */
export function symmetricEigenpairs(matrix: Float64Array, size: number): Eigenpairs {
  const a = matrix.slice();
  const vectors = new Float64Array(size * size);
  for (let i = 0; i < size; i++) vectors[i * size + i] = 1;
  for (let sweep = 0; sweep < MOST_SWEEPS; sweep++) {
    if (!rotateAll(a, vectors, size)) break;
  }
  const order = Array.from({ length: size }, (_, i) => i).sort((i, j) => a[j * size + j] - a[i * size + i] || i - j);
  const sorted = new Float64Array(size * size);
  order.forEach((from, to) => sorted.set(vectors.subarray(from * size, (from + 1) * size), to * size));
  return { values: Float64Array.from(order, (i) => a[i * size + i]), vectors: sorted };
}

/** One sweep; whether anything was left to rotate. */
function rotateAll(a: Float64Array, vectors: Float64Array, size: number): boolean {
  let rotated = false;
  for (let p = 0; p < size; p++) {
    for (let q = p + 1; q < size; q++) {
      const off = a[p * size + q];
      const [pp, qq] = [a[p * size + p], a[q * size + q]];
      if (Math.abs(off) <= Number.EPSILON * Math.sqrt(Math.abs(pp * qq)) || Math.abs(off) < 1e-300) continue;
      rotated = true;
      const theta = (qq - pp) / (2 * off);
      const tangent = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
      const cosine = 1 / Math.sqrt(tangent * tangent + 1);
      rotate(a, vectors, size, p, q, cosine, tangent * cosine);
    }
  }
  return rotated;
}

function rotate(a: Float64Array, vectors: Float64Array, size: number, p: number, q: number, cosine: number, sine: number): void {
  for (let k = 0; k < size; k++) {
    const [kp, kq] = [a[k * size + p], a[k * size + q]];
    a[k * size + p] = cosine * kp - sine * kq;
    a[k * size + q] = sine * kp + cosine * kq;
  }
  for (let k = 0; k < size; k++) {
    const [pk, qk] = [a[p * size + k], a[q * size + k]];
    a[p * size + k] = cosine * pk - sine * qk;
    a[q * size + k] = sine * pk + cosine * qk;
    const [vp, vq] = [vectors[p * size + k], vectors[q * size + k]];
    vectors[p * size + k] = cosine * vp - sine * vq;
    vectors[q * size + k] = sine * vp + cosine * vq;
  }
}

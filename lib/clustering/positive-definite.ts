/** Linear equations with a symmetric positive definite matrix. */
import type { Steps } from './steps';

/**
 * Solves A·X = B by Cholesky's factors, for all columns of B ([size, columns], overwritten by X). `matrix` is [size, size] and is overwritten.
 * The caller sees to it that the matrix is positive definite, by a ridge on its diagonal.
 */
export function* solvePositiveDefinite(matrix: Float64Array, size: number, columns: Float64Array): Steps<void> {
  const count = columns.length / size;
  yield* factorize(matrix, size);
  for (let i = 0; i < size; i++) {
    for (let k = 0; k < i; k++, yield null) subtractRow(columns, i, k, count, matrix[i * size + k]);
    divideRow(columns, i, count, matrix[i * size + i]);
  }
  for (let i = size - 1; i >= 0; i--) {
    for (let k = i + 1; k < size; k++, yield null) subtractRow(columns, i, k, count, matrix[k * size + i]);
    divideRow(columns, i, count, matrix[i * size + i]);
  }
}

/** The lower triangle becomes that of L with A = LLᵀ. */
function* factorize(matrix: Float64Array, size: number): Steps<void> {
  for (let i = 0; i < size; i++, yield null) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * size + j];
      for (let k = 0; k < j; k++) sum -= matrix[i * size + k] * matrix[j * size + k];
      matrix[i * size + j] = i === j ? Math.sqrt(sum) : sum / matrix[j * size + j];
    }
  }
}

function subtractRow(rows: Float64Array, to: number, from: number, count: number, factor: number): void {
  for (let c = 0; c < count; c++) rows[to * count + c] -= factor * rows[from * count + c];
}

function divideRow(rows: Float64Array, row: number, count: number, divisor: number): void {
  for (let c = 0; c < count; c++) rows[row * count + c] /= divisor;
}

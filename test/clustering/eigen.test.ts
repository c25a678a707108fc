/** Eigenpairs of small symmetric matrices, by what they are defined by. */
import { symmetricEigenpairs } from '../../lib/backend/js/clustering/symmetric-eigen';
import { gaussians } from './blobs';

function random(size: number): Float64Array {
  const values = gaussians(size, size * size);
  return values.map((_, at) => values[at] + values[(at % size) * size + Math.floor(at / size)]);
}

test.each<[string, Float64Array]>([
  ['one number', Float64Array.of(-3)],
  ['two by two', Float64Array.of(2, 1, 1, 2)],
  ['zeros', new Float64Array(25)],
  ['a diagonal', Float64Array.from({ length: 36 }, (_, at) => (at % 7 === 0 ? at : 0))],
  ['equal eigenvalues', Float64Array.from({ length: 144 }, (_, at) => Number(Math.floor(at / 48) === Math.floor((at % 12) / 4)))],
  ['tridiagonal', Float64Array.from({ length: 400 }, (_, at) => Number(Math.abs(Math.floor(at / 20) - (at % 20)) === 1))],
  ['random, 3', random(3)],
  ['random, 50', random(50)],
  ['random, 120, of very different sizes', random(120).map((value, at) => value * 10 ** -(((at % 120) + Math.floor(at / 120)) / 20))],
])('%s', (_, matrix) => {
  const size = Math.sqrt(matrix.length);
  const { values, vectors } = symmetricEigenpairs(matrix, size);
  const scale = Math.max(1e-300, ...matrix.map(Math.abs)) * size;
  // One expectation for all: each costs more than what it looks at.
  let [residual, skew] = [0, 0];
  for (let a = 0; a < size; a++) {
    if (a > 0) expect(values[a]).toBeLessThanOrEqual(values[a - 1]);
    const row = vectors.subarray(a * size, (a + 1) * size);
    for (let i = 0; i < size; i++) {
      let product = 0;
      for (let j = 0; j < size; j++) product += matrix[i * size + j] * row[j];
      residual = Math.max(residual, Math.abs(product - values[a] * row[i]));
    }
    for (let b = 0; b <= a; b++) {
      const product = row.reduce((sum, value, i) => sum + value * vectors[b * size + i], 0);
      skew = Math.max(skew, Math.abs(product - Number(a === b)));
    }
  }
  expect(residual).toBeLessThan(1e-13 * scale);
  expect(skew).toBeLessThan(1e-12);
});

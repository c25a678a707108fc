/** Inner products of rows in TypeScript. Sums are in double precision, and rounded once. */

function product(left: Float32Array, i: number, right: Float32Array, j: number, dims: number): number {
  let sum = 0;
  for (let dim = 0; dim < dims; dim++) sum += left[i + dim] * right[j + dim];
  return sum;
}

export function products(left: Float32Array, right: Float32Array, dims: number, out: Float32Array): void {
  for (let i = 0, at = 0; i < left.length; i += dims) {
    let j = 0;
    // Four at a time: one sum alone would wait for itself.
    for (; j + 4 * dims <= right.length; j += 4 * dims) {
      let [a, b, c, d] = [0, 0, 0, 0];
      for (let dim = 0; dim < dims; dim++) {
        const x = left[i + dim];
        a += x * right[j + dim];
        b += x * right[j + dims + dim];
        c += x * right[j + 2 * dims + dim];
        d += x * right[j + 3 * dims + dim];
      }
      out[at++] = a;
      out[at++] = b;
      out[at++] = c;
      out[at++] = d;
    }
    for (; j < right.length; j += dims) out[at++] = product(left, i, right, j, dims);
  }
}

export function greatestProducts(left: Float32Array, right: Float32Array, dims: number, columns: Uint32Array, values: Float32Array): void {
  const row = new Float32Array(right.length / dims);
  for (let i = 0; i < columns.length; i++) {
    products(left.subarray(i * dims, (i + 1) * dims), right, dims, row);
    let best = 0;
    for (let j = 1; j < row.length; j++) if (row[j] > row[best]) best = j;
    columns[i] = best;
    values[i] = row[best];
  }
}

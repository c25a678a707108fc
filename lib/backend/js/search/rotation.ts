/** The rotation that makes the signs of a vector's coordinates say about equally much: rounds of random signs and Hadamard's transform. */

/** Rotates in place. `signs`: rounds × row.length. Single precision, so that all backends have the same bits. */
export function rotate(row: Float32Array, signs: Float32Array): void {
  const dims = row.length;
  const window = 2 ** Math.floor(Math.log2(dims));
  const scale = Math.fround(1 / Math.sqrt(window));
  for (let round = 0; round * dims < signs.length; round++) {
    for (let i = 0; i < dims; i++) row[i] *= signs[round * dims + i];
    const from = round % 2 === 0 ? 0 : dims - window;
    hadamard(row.subarray(from, from + window));
    for (let i = from; i < from + window; i++) row[i] *= scale;
  }
}

function hadamard(row: Float32Array): void {
  for (let half = 1; half < row.length; half *= 2) {
    for (let start = 0; start < row.length; start += 2 * half) {
      for (let i = start; i < start + half; i++) {
        const [a, b] = [row[i], row[i + half]];
        row[i] = a + b;
        row[i + half] = a - b;
      }
    }
  }
}

/** Routing and the moving average of dynamic chunking. Twin of native/include/merganser/dynamic/chunking.hpp. */

export function routeRows(
  queries: Float32Array,
  keys: Float32Array,
  width: number,
  offsets: Uint32Array,
  probabilities: Float32Array,
): void {
  for (let s = 0; s + 1 < offsets.length; s++) {
    for (let t = offsets[s]; t < offsets[s + 1]; t++)
      probabilities[t] =
        t === offsets[s] ? 1 : Math.min(1, Math.max(0, (1 - cosine(queries, (t - 1) * width, keys, t * width, width)) / 2));
  }
}

function cosine(a: Float32Array, aStart: number, b: Float32Array, bStart: number, width: number): number {
  let product = 0;
  let aSquares = 0;
  let bSquares = 0;
  for (let i = 0; i < width; i++) {
    const x = a[aStart + i];
    const y = b[bStart + i];
    product += x * y;
    aSquares += x * x;
    bSquares += y * y;
  }
  const norms = Math.sqrt(aSquares) * Math.sqrt(bSquares);
  return norms > 0 ? product / norms : 0;
}

export function averageRows(rows: Float32Array, probabilities: Float32Array, width: number, offsets: Uint32Array, out: Float32Array): void {
  const average = new Float64Array(width);
  for (let s = 0; s + 1 < offsets.length; s++) {
    average.fill(0);
    for (let k = offsets[s]; k < offsets[s + 1]; k++) {
      const p = probabilities[k];
      for (let i = 0; i < width; i++) {
        average[i] = p * rows[k * width + i] + (1 - p) * average[i];
        out[k * width + i] = average[i];
      }
    }
  }
}

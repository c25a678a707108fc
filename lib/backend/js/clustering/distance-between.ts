type Numbers = Float32Array | Float64Array;

/** Euclidean distance of rows i and j, in double precision. */
export function distanceBetween(left: Numbers, i: number, right: Numbers, j: number, dims: number): number {
  let [a, b] = [i * dims, j * dims];
  const end = a + dims;
  // Four sums: one alone would wait for itself.
  let [p, q, r, s] = [0, 0, 0, 0];
  for (; a + 4 <= end; a += 4, b += 4) {
    p += (left[a] - right[b]) ** 2;
    q += (left[a + 1] - right[b + 1]) ** 2;
    r += (left[a + 2] - right[b + 2]) ** 2;
    s += (left[a + 3] - right[b + 3]) ** 2;
  }
  for (; a < end; a++, b++) p += (left[a] - right[b]) ** 2;
  return Math.sqrt(p + r + (q + s));
}

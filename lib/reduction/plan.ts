/** What an operator decides for one sequence, and what follows from it for any values. */

export interface Plan {
  readonly count: number;
  /** For each token its reduced token. */
  readonly source: Uint32Array;
  readonly size: Float32Array;
  readonly merge: (values: Float32Array, width: number) => Float32Array;
  readonly unmerge: (values: Float32Array, width: number) => Float32Array;
}

/** One sequence. */
export interface TokenRows {
  readonly data: Float32Array;
  readonly count: number;
  readonly width: number;
}

/** Reduced tokens are weighted means of their members; `lengths` restores the greatest length of them. */
export function planOfMeans(source: Uint32Array, count: number, weights: Float32Array, lengths: 'mean' | 'greatest' = 'mean'): Plan {
  const size = new Float32Array(count);
  source.forEach((target, i) => (size[target] += weights[i]));
  return {
    count,
    source,
    size,
    merge: (values, width) => {
      const means = weightedMeans(values, width, source, count, weights);
      return lengths === 'mean' ? means : withGreatestLength(means, values, width, source);
    },
    unmerge: (values, width) => gather(values, width, source),
  };
}

export function weightedMeans(
  values: Float32Array,
  width: number,
  source: Uint32Array,
  count: number,
  weights: Float32Array,
): Float32Array {
  const sums = new Float64Array(count * width);
  const masses = new Float64Array(count);
  source.forEach((target, i) => {
    masses[target] += weights[i];
    for (let k = 0, to = target * width, from = i * width; k < width; k++) sums[to + k] += weights[i] * values[from + k];
  });
  return Float32Array.from(sums, (sum, i) => {
    const mass = masses[Math.floor(i / width)];
    return mass > 0 ? sum / mass : 0;
  });
}

function withGreatestLength(means: Float32Array, values: Float32Array, width: number, source: Uint32Array): Float32Array {
  const greatest = new Float64Array(means.length / width);
  source.forEach((target, i) => (greatest[target] = Math.max(greatest[target], lengthOf(values, i, width))));
  return means.map((value, i) => {
    const row = Math.floor(i / width);
    const length = lengthOf(means, row, width);
    return length > 0 ? (value * greatest[row]) / length : 0;
  });
}

export function lengthOf(values: Float32Array, row: number, width: number): number {
  let square = 0;
  for (let i = row * width; i < (row + 1) * width; i++) square += values[i] * values[i];
  return Math.sqrt(square);
}

/** Rows of unit length; zeros stay zeros. */
export function unitRows({ data, count, width }: TokenRows): Float32Array {
  const out = data.slice();
  for (let row = 0; row < count; row++) {
    const length = lengthOf(data, row, width);
    if (length > 0) for (let i = row * width; i < (row + 1) * width; i++) out[i] /= length;
  }
  return out;
}

export function gather(values: Float32Array, width: number, rows: ArrayLike<number>): Float32Array {
  const out = new Float32Array(rows.length * width);
  for (let i = 0; i < rows.length; i++) out.set(values.subarray(rows[i] * width, (rows[i] + 1) * width), i * width);
  return out;
}

/** Tokens that are their own, in order, with numbers from 0; `into` says for each other token which of them it joins. */
export function sourceOf(count: number, into: Int32Array): { source: Uint32Array; kept: number } {
  const source = new Uint32Array(count);
  let kept = 0;
  into.forEach((target, i) => {
    if (target < 0) source[i] = kept++;
  });
  into.forEach((target, i) => {
    if (target >= 0) source[i] = source[target];
  });
  return { source, kept };
}

/** What an operator decides for one sequence, and what follows from it for any values. */
import { lengthOf } from '../backend/js/reduction/combinations';
import { runSteps, type Steps } from '../clustering/steps';

/** Numbers between two pauses. */
const PAUSE_AFTER = 1 << 17;

export interface Plan {
  readonly count: number;
  /** For each token its reduced token. */
  readonly source: Uint32Array;
  readonly size: Float32Array;
  /** The greatest magnitude of the tokens' numbers, or less where no token is longer than that limit, if whoever made the plan found it. */
  readonly greatest?: number;
  /** What `merge` makes of the tokens themselves, if that is known already: [count, width]. */
  readonly reduced?: Float32Array;
  /** Fills `out`: [count, width]. `greatest`: plans of means give the greatest magnitude of `values` there, if they are asked. */
  readonly merge: (values: Float32Array, width: number, out: Float32Array, greatest: Float32Array | null) => Steps<void>;
  /** Fills `out`: [tokens, width]. */
  readonly unmerge: (values: Float32Array, width: number, out: Float32Array) => Steps<void>;
}

/** One sequence. */
export interface TokenRows {
  readonly data: Float32Array;
  readonly count: number;
  readonly width: number;
}

/** Reduced tokens are weighted means of their members; `lengths` restores the greatest length of them. */
export function planOfMeans(source: Uint32Array, count: number, weights: Float32Array, lengths: 'mean' | 'greatest' = 'mean'): Plan {
  const masses = new Float64Array(count);
  for (let i = 0; i < source.length; i++) masses[source[i]] += weights[i];
  return {
    count,
    source,
    size: new Float32Array(masses),
    *merge(values, width, means, greatest) {
      yield (kernels) => kernels.groupMeans(source, weights, masses, values, width, lengths, means, greatest);
    },
    *unmerge(values, width, out) {
      yield* gathering(values, width, source, out);
    },
  };
}

export function* lengthsOf(values: Float32Array, count: number, width: number): Steps<Float64Array> {
  const lengths = new Float64Array(count);
  yield (kernels) => kernels.rowLengths(values, width, lengths);
  return lengths;
}

/** Rows of unit length; zeros stay zeros. */
export function unitRows(rows: TokenRows): Float32Array {
  return runSteps(scaledRows(rows), null);
}

/** The same in steps. */
export function* scaledRows({ data, count, width }: TokenRows): Steps<Float32Array> {
  const out = new Float32Array(count * width);
  for (let row = 0; row < count; row++, yield null) {
    const length = lengthOf(data, row, width);
    if (length > 0) for (let i = row * width; i < (row + 1) * width; i++) out[i] = data[i] / length;
  }
  return out;
}

export function gather(
  values: Float32Array,
  width: number,
  rows: ArrayLike<number>,
  out: Float32Array = new Float32Array(rows.length * width),
): Float32Array {
  for (let i = 0; i < rows.length; i++) out.set(values.subarray(rows[i] * width, (rows[i] + 1) * width), i * width);
  return out;
}

/** The same, with pauses. */
export function* gathering(values: Float32Array, width: number, rows: Uint32Array, out: Float32Array): Steps<void> {
  const step = Math.max(1, Math.floor(PAUSE_AFTER / width));
  for (let first = 0; first < rows.length; first += step, yield null) {
    const last = Math.min(rows.length, first + step);
    gather(values, width, rows.subarray(first, last), out.subarray(first * width, last * width));
  }
}

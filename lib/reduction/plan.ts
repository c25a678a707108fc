/** What an operator decides for one sequence, and what follows from it for any values. */
import { lengthOf } from '../backend/js/reduction/combinations';
import { membersOf } from '../clustering/members';
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
  const { values: columns, offsets } = membersOf(source, count);
  const shares = memberShares(source, weights, columns, masses);
  return {
    count,
    source,
    size: Float32Array.from(masses),
    *merge(values, width, means, greatest) {
      yield (kernels) => kernels.combineRows({ offsets, columns }, shares, values, width, means, greatest);
      if (lengths === 'greatest') yield* restoreGreatestLength(means, values, width, source);
    },
    *unmerge(values, width, out) {
      yield* gathering(values, width, source, out);
    },
  };
}

/** Each member's part of its token's weight, in the order of `columns`. */
function memberShares(source: Uint32Array, weights: Float32Array, columns: Uint32Array, masses: Float64Array): Float32Array {
  const shares = new Float32Array(columns.length);
  for (let at = 0; at < columns.length; at++) {
    const mass = masses[source[columns[at]]];
    shares[at] = mass > 0 ? weights[columns[at]] / mass : 0;
  }
  return shares;
}

function* restoreGreatestLength(means: Float32Array, values: Float32Array, width: number, source: Uint32Array): Steps<void> {
  const before = yield* lengthsOf(values, source.length, width);
  const greatest = new Float64Array(means.length / width);
  for (let i = 0; i < source.length; i++) greatest[source[i]] = Math.max(greatest[source[i]], before[i]);
  yield (kernels) => kernels.scaleToLengths(means, width, greatest);
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

/** Tokens that are their own, in order, with numbers from 0; `into` says for each other token which of them it joins. */
export function sourceOf(count: number, into: Int32Array): { source: Uint32Array; kept: number } {
  const source = new Uint32Array(count);
  let kept = 0;
  for (let i = 0; i < count; i++) if (into[i] < 0) source[i] = kept++;
  for (let i = 0; i < count; i++) if (into[i] >= 0) source[i] = source[into[i]];
  return { source, kept };
}

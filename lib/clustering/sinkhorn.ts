/** The balancing of assignments. */
import { numberThat, objectOf } from '../arguments';
import { invalidArgument, unexpected } from '../errors';
import { ownArray } from '../own-array';
import { plainArray } from '../plain-array';
import { runSteps, runStepsInBackground, type Steps } from './steps';

export interface SinkhornOptions {
  /** Logits divided by it are to be below 1e300. Default 0.05. */
  readonly temperature?: number;
  /** 1 to 10⁶. Default 3. */
  readonly iterations?: number;
}

/**
 * Sinkhorn and Knopp's balancing, as self-supervised learning has it: assignments in proportion to exp(logits / temperature), of which every row sums to 1 and every
 * column to nearly the same. logits: rows × columns. The greatest is subtracted first, so nothing overflows.
 */
export function sinkhorn(logits: Float32Array, columns: number, options: SinkhornOptions = {}): Float64Array {
  return runSteps(balancing(logits, columns, options), null);
}

/** The same with time for other work in between, of a copy unless memory is shared. Rejects with ABORTED besides. */
export async function sinkhornAsync(
  logits: Float32Array,
  columns: number,
  options: SinkhornOptions & { readonly signal?: AbortSignal } = {},
): Promise<Float64Array> {
  const { signal } = objectOf(options, 'options');
  const plain = plainArray(logits, Float32Array, 'logits');
  const own = plain === null ? logits : await ownArray(plain, 'logits', signal);
  return runStepsInBackground(balancing(own, columns, options), null, signal);
}

/** Rows between two pauses. */
const SLICE = 1 << 14;
/** Sums and differences of logarithms stay finite. */
const MOST = 1e300;

/** The same in steps. */
export function* balancing(given: Float32Array, columns: number, options: SinkhornOptions): Steps<Float64Array> {
  const logits = plainArray(given, Float32Array, 'logits');
  if (logits === null) throw invalidArgument('logits', 'a Float32Array', given);
  const { temperature = 0.05, iterations = 3 } = objectOf(options, 'options');
  if (!Number.isInteger(columns) || columns < 1 || logits.length === 0 || logits.length % columns !== 0) {
    throw invalidArgument('columns', `a divisor of the ${logits.length} logits`, columns);
  }
  numberThat(temperature, 'temperature', 'a positive number', (value) => value > 0 && value < Infinity);
  numberThat(iterations, 'iterations', 'a whole number from 1 to 1e6', (value) => Number.isInteger(value) && value >= 1 && value <= 1e6);
  const step = Math.max(1, Math.floor(SLICE / columns)) * columns;
  const { length } = logits;
  for (let at = 0; at < length; at += step, yield null) {
    const rows = logits.subarray(at, at + step);
    if (!rows.every(Number.isFinite)) throw unexpected('logits', 'finite numbers', 'others');
    if (!rows.every((logit) => Math.abs(logit) / temperature < MOST)) {
      throw invalidArgument('temperature', `such that logits divided by it are below ${MOST}`, temperature);
    }
  }
  // With logarithms no row and no column can vanish, however far its logits are below the greatest.
  const logs = Float64Array.from(logits, (value) => value / temperature);
  for (let iteration = 0; iteration < iterations; iteration++) {
    const greatest = new Float64Array(columns).fill(-Infinity);
    const sums = new Float64Array(columns);
    for (let at = 0; at < logs.length; at += step, yield null) raise(greatest, logs.subarray(at, at + step));
    for (let at = 0; at < logs.length; at += step, yield null) addExponentials(sums, greatest, logs.subarray(at, at + step));
    const masses = sums.map((sum, column) => greatest[column] + Math.log(sum));
    for (let at = 0; at < logs.length; at += step, yield null) subtract(logs.subarray(at, at + step), masses);
  }
  for (let at = 0; at < logs.length; at += step, yield null) {
    const rows = logs.subarray(at, at + step);
    for (let i = 0; i < rows.length; i++) rows[i] = Math.exp(rows[i]);
  }
  return logs;
}

function raise(greatest: Float64Array, rows: Float64Array): void {
  for (let at = 0; at < rows.length; at += greatest.length) {
    for (let column = 0; column < greatest.length; column++) {
      if (rows[at + column] > greatest[column]) greatest[column] = rows[at + column];
    }
  }
}

function addExponentials(sums: Float64Array, greatest: Float64Array, rows: Float64Array): void {
  for (let at = 0; at < rows.length; at += sums.length) {
    for (let column = 0; column < sums.length; column++) sums[column] += Math.exp(rows[at + column] - greatest[column]);
  }
}

/** Subtracts the columns' masses, and then each row's own, so that rows sum to 1. */
function subtract(rows: Float64Array, masses: Float64Array): void {
  const columns = masses.length;
  for (let at = 0; at < rows.length; at += columns) {
    let most = -Infinity;
    for (let column = 0; column < columns; column++) most = Math.max(most, (rows[at + column] -= masses[column]));
    let sum = 0;
    for (let column = 0; column < columns; column++) sum += Math.exp(rows[at + column] - most);
    const mass = most + Math.log(sum);
    for (let column = 0; column < columns; column++) rows[at + column] -= mass;
  }
}

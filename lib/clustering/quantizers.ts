/** Quantizers without training data, and the balancing of assignments. */
import { invalidArgument, unexpected } from '../errors';

/** Keeps a bounded value off the last level. */
const MARGIN = 1e-3;

/**
 * Finite scalar quantization (Mentzer et al. 2023): every number is bounded and rounded to one of a few levels; together they are the index of a code.
 * Two levels are −½ and ½ (the authors' form needs three).
 */
export class FiniteScalarQuantizer {
  /** Number of codes. */
  readonly codes: number;
  private readonly basis: number[];

  /** Throws INVALID_ARGUMENT unless each number of levels is a whole one from 2, and there are at most 2³² codes. */
  constructor(readonly levels: readonly number[]) {
    if (levels.length === 0 || !levels.every((level) => Number.isInteger(level) && level >= 2)) {
      throw unexpected('levels', 'whole numbers from 2, at least one', `[${levels.join(', ')}]`);
    }
    this.basis = levels.map((_, i) => levels.slice(0, i).reduce((product, level) => product * level, 1));
    this.codes = levels.reduce((product, level) => product * level, 1);
    if (this.codes > 2 ** 32) throw invalidArgument('levels', 'at most 2^32 codes together', this.codes);
  }

  /** The code of each row of as many numbers as there are levels. NaN is refused. */
  encode(values: Float32Array): Uint32Array {
    const { levels, basis } = this;
    if (values.length % levels.length !== 0) throw unexpected('values', `rows of ${levels.length} numbers`, `${values.length} numbers`);
    if (values.some(Number.isNaN)) throw unexpected('values', 'numbers', 'NaN');
    return Uint32Array.from({ length: values.length / levels.length }, (_, row) =>
      levels.reduce((code, level, i) => code + levelOf(values[row * levels.length + i], level) * basis[i], 0),
    );
  }

  /** The numbers that codes stand for, from −1 to 1. Throws INVALID_ARGUMENT for what is no code. */
  decode(codes: Uint32Array): Float32Array {
    const { levels, basis } = this;
    const out = new Float32Array(codes.length * levels.length);
    codes.forEach((code, row) => {
      if (code >= this.codes) throw invalidArgument('codes', `below ${this.codes}`, code);
      levels.forEach((level, i) => {
        const place = Math.floor(code / basis[i]) % level;
        out[row * levels.length + i] = level === 2 ? place - 0.5 : (place - Math.floor(level / 2)) / Math.floor(level / 2);
      });
    });
    return out;
  }
}

/** 0 … level − 1. */
function levelOf(value: number, level: number): number {
  if (level === 2) return value < 0 ? 0 : 1;
  const half = ((level - 1) * (1 + MARGIN)) / 2;
  const offset = level % 2 === 0 ? 0.5 : 0;
  const bounded = Math.tanh(value + Math.atanh(offset / half)) * half - offset;
  return roundHalfToEven(bounded) + Math.floor(level / 2);
}

function roundHalfToEven(value: number): number {
  const rounded = Math.round(value);
  return Math.abs(value % 1) === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}

/**
 * Sinkhorn and Knopp's balancing, as self-supervised learning has it: assignments in proportion to exp(logits / temperature), of which every row sums to 1 and every
 * column to nearly the same. logits: rows × columns. The greatest is subtracted first, so nothing overflows.
 */
export function sinkhorn(
  logits: Float32Array,
  columns: number,
  options: { readonly temperature?: number; readonly iterations?: number } = {},
): Float64Array {
  const { temperature = 0.05, iterations = 3 } = options;
  if (!Number.isInteger(columns) || columns < 1 || logits.length === 0 || logits.length % columns !== 0) {
    throw invalidArgument('columns', `a divisor of the ${logits.length} logits`, columns);
  }
  if (!(temperature > 0 && temperature < Infinity)) throw invalidArgument('temperature', 'a positive number', temperature);
  if (!Number.isInteger(iterations) || iterations < 1) throw invalidArgument('iterations', 'a whole number from 1', iterations);
  if (!logits.every(Number.isFinite)) throw unexpected('logits', 'finite numbers', 'others');
  const rows = logits.length / columns;
  const logs = Float64Array.from(logits, (value) => value / temperature);
  // With logarithms no row and no column can vanish, however far its logits are below the greatest.
  for (let iteration = 0; iteration < iterations; iteration++) {
    for (let column = 0; column < columns; column++) spread(logs, column, columns, rows);
    for (let row = 0; row < rows; row++) spread(logs, row * columns, 1, columns);
  }
  return logs.map(Math.exp);
}

/** Subtracts the logarithm of the sum, so that `count` numbers, `step` apart, sum to 1 (up to a factor that the next pass takes out). */
function spread(logs: Float64Array, from: number, step: number, count: number): void {
  let greatest = -Infinity;
  for (let i = 0; i < count; i++) greatest = Math.max(greatest, logs[from + i * step]);
  let sum = 0;
  for (let i = 0; i < count; i++) sum += Math.exp(logs[from + i * step] - greatest);
  const log = greatest + Math.log(sum);
  for (let i = 0; i < count; i++) logs[from + i * step] -= log;
}

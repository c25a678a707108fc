/** What callers hand over, checked. */
import type { Steps } from '../clustering/steps';
import { MOST_MAGNITUDE } from '../backend/reduction-kernels';
import { describeShape, finiteNumbers, isShape, numberThat } from '../arguments';
import { invalidArgument, unexpected } from '../errors';
import { plainArray } from '../plain-array';
import { lengthsOf, type TokenRows } from './plan';
import type { TokenBatch } from './types';

/** Squared distances of longer tokens are not finite in single precision. */
export const LONGEST_APART = 3e18;

/** Each sequence; all numbers are finite, and no token is longer than `longest`. */
export function* sequencesOf(tokens: TokenBatch, name: string, longest = Infinity): Steps<TokenRows[]> {
  const { data } = plainTokens(tokens, name);
  const sequences = rowsOf({ ...tokens, data }, name);
  const { width } = sequences[0];
  const greatest = new Float32Array(1);
  yield (kernels) => kernels.greatestMagnitude(data, greatest);
  refuseAbove(data, width, name, greatest[0]);
  yield* refuseLonger(data, width, name, greatest[0], longest);
  return sequences;
}

/** `greatest`: the greatest magnitude of `data`, or less if no token is longer than 1e18. */
export function* refuseLonger(data: Float32Array, width: number, name: string, greatest: number, longest: number): Steps<void> {
  if (greatest * Math.sqrt(width) <= longest) return;
  const lengths = yield* lengthsOf(data, data.length / width, width);
  const i = lengths.findIndex((length) => length > longest);
  if (i >= 0) throw unexpected(name, `none longer than ${longest}`, `a length of ${lengths[i]} of token ${i}`);
}

/** `greatest`: the greatest magnitude of `data`. */
export function refuseAbove(data: Float32Array, width: number, name: string, greatest: number): void {
  if (greatest < MOST_MAGNITUDE) return;
  const i = data.findIndex((value) => !(Math.abs(value) < MOST_MAGNITUDE));
  const found = i < 0 ? 'numbers that were changed meanwhile' : `${data[i]} in token ${Math.floor(i / width)}`;
  throw unexpected(name, 'finite numbers below 1e18', found);
}

/** Tokens whose numbers are a plain array. */
export function plainTokens(tokens: TokenBatch, name: string): TokenBatch {
  const { data } = (tokens ?? {}) as Partial<TokenBatch>;
  const plain = plainArray(data, Float32Array, `${name}.data`);
  if (plain === null) throw invalidArgument(`${name}.data`, 'a Float32Array', data);
  return { ...tokens, data: plain };
}

/** Each sequence, whatever its numbers. */
export function rowsOf(tokens: TokenBatch, name: string): TokenRows[] {
  const { data, dims } = plainTokens(tokens, name);
  if (!isShape(dims, [2, 3], 1))
    throw unexpected(`${name}.dims`, '[tokens, length] or [sequences, tokens, length], all positive', describeShape(dims));
  const [count, width] = dims.slice(-2);
  const sequences = dims.length === 3 ? dims[0] : 1;
  if (sequences * count * width !== data.length) {
    throw unexpected(`${name}.data`, `${sequences * count * width} numbers, as its shape says`, `${data.length} numbers`);
  }
  return Array.from({ length: sequences }, (_, i) => ({ data: data.subarray(i * count * width, (i + 1) * count * width), count, width }));
}

export function* metricOf(metric: TokenBatch, sequences: readonly TokenRows[]): Steps<TokenRows[]> {
  const rows = yield* sequencesOf(metric, 'metric');
  if (rows.length !== sequences.length || rows[0].count !== sequences[0].count) {
    throw unexpected('metric', `${sequences.length} × ${sequences[0].count} tokens, as there are`, `${rows.length} × ${rows[0].count}`);
  }
  return rows;
}

export function perToken(values: ArrayLike<number> | undefined, count: number, name: string, otherwise: number): Float32Array {
  if (values === undefined) return new Float32Array(count).fill(otherwise);
  const read = Float32Array.from(finiteNumbers(values, count, name, 'one per token'));
  if (!read.every(Number.isFinite)) throw unexpected(name, 'numbers that single precision has', 'larger ones');
  return read;
}

/** More than can be taken away is refused, not capped. */
export function removed({ ratio, remove }: { ratio?: number; remove?: number }, count: number, most: number): number {
  if ((ratio === undefined) === (remove === undefined))
    throw unexpected('ratio, remove', 'one of the two', ratio === undefined ? 'none' : 'both');
  if (remove !== undefined) return whole(remove, 'remove', 0, most);
  const part = numberThat(ratio!, 'ratio', 'a number from 0 to 1', (value) => value >= 0 && value <= 1);
  const wanted = Math.round(part * count);
  if (wanted > most) throw invalidArgument('ratio', `at most ${most} / ${count}: this operator takes no more away at once`, ratio);
  return wanted;
}

export function gridOf(grid: readonly number[], name: string, count: number | null): readonly [number, number] {
  if (!isShape(grid, [2], 1)) throw unexpected(name, 'rows and columns', describeShape(grid));
  const [rows, columns] = grid;
  if (count !== null && rows * columns !== count) throw unexpected(name, `rows and columns of ${count} tokens`, `${rows} × ${columns}`);
  return [rows, columns];
}

export function whole(value: number, name: string, least: number, most: number): number {
  if (!Number.isInteger(value) || value < least || value > most)
    throw invalidArgument(name, `a whole number from ${least} to ${most}`, value);
  return value;
}

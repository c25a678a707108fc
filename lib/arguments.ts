/** What callers hand over where no compiler has checked it: from JavaScript, from JSON. All throw INVALID_ARGUMENT. */
import { describe, invalidArgument, unexpected } from './errors';
import { plainArray } from './plain-array';

/** The value, if it has fields: options, for example, whose `onProgress` is to be a function if there is one. */
export function objectOf<Value extends object>(value: Value, name: string): Value {
  if (typeof value !== 'object' || (value as unknown) === null) throw invalidArgument(name, 'an object', value);
  const { onProgress } = value as { readonly onProgress?: unknown };
  if (onProgress !== undefined && typeof onProgress !== 'function') throw invalidArgument('onProgress', 'a function', onProgress);
  return value;
}

/** The value, if it is an array of some kind. */
export function listOf<Value extends ArrayLike<unknown>>(value: Value, name: string): Value {
  if (!isList(value)) throw invalidArgument(name, 'an array', value);
  return value;
}

export function isList(value: unknown): value is ArrayLike<unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const { length } = value as ArrayLike<unknown>;
  return Number.isInteger(length) && length >= 0;
}

/** A copy of the numbers, `count` of them and all finite. `each`: what they are, for the message. */
export function finiteNumbers(values: ArrayLike<number>, count: number, name: string, each: string): Float64Array {
  if (listOf(values, name).length !== count) throw unexpected(name, `${count} numbers, ${each}`, `${values.length} numbers`);
  const copy = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const value: unknown = values[i];
    if (typeof value !== 'number' || !Number.isFinite(value)) throw invalidArgument(name, 'finite numbers', value);
    copy[i] = value;
  }
  return copy;
}

/** The value, if it is a number that fits. */
export function numberThat(value: number, name: string, expected: string, fits: (value: number) => boolean): number {
  if (typeof value !== 'number' || !fits(value)) throw invalidArgument(name, expected, value);
  return value;
}

/** Refuses what cannot tell that it was aborted. */
export function requireSignal(signal: AbortSignal | undefined): void {
  const given: unknown = signal;
  if (given !== undefined && given !== null && typeof (given as AbortSignal).addEventListener !== 'function')
    throw invalidArgument('signal', 'an AbortSignal', given);
}

/** Whether a shape is one: of so many whole numbers, from `least` on. */
export function isShape(dims: readonly number[] | undefined, lengths: readonly number[], least: number): dims is readonly number[] {
  return Array.isArray(dims) && lengths.includes(dims.length) && dims.every((size) => Number.isInteger(size) && size >= least);
}

const MOST_DESCRIBED = 8;

/** A shape, or what came instead of one, for messages. */
export function describeShape(dims: unknown): string {
  if (!Array.isArray(dims) || dims.length > MOST_DESCRIBED) return describe(dims);
  return `[${dims.map((size: unknown) => (typeof size === 'number' ? size : describe(size))).join(', ')}]`;
}

/** Numbers of one of the types that kernels take: half-precision ones are given as their bits, and say which they are. */
export interface TypedNumbers {
  readonly data: Float32Array | Uint16Array;
  readonly type?: 'float32' | 'float16' | 'bfloat16' | undefined;
}

/** The numbers with their type. What holds them is called `name`. */
export function typedNumbers(numbers: TypedNumbers, name: string): Required<TypedNumbers> & { type: 'float32' | 'float16' | 'bfloat16' } {
  const { data, type } = (numbers ?? {}) as Partial<TypedNumbers>;
  const plain = plainArray(data, Float32Array, `${name}.data`) ?? plainArray(data, Uint16Array, `${name}.data`);
  if (plain === null) throw invalidArgument(`${name}.data`, 'a Float32Array, or a Uint16Array of half-precision numbers', data);
  const expected = plain instanceof Float32Array ? ['float32'] : ['float16', 'bfloat16'];
  const actual = type ?? (plain instanceof Float32Array ? 'float32' : undefined);
  if (actual === undefined || !expected.includes(actual)) {
    throw invalidArgument(`${name}.type`, `"${expected.join('" or "')}" for a ${plain.constructor.name}`, type);
  }
  return { data: plain, type: actual };
}

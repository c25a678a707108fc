/** Keys, values and queries for tests. */
import type { AttentionTensor } from '../../lib/index';
import { RandomStream } from '../../lib/clustering/random';

export type Shape = readonly [batch: number, heads: number, length: number, dims: number];

export function tensor(data: Float32Array, dims: Shape): AttentionTensor {
  return { type: 'float32', data, dims };
}

export function gaussianTensor(seed: number, dims: Shape, deviation = 1): AttentionTensor {
  const random = new RandomStream(seed);
  return tensor(
    Float32Array.from({ length: dims.reduce((product, size) => product * size, 1) }, () => deviation * random.gaussian()),
    dims,
  );
}

/** Keys around `centres` centres in each head, key i around a random one; the further apart, the less they spread. */
export function clusteredKeys(seed: number, dims: Shape, centres: number, spread: number): AttentionTensor {
  const [batch, heads, length, d] = dims;
  const random = new RandomStream(seed);
  const data = new Float32Array(batch * heads * length * d);
  for (let stream = 0; stream < batch * heads; stream++) {
    const places = Array.from({ length: centres }, () => Float32Array.from({ length: d }, () => random.gaussian()));
    for (let row = 0; row < length; row++) {
      const place = places[random.below(centres)];
      for (let dim = 0; dim < d; dim++) data[(stream * length + row) * d + dim] = place[dim] + spread * random.gaussian();
    }
  }
  return tensor(data, dims);
}

/** One head's rows in double precision. */
export function rowsOf({ data, dims }: AttentionTensor, sequence: number, head: number): Float64Array[] {
  const [, heads, length, d] = dims;
  const at = (sequence * heads + head) * length;
  return Array.from({ length }, (_, row) => Float64Array.from(data.subarray((at + row) * d, (at + row + 1) * d)));
}

/** Rows [from, to) of every head. */
export function sliceRows({ data, dims, type }: AttentionTensor, from: number, to: number): AttentionTensor {
  const [batch, heads, length, d] = dims;
  const out = data.slice(0, batch * heads * (to - from) * d);
  for (let stream = 0; stream < batch * heads; stream++) {
    out.set(data.subarray((stream * length + from) * d, (stream * length + to) * d), stream * (to - from) * d);
  }
  return { type, data: out, dims: [batch, heads, to - from, d] };
}

/** As float16 or bfloat16, rounded towards zero, and what that stands for as float32. */
export function halves({ data, dims }: AttentionTensor, type: 'float16' | 'bfloat16'): { bits: AttentionTensor; numbers: AttentionTensor } {
  const bits = new Uint16Array(data.length);
  const numbers = new Float32Array(data.length);
  const words = new Uint32Array(Float32Array.from(data).buffer);
  words.forEach((word, i) => {
    const exponent = ((word >>> 23) & 0xff) - 127;
    const small = type === 'float16' && exponent < -14;
    const kept = small ? 0 : word & (type === 'float16' ? 0xffffe000 : 0xffff0000);
    numbers[i] = new Float32Array(Uint32Array.of(kept).buffer)[0];
    bits[i] = type === 'bfloat16' ? kept >>> 16 : small ? 0 : ((word >>> 16) & 0x8000) | ((exponent + 15) << 10) | ((word >>> 13) & 0x3ff);
  });
  return { bits: { type, data: bits, dims }, numbers: { type: 'float32', data: numbers, dims } };
}

export function codeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'no error',
    (error: { code: string }) => error.code,
  );
}

/** Bytes that are equal; jest's own comparison takes seconds for a megabyte. */
export function expectSame(actual: Uint8Array, expected: Uint8Array): void {
  expect(actual.length).toBe(expected.length);
  expect(Buffer.compare(actual, expected)).toBe(0);
}

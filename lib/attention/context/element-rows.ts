/** Rows of any element type as numbers. */
import { fromBfloat16, fromFloat16 } from '../../backend/half-floats';
import type { Kernels } from '../../backend/kernels';

export type ElementType = 'float32' | 'float16' | 'bfloat16';
export type Elements = Float32Array | Uint16Array;

const tables: Partial<Record<ElementType, Float32Array>> = {};

/** What each of the 2¹⁶ halves stands for. */
function tableOf(type: 'float16' | 'bfloat16'): Float32Array {
  return (tables[type] ??= Float32Array.from({ length: 65536 }, (_, bits) =>
    type === 'float16' ? fromFloat16(bits) : fromBfloat16(bits),
  ));
}

/** Numbers [from, from + length) as float32: a view where they are that already, else written to `buffer`. */
export function numbersOf(data: Elements, type: ElementType, from: number, length: number, buffer: Float32Array): Float32Array {
  if (type === 'float32') return (data as Float32Array).subarray(from, from + length);
  const table = tableOf(type);
  for (let i = 0; i < length; i++) buffer[i] = table[data[from + i]];
  return buffer.subarray(0, length);
}

/** Zeros, in the memory that the backend reads fastest. */
export function emptyElements(kernels: Kernels, type: ElementType, length: number): Elements {
  const { buffer, byteOffset } = kernels.allocate(length * (type === 'float32' ? 4 : 2));
  return type === 'float32' ? new Float32Array(buffer, byteOffset, length) : new Uint16Array(buffer, byteOffset, length);
}

/** Index of the first number that is not finite in [from, to), or −1. */
export function findNotFinite(data: Elements, type: ElementType, from: number, to: number): number {
  if (type === 'float32') {
    // x − x is 0 for finite numbers alone, so a sum tells of a whole block at once.
    for (let at = from; at < to; at += 1024) {
      const end = Math.min(to, at + 1024);
      let sum = 0;
      for (let i = at; i < end; i++) sum += data[i] - data[i];
      if (sum !== 0) for (let i = at; i < end; i++) if (!Number.isFinite(data[i])) return i;
    }
    return -1;
  }
  const exponent = type === 'float16' ? 0x7c00 : 0x7f80;
  for (let i = from; i < to; i++) if ((data[i] & exponent) === exponent) return i;
  return -1;
}

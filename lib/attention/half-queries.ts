/** Queries as kernels take them: in single precision, or bfloat16. */
import { fromFloat16 } from '../backend/half-floats';

export function queryNumbers(
  data: Float32Array | Uint16Array,
  type: 'float32' | 'float16' | 'bfloat16',
): { readonly data: Float32Array | Uint16Array; readonly type: 'float32' | 'bfloat16' } {
  return type === 'bfloat16' ? { data, type } : { data: float32Of(data, type), type: 'float32' };
}

export function float32Of(data: Float32Array | Uint16Array, type: 'float32' | 'float16' | 'bfloat16'): Float32Array {
  if (data instanceof Float32Array) return data;
  const numbers = new Float32Array(data.length);
  // Loops: with from() and a function for each number, a million of them take as long as attending to 8,192 keys.
  if (type === 'float16') {
    for (let i = 0; i < data.length; i++) numbers[i] = fromFloat16(data[i]);
  } else {
    const bits = new Uint32Array(numbers.buffer);
    for (let i = 0; i < data.length; i++) bits[i] = data[i] << 16;
  }
  return numbers;
}

/** Queries as numbers: kernels take them in single precision. */
import { fromBfloat16, fromFloat16 } from '../backend/half-floats';

export function float32Of(data: Float32Array | Uint16Array, type: 'float32' | 'float16' | 'bfloat16'): Float32Array {
  if (data instanceof Float32Array) return data;
  return Float32Array.from(data, type === 'float16' ? fromFloat16 : fromBfloat16);
}

/** Tensors of attention as users hand them over: an array and its shape, as onnxruntime's tensors have them. */
import { invalidArgument, unexpected } from '../errors';

/** [batch, heads, rows, d]. Half-precision numbers are given as their bits. */
export interface AttentionTensor {
  readonly data: Float32Array | Uint16Array;
  readonly dims: readonly number[];
  /** 'float32' for a Float32Array; a Uint16Array must say which type its bits are. */
  readonly type?: 'float32' | 'float16' | 'bfloat16' | undefined;
}

export const MAX_HEAD_DIMENSION = 256;

/** Checks type and shape. Throws INVALID_ARGUMENT. */
export function readTensor(
  tensor: AttentionTensor,
  name: string,
): Required<AttentionTensor> & { readonly type: 'float32' | 'float16' | 'bfloat16' } {
  const { data, dims, type } = (tensor ?? {}) as Partial<AttentionTensor>;
  if (!(data instanceof Float32Array) && !(data instanceof Uint16Array)) {
    throw invalidArgument(`${name}.data`, 'a Float32Array, or a Uint16Array of half-precision numbers', data);
  }
  const expected = data instanceof Float32Array ? ['float32'] : ['float16', 'bfloat16'];
  const actual = type ?? (data instanceof Float32Array ? 'float32' : undefined);
  if (actual === undefined || !expected.includes(actual)) {
    throw invalidArgument(`${name}.type`, `"${expected.join('" or "')}" for a ${data.constructor.name}`, type);
  }
  if (!Array.isArray(dims) || dims.length !== 4 || !dims.every((size) => Number.isInteger(size) && size >= 0)) {
    throw invalidArgument(`${name}.dims`, 'four sizes: batch, heads, rows, d', Array.isArray(dims) ? `[${dims.join(', ')}]` : dims);
  }
  const [batch, heads, rows, d] = dims as number[];
  if (d < 1 || d > MAX_HEAD_DIMENSION) throw invalidArgument(`${name}.dims[3]`, `from 1 to ${MAX_HEAD_DIMENSION}`, d);
  if (batch * heads * rows * d !== data.length) {
    throw unexpected(`${name}.data`, `${batch} × ${heads} × ${rows} × ${d} numbers`, `${data.length}`);
  }
  return { data, dims: dims as number[], type: actual };
}

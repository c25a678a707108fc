/** Tensors of attention as users hand them over: an array and its shape, as onnxruntime's tensors have them. */
import { describeShape, isShape, typedNumbers } from '../arguments';
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
  const { dims } = (tensor ?? {}) as Partial<AttentionTensor>;
  const { data, type } = typedNumbers(tensor, name);
  if (!isShape(dims, [4], 0)) throw unexpected(`${name}.dims`, 'four sizes: batch, heads, rows, d', describeShape(dims));
  const [batch, heads, rows, d] = dims;
  if (d < 1 || d > MAX_HEAD_DIMENSION) throw invalidArgument(`${name}.dims[3]`, `from 1 to ${MAX_HEAD_DIMENSION}`, d);
  if (batch * heads * rows * d !== data.length) {
    throw unexpected(`${name}.data`, `${batch} × ${heads} × ${rows} × ${d} numbers`, `${data.length}`);
  }
  return { data, dims, type };
}

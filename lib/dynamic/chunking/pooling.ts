/** One vector for each word, and batches in their packed and padded forms. */
import { invalidArgument } from '../../errors';
import { type Matrix, matrixOf, sumRows, tensorOf } from '../embeddings/matrix';
import type { FloatTensor } from '../embeddings/types';
import { checkOffsets } from './chunking';

export type Pooling = 'mean' | 'max' | 'first';

/**
 * One row for each segment, such as the bytes of a word: segment i is the rows offsets[i] … offsets[i + 1] − 1. A segment without rows becomes zeros.
 * Throws INVALID_ARGUMENT.
 */
export function poolSegments(rows: FloatTensor, offsets: Uint32Array, pooling: Pooling = 'mean'): FloatTensor {
  const matrix = matrixOf('rows', rows);
  checkOffsets(offsets, matrix.rows);
  const all = Uint32Array.from({ length: matrix.rows }, (_, i) => i);
  if (pooling === 'mean') return sumRows(matrix, all, offsets, null);
  if (pooling !== 'max' && pooling !== 'first') throw invalidArgument('pooling', "'mean', 'max' or 'first'", pooling);
  const out = new Float32Array((offsets.length - 1) * matrix.width);
  for (let segment = 0; segment + 1 < offsets.length; segment++) {
    const rows = pooling === 'max' ? offsets[segment + 1] : Math.min(offsets[segment] + 1, offsets[segment + 1]);
    poolMaximum(matrix, offsets[segment], rows, out.subarray(segment * matrix.width, (segment + 1) * matrix.width));
  }
  return tensorOf(out, offsets.length - 1, matrix.width);
}

/** The maximum of rows [from, to) in each column; NaN where one is. */
function poolMaximum({ data, width }: Matrix, from: number, to: number, out: Float32Array): void {
  if (from < to) out.set(data.subarray(from * width, (from + 1) * width));
  for (let row = from + 1; row < to; row++) {
    const start = row * width;
    for (let i = 0; i < width; i++) out[i] = Math.max(out[i], data[start + i]);
  }
}

/** From [sequences, length, width] and each sequence's own length to packed rows. Throws INVALID_ARGUMENT. */
export function packRows(padded: FloatTensor, lengths: ArrayLike<number>): { rows: FloatTensor; offsets: Uint32Array } {
  const [sequences, length, width] = padded.dims;
  if (padded.dims.length !== 3 || sequences * length * width !== padded.data.length)
    throw invalidArgument('padded.dims', `three numbers whose product is ${padded.data.length}`, padded.dims);
  if (lengths.length !== sequences) throw invalidArgument('lengths', `${sequences} numbers`, lengths);
  const offsets = new Uint32Array(sequences + 1);
  for (let s = 0; s < sequences; s++) {
    if (!Number.isInteger(lengths[s]) || lengths[s] < 0 || lengths[s] > length)
      throw invalidArgument(`lengths[${s}]`, `an integer from 0 to ${length}`, lengths[s]);
    offsets[s + 1] = offsets[s] + lengths[s];
  }
  const data = new Float32Array(offsets[sequences] * width);
  for (let s = 0; s < sequences; s++)
    data.set(padded.data.subarray(s * length * width, (s * length + lengths[s]) * width), offsets[s] * width);
  return { rows: tensorOf(data, offsets[sequences], width), offsets };
}

/** From packed rows to [sequences, longest, width], with zeros behind. Throws INVALID_ARGUMENT. */
export function padRows(rows: FloatTensor, offsets: Uint32Array): FloatTensor {
  const { data, width, rows: count } = matrixOf('rows', rows);
  checkOffsets(offsets, count);
  const sequences = offsets.length - 1;
  const length = offsets.reduce((most, offset, i) => Math.max(most, i === 0 ? 0 : offset - offsets[i - 1]), 0);
  const out = new Float32Array(sequences * length * width);
  for (let s = 0; s < sequences; s++) out.set(data.subarray(offsets[s] * width, offsets[s + 1] * width), s * length * width);
  return { type: 'float32', data: out, dims: [sequences, length, width] };
}

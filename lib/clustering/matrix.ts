/** Vectors as users hand them over: an array and its shape, as onnxruntime's tensors have them. */
import { describeShape, isShape, typedNumbers } from '../arguments';
import type { PointArray } from '../backend/clustering-kernels';
import { fromBfloat16, fromFloat16 } from '../backend/half-floats';
import { MerganserError, unexpected } from '../errors';
import { ownArray } from '../own-array';

/** Rows of equal length. Half-precision numbers are given as their bits. */
export interface Vectors {
  readonly data: Float32Array | Uint16Array;
  /** [rows, length]. */
  readonly dims: readonly number[];
  /** 'float32' for a Float32Array; a Uint16Array must say which type its bits are. */
  readonly type?: 'float32' | 'float16' | 'bfloat16' | undefined;
}

/** Rows that merganser made. */
export interface Float32Vectors {
  readonly type: 'float32';
  readonly data: Float32Array;
  readonly dims: readonly [number, number];
}

export function float32Vectors(data: Float32Array, dims: number): Float32Vectors {
  return { type: 'float32', data, dims: [data.length / dims, dims] };
}

/** Checks type and shape; what the numbers are is found when they are read. Throws INVALID_ARGUMENT. */
export function pointsOf(vectors: Vectors, name: string): PointArray {
  const { dims } = (vectors ?? {}) as Partial<Vectors>;
  const { data, type } = typedNumbers(vectors, name);
  if (!isShape(dims, [2], 0)) throw unexpected(`${name}.dims`, 'the number of rows and their length', describeShape(dims));
  const [count, length] = dims;
  if (length === 0) throw unexpected(`${name}.dims`, 'rows of at least one number', `[${dims.join(', ')}]`);
  if (count * length !== data.length) {
    throw new MerganserError(
      'INVALID_ARGUMENT',
      `Expected ${name}.data to hold ${count} rows of ${length}, which are ${count * length} numbers, but got ${data.length}.`,
    );
  }
  return { data, type, dims: length, rows: null, count, weights: null };
}

/** Points in memory that nobody takes away. Rejects with INVALID_ARGUMENT and ABORTED. */
export async function ownPoints(points: PointArray, name: string, signal?: AbortSignal): Promise<PointArray> {
  const { data, count, dims } = points;
  if (data.length !== count * dims) throw unexpected(name, `${count * dims} numbers, as before`, `${data.length}`);
  return { ...points, data: await ownArray(data, name, signal) };
}

/** Row `row` of the array as numbers. Throws INVALID_ARGUMENT if it is not there any more: some read rows in turns, where they lie. */
export function copyRow({ data, type, dims }: PointArray, row: number, out: Float32Array, at: number): void {
  const from = row * dims;
  if (from + dims > data.length)
    throw unexpected('vectors', `at least ${from + dims} numbers`, `${data.length}: their memory was taken away`);
  if (type === 'float32') {
    out.set(data.subarray(from, from + dims), at);
    return;
  }
  const widen = type === 'float16' ? fromFloat16 : fromBfloat16;
  for (let dim = 0; dim < dims; dim++) out[at + dim] = widen(data[from + dim]);
}

/** The chosen points as numbers, one after the other. */
export function copyPoints(points: PointArray, chosen: ArrayLike<number>): Float32Array {
  const out = new Float32Array(chosen.length * points.dims);
  for (let i = 0; i < chosen.length; i++) {
    copyRow(points, points.rows === null ? chosen[i] : points.rows[chosen[i]], out, i * points.dims);
  }
  return out;
}

/** Some of the points. */
export function subset(points: PointArray, chosen: Uint32Array): PointArray {
  const { rows, weights } = points;
  return {
    ...points,
    rows: rows === null ? chosen : chosen.map((i) => rows[i]),
    count: chosen.length,
    weights: weights === null ? null : Float64Array.from(chosen, (i) => weights[i]),
  };
}

/** Matrices out of tensors, and sums over their rows. */
import { selectKernels } from '../../backend/select';
import { invalidArgument, MerganserError } from '../../errors';
import type { FloatTensor } from './types';

export interface Matrix {
  readonly data: Float32Array;
  readonly rows: number;
  readonly width: number;
}

/** Throws INVALID_ARGUMENT if the tensor is no matrix, or has not the number of rows or the width that it must have. */
export function matrixOf(name: string, tensor: FloatTensor, expected: { rows?: number; width?: number } = {}): Matrix {
  const { type, data, dims } = (tensor ?? {}) as Partial<FloatTensor>;
  if (type !== 'float32' || Object.prototype.toString.call(data) !== '[object Float32Array]' || !Array.isArray(dims) || dims.length !== 2)
    throw invalidArgument(name, 'a float32 tensor of two dimensions', tensor);
  const [rows, width] = dims as readonly number[];
  if (rows * width !== data!.length || width < 1)
    throw invalidArgument(`${name}.dims`, `two numbers whose product is ${data!.length}`, dims);
  for (const [key, value] of [
    ['rows', rows],
    ['width', width],
  ] as const) {
    if (expected[key] !== undefined && expected[key] !== value)
      throw new MerganserError(
        'INVALID_ARGUMENT',
        `Expected ${name} to have ${key === 'rows' ? `${expected[key]} rows` : `the width ${expected[key]}`}, but got ${value}.`,
      );
  }
  return { data: data!, rows, width };
}

/** The rows that an embedder gives for tokens. Throws INVALID_ARGUMENT as `matrixOf`, and for numbers that are not finite, which would spread through a model. */
export function madeRows(tensor: FloatTensor, texts: readonly string[], width: number): Matrix {
  const made = matrixOf('what the embedder gives', tensor, { rows: texts.length, width });
  const bad = made.data.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0)
    throw new MerganserError(
      'INVALID_ARGUMENT',
      `Expected the embedder to give finite numbers, but got ${made.data[bad]} for the token ${JSON.stringify(texts[Math.floor(bad / width)])}.`,
    );
  return made;
}

export function tensorOf(data: Float32Array, rows: number, width: number): FloatTensor {
  return { type: 'float32', data, dims: [rows, width] };
}

/** Sums of rows with weights (one for each part); null: their mean. */
export function sumRows(table: Matrix, parts: Uint32Array, offsets: Uint32Array, weights: Float64Array | null): FloatTensor {
  const rows = offsets.length - 1;
  const out = new Float32Array(rows * table.width);
  const bad = parts.find((part) => part >= table.rows);
  if (bad !== undefined) throw invalidArgument('every part', `a row of the ${table.rows} embeddings`, bad);
  selectKernels().sumRows({ table: table.data, width: table.width, parts, offsets, weights }, out);
  return tensorOf(out, rows, table.width);
}

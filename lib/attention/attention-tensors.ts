/** Queries, keys and values as users hand them over, as rows that the kernels read where they lie. */
import type { AttentionOutput, AttentionShape, HeadRows, QueryRows } from '../backend/attention-kernels';
import { selectKernels } from '../backend/select';
import { invalidArgument, unexpected } from '../errors';
import { queryNumbers } from './half-queries';
import { readTensor, type AttentionTensor } from './tensors';
import type { AttentionLayout, AttentionOptions, AttentionResult } from './types';

/** One tensor's sequences. */
export interface SequenceRows {
  readonly rows: HeadRows;
  readonly heads: number;
  /** Rows of each sequence. */
  readonly lengths: Uint32Array;
}

/** `offsets`: where each sequence begins in a tensor of [rows, heads, d]. */
export function readSequences(
  tensor: AttentionTensor,
  name: string,
  layout: AttentionLayout,
  offsets: Uint32Array | undefined,
): SequenceRows {
  if (offsets !== undefined) return readPacked(tensor, name, offsets);
  const { data, dims, type } = readTensor(tensor, name);
  const [batch, second, third, d] = dims;
  const [heads, length] = layout === 'BHND' ? [second, third] : [third, second];
  const [headStride, rowStride] = layout === 'BHND' ? [length * d, d] : [d, heads * d];
  const starts = Float64Array.from({ length: batch }, (_, i) => i * heads * length * d);
  return { rows: { data, type, dims: d, starts, headStride, rowStride }, heads, lengths: new Uint32Array(batch).fill(length) };
}

function readPacked(tensor: AttentionTensor, name: string, offsets: Uint32Array): SequenceRows {
  if (!Array.isArray(tensor?.dims) || tensor.dims.length !== 3) {
    throw invalidArgument(`${name}.dims`, 'three sizes where sequences are packed: rows, heads, d', tensor?.dims);
  }
  const { data, dims, type } = readTensor({ ...tensor, dims: [1, ...tensor.dims] }, name);
  const [, count, heads, d] = dims;
  if (
    !(offsets instanceof Uint32Array) ||
    offsets[0] !== 0 ||
    offsets[offsets.length - 1] !== count ||
    offsets.some((offset, i) => i > 0 && offset < offsets[i - 1])
  ) {
    throw unexpected(`the offsets of ${name}`, `a Uint32Array that ascends from 0 to ${count}`, 'others');
  }
  const starts = Float64Array.from(offsets.subarray(0, -1), (offset) => offset * heads * d);
  const lengths = offsets.slice(1).map((end, i) => end - offsets[i]);
  return { rows: { data, type, dims: d, starts, headStride: d, rowStride: heads * d }, heads, lengths };
}

export interface ReadAttention {
  readonly shape: AttentionShape;
  readonly queries: QueryRows;
  readonly keys: SequenceRows;
  readonly values: SequenceRows;
  readonly to: AttentionOutput;
  readonly result: AttentionResult;
}

/** Checks that queries, keys and values go together, and makes room for the results. Throws INVALID_ARGUMENT. */
export function readAttention(
  queries: AttentionTensor,
  keys: AttentionTensor,
  values: AttentionTensor,
  options: AttentionOptions,
  perTile: number | undefined,
): ReadAttention {
  const { layout = 'BHND', queryOffsets, keyOffsets } = options;
  if (layout !== 'BHND' && layout !== 'BNHD') throw invalidArgument('layout', '"BHND" or "BNHD"', layout);
  if ((queryOffsets === undefined) !== (keyOffsets === undefined)) {
    throw unexpected('queryOffsets and keyOffsets', 'given together', 'only one of them');
  }
  const asked = readSequences(queries, 'queries', layout, queryOffsets);
  const known = readSequences(keys, 'keys', layout, keyOffsets);
  const worth = readSequences(values, 'values', layout, keyOffsets);
  const { dims } = asked.rows;
  if (known.rows.dims !== dims) throw unexpected('keys', `rows of ${dims} numbers, as the queries are`, `rows of ${known.rows.dims}`);
  if (known.lengths.length !== asked.lengths.length) {
    throw unexpected('keys', `${asked.lengths.length} sequences, as the queries have`, `${known.lengths.length}`);
  }
  if (
    worth.heads !== known.heads ||
    worth.lengths.length !== known.lengths.length ||
    worth.lengths.some((length, i) => length !== known.lengths[i])
  ) {
    throw unexpected('values', 'as many sequences, heads and rows as the keys', 'others');
  }
  if (known.heads === 0 ? asked.heads > 0 : asked.heads % known.heads !== 0) {
    throw unexpected('queries', `a multiple of the ${known.heads} KV heads`, `${asked.heads} heads`);
  }
  const longest = asked.lengths.reduce((most, length) => Math.max(most, length), 1);
  const tile = perTile ?? longest;
  if (!Number.isInteger(tile) || tile < 1) throw invalidArgument('perTile', 'a whole number from 1', tile);
  const scale = options.scale ?? 1 / Math.sqrt(dims);
  if (!Number.isFinite(scale)) throw invalidArgument('scale', 'a finite number', scale);
  const threads = options.threads ?? 0;
  if (!Number.isInteger(threads) || threads < 0) throw invalidArgument('threads', 'a whole number', threads);
  const shape: AttentionShape = {
    sequences: asked.lengths.length,
    kvHeads: known.heads,
    group: known.heads === 0 ? 1 : asked.heads / known.heads,
    queryLengths: asked.lengths,
    tile,
    scale,
    threads,
  };
  const read = { ...asked.rows, ...queryNumbers(asked.rows.data, asked.rows.type) };
  return { shape, queries: read, keys: known, values: worth, ...outputsFor(asked, queries.dims, worth.rows.dims, options) };
}

/** The output lies as the queries do; log-sum-exps are [batch, heads, rows], packed ones [heads, rows]. */
function outputsFor(
  asked: SequenceRows,
  dims: readonly number[],
  valueDims: number,
  { backend }: AttentionOptions,
): Pick<ReadAttention, 'to' | 'result'> {
  const { heads, lengths, rows } = asked;
  const scaled = (elements: number): number => (elements / rows.dims) * valueDims;
  const count = rows.data.length / rows.dims;
  const output = selectKernels(backend).roomFor(count * valueDims);
  const logSumExp = new Float32Array(count);
  const packed = dims.length === 3;
  const length = packed ? dims[0] : lengths.length === 0 ? 0 : lengths[0];
  const sums = Float64Array.from(rows.starts, (start, i) => (packed ? start / (heads * rows.dims) : i * heads * length));
  return {
    to: {
      output: {
        data: output,
        type: 'float32',
        dims: valueDims,
        starts: rows.starts.map(scaled),
        headStride: scaled(rows.headStride),
        rowStride: scaled(rows.rowStride),
      },
      logSumExp: { data: logSumExp, type: 'float32', dims: 1, starts: sums, headStride: length, rowStride: 1 },
    },
    result: {
      output: { type: 'float32', data: output, dims: [...dims.slice(0, -1), valueDims] },
      logSumExp: { type: 'float32', data: logSumExp, dims: packed ? [heads, length] : [lengths.length, heads, length] },
    },
  };
}

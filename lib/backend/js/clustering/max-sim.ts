/** MaxSim in TypeScript: for each row of a query the greatest product with a row of the document. */
import { GREATEST_SQUARE } from '../../../clustering/greatest-square';
import { aborted } from '../../../errors';
import type { ClusteringControl, RowSequences } from '../../clustering-kernels';
import { fromBfloat16, fromFloat16 } from '../../half-floats';
import { yieldToEventLoop } from '../event-loop';
import { greatestProducts } from './products';

/** Multiplications between two turns of the event loop. */
const SLICE = 2e6;

/** Rows of a sequence that count, as numbers. */
function rowsOf({ values, type, offsets, mask }: RowSequences, sequence: number, dims: number): { data: Float32Array; unfit: number } {
  const [first, last] = [offsets[sequence], offsets[sequence + 1]];
  const data = new Float32Array((last - first) * dims);
  const widen = type === 'float32' ? Number : type === 'float16' ? fromFloat16 : fromBfloat16;
  let at = 0;
  let unfit = -1;
  for (let row = first; row < last; row++) {
    if (mask !== null && mask[row] === 0) continue;
    let square = 0;
    for (let dim = 0; dim < dims; dim++, at++) {
      data[at] = widen(values[row * dims + dim]);
      square += data[at] * data[at];
    }
    if (unfit < 0 && !(square < GREATEST_SQUARE)) unfit = row;
  }
  return { data: data.subarray(0, at), unfit };
}

/** Scores one document; returns its first unfit row, or −1. */
function scoreDocument(
  queryRows: readonly Float32Array[],
  documents: RowSequences,
  document: number,
  dims: number,
  out: Float64Array,
): number {
  const { data, unfit } = rowsOf(documents, document, dims);
  const count = documents.offsets.length - 1;
  queryRows.forEach((rows, query) => {
    const values = new Float32Array(rows.length / dims);
    if (data.length > 0) greatestProducts(rows, data, dims, new Uint32Array(values.length), values);
    out[query * count + document] = values.reduce((sum, value) => sum + value, 0);
  });
  return unfit;
}

function allRows(queries: RowSequences, dims: number): Float32Array[] {
  return Array.from({ length: queries.offsets.length - 1 }, (_, query) => rowsOf(queries, query, dims).data);
}

export function maxSim(queries: RowSequences, documents: RowSequences, dims: number, out: Float64Array): number {
  const queryRows = allRows(queries, dims);
  let unfit = -1;
  for (let document = 0; document + 1 < documents.offsets.length; document++) {
    const row = scoreDocument(queryRows, documents, document, dims, out);
    if (unfit < 0) unfit = row;
  }
  return unfit;
}

export async function maxSimAsync(
  queries: RowSequences,
  documents: RowSequences,
  dims: number,
  out: Float64Array,
  _threads: number,
  { signal }: ClusteringControl,
): Promise<number> {
  if (signal?.aborted) throw aborted(signal);
  const queryRows = allRows(queries, dims);
  const queryNumbers = queryRows.reduce((sum, rows) => sum + rows.length, 0);
  let unfit = -1;
  let work = 0;
  for (let document = 0; document + 1 < documents.offsets.length; document++) {
    const row = scoreDocument(queryRows, documents, document, dims, out);
    if (unfit < 0) unfit = row;
    work += (documents.offsets[document + 1] - documents.offsets[document]) * queryNumbers;
    if (work < SLICE) continue;
    work = 0;
    await yieldToEventLoop();
    if (signal?.aborted) throw aborted(signal);
  }
  return unfit;
}

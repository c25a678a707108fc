/** MaxSim: documents of several vectors each, scored and searched (ColBERT, Khattab & Zaharia 2020). */
import { objectOf } from '../arguments';
import type { RowSequences } from '../backend/clustering-kernels';
import type { BackendName, Kernels } from '../backend/kernels';
import { selectKernels } from '../backend/select';
import { invalidArgument, unexpected } from '../errors';
import { ownArray } from '../own-array';
import { plainArray } from '../plain-array';
import { GREATEST_SQUARE } from './greatest-square';
import { integer } from './kmeans-options';
import { copyRow, pointsOf, type Vectors } from './matrix';

/** Sequences of vectors back to back; sequence i has the rows offsets[i] … offsets[i + 1] − 1. */
export interface VectorSequences {
  readonly data: Float32Array | Uint16Array;
  /** [rows, length]. */
  readonly dims: readonly number[];
  /** 'float32' for a Float32Array; a Uint16Array must say which type its bits are. */
  readonly type?: Vectors['type'];
  /** sequences + 1 entries, from 0 to the number of rows. */
  readonly offsets: Uint32Array;
  /** One per row: rows with 0 do not count (padding, punctuation). */
  readonly mask?: Uint8Array | undefined;
}

export interface MaxSimOptions {
  /** Upper limit for the native backend's threads. The result does not depend on it. */
  readonly threads?: number;
  readonly backend?: BackendName;
  readonly signal?: AbortSignal;
}

/**
 * MaxSim of every query with every document: Σ over the query's vectors of the greatest inner product with one of the document's. Row by row: scores[q ·
 * documents + d]. A sequence without vectors scores 0. Throws INVALID_ARGUMENT, also for vectors that are not finite or longer than 3e18.
 */
export function maxSim(queries: VectorSequences, documents: VectorSequences, options: Pick<MaxSimOptions, 'backend'> = {}): Float64Array {
  const task = taskOf(queries, documents, objectOf(options, 'options').backend);
  const { kernels, dims, out } = task;
  refuseUnfit(kernels.maxSim(task.queries, task.documents, dims, out), 'documents');
  return out;
}

/** The same on other threads, of copies of what is not in shared memory. Rejects as {@link maxSim} throws, and with ABORTED. */
export async function maxSimAsync(
  queries: VectorSequences,
  documents: VectorSequences,
  options: MaxSimOptions = {},
): Promise<Float64Array> {
  const { backend, signal } = objectOf(options, 'options');
  const threads = integer(options.threads ?? 0, 'threads', 0, 1024);
  const [asked, scored] = await Promise.all([ownSequences(queries, 'queries', signal), ownSequences(documents, 'documents', signal)]);
  const task = taskOf(asked, scored, backend);
  const { kernels, dims, out } = task;
  refuseUnfit(await kernels.maxSimAsync(task.queries, task.documents, dims, out, threads, { signal }), 'documents');
  return out;
}

export interface MaxSimHits {
  /** How many there are for each query: `top`, or all documents if those are fewer. */
  readonly count: number;
  /** Numbers of the documents: queries × count, the best first, of equal scores the lowest. */
  readonly documents: Uint32Array;
  readonly scores: Float64Array;
}

/** The documents with the greatest MaxSim for each query: all are scored, nothing is approximated. Rejects as {@link maxSimAsync} does. */
export async function searchByMaxSim(
  queries: VectorSequences,
  documents: VectorSequences,
  options: MaxSimOptions & {
    /** How many. Default 10. */
    readonly top?: number;
  } = {},
): Promise<MaxSimHits> {
  const top = integer(objectOf(options, 'options').top ?? 10, 'top', 1, 2 ** 32 - 1);
  const [asked, total] = [countOf(checkedSequences(queries, 'queries').rows), countOf(checkedSequences(documents, 'documents').rows)];
  const all = await maxSimAsync(queries, documents, options);
  const count = Math.min(top, total);
  const found = new Uint32Array(asked * count);
  for (let query = 0; query < asked; query++) {
    found.set(greatest(all.subarray(query * total, (query + 1) * total), count), query * count);
  }
  return { count, documents: found, scores: Float64Array.from(found, (document, i) => all[Math.floor(i / count) * total + document]) };
}

/** Places of the greatest numbers in descending order, by a heap whose root is the least of them. */
function greatest(scores: Float64Array, count: number): Uint32Array {
  const heap = new Uint32Array(count);
  const worse = (a: number, b: number): boolean => scores[a] < scores[b] || (scores[a] === scores[b] && a > b);
  const sink = (from: number, size: number, value: number): void => {
    let at = from;
    for (let child = 2 * at + 1; child < size; child = 2 * at + 1) {
      if (child + 1 < size && worse(heap[child + 1], heap[child])) child++;
      if (!worse(heap[child], value)) break;
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = value;
  };
  for (let i = 0; i < count; i++) heap[i] = i;
  for (let i = (count >> 1) - 1; i >= 0; i--) sink(i, count, heap[i]);
  for (let i = count; i < scores.length; i++) if (count > 0 && worse(heap[0], i)) sink(0, count, i);
  return heap.sort((a, b) => (worse(a, b) ? 1 : -1));
}

function countOf({ offsets }: RowSequences): number {
  return offsets.length - 1;
}

interface MaxSimTask {
  readonly kernels: Kernels;
  readonly queries: RowSequences;
  readonly documents: RowSequences;
  readonly dims: number;
  readonly out: Float64Array;
}

function taskOf(queries: VectorSequences, documents: VectorSequences, backend: BackendName | undefined): MaxSimTask {
  const [left, right] = [checkedSequences(queries, 'queries'), checkedSequences(documents, 'documents')];
  const { dims } = left;
  if (right.dims !== dims) throw unexpected('documents', `vectors of ${dims} numbers, as the queries are`, `vectors of ${right.dims}`);
  // Documents are looked through as they are scored; queries are few.
  const row = new Float32Array(dims);
  const points = { ...pointsOf(queries, 'queries') };
  for (let i = 0; i < points.count; i++) {
    if (left.rows.mask !== null && left.rows.mask[i] === 0) continue;
    copyRow(points, i, row, 0);
    if (!(row.reduce((sum, value) => sum + value * value, 0) < GREATEST_SQUARE)) refuseUnfit(i, 'queries');
  }
  const out = new Float64Array(countOf(left.rows) * countOf(right.rows));
  return { kernels: selectKernels(backend), queries: left.rows, documents: right.rows, dims, out };
}

function refuseUnfit(row: number, name: string): void {
  if (row >= 0) throw unexpected(name, 'finite numbers', `a vector that is infinite, NaN or longer than 3e18 as row ${row}`);
}

/** Sequences in memory that nobody takes away. Rejects with INVALID_ARGUMENT and ABORTED. */
export async function ownSequences(sequences: VectorSequences, name: string, signal: AbortSignal | undefined): Promise<VectorSequences> {
  const { values, type, offsets, mask } = checkedSequences(sequences, name).rows;
  const own = { dims: sequences.dims, type, offsets: offsets.slice(), ...(mask && { mask: mask.slice() }) };
  return { ...own, data: await ownArray(values, `${name}.data`, signal) };
}

/** Throws INVALID_ARGUMENT. */
export function checkedSequences(sequences: VectorSequences, name: string): { rows: RowSequences; dims: number } {
  const points = pointsOf(sequences, name);
  const offsets = plainArray(sequences.offsets, Uint32Array, `${name}.offsets`);
  const mask = sequences.mask === undefined ? null : plainArray(sequences.mask, Uint8Array, `${name}.mask`);
  if (offsets === null || offsets.length === 0 || offsets[0] !== 0 || offsets[offsets.length - 1] !== points.count) {
    throw invalidArgument(`${name}.offsets`, `a Uint32Array from 0 to ${points.count}`, sequences.offsets);
  }
  if (!offsets.every((offset, i) => i === 0 || offset >= offsets[i - 1]))
    throw unexpected(`${name}.offsets`, 'ascending', 'descending numbers');
  if (sequences.mask !== undefined && mask?.length !== points.count) {
    throw invalidArgument(`${name}.mask`, `a Uint8Array of ${points.count}, one per row`, sequences.mask);
  }
  return { rows: { values: points.data, type: points.type, offsets, mask }, dims: points.dims };
}

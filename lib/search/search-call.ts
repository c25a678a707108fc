/** From what users ask of an index to a call of the kernels, and back. */
import type { SearchCall, SearchOutput } from '../backend/search-kernels';
import { GREATEST_SQUARE } from '../clustering/greatest-square';
import { pointsOf, copyRow, type Vectors } from '../clustering/matrix';
import { ownArray } from '../own-array';
import { invalidArgument, MerganserError, unexpected } from '../errors';
import { slotMask } from './filter';
import { fraction, integer } from './options';
import { allocated } from './slot-storage';
import type { IndexState } from './state';
import type { CalibrationPoint, VectorMetric, VectorSearchOptions, VectorSearchResult } from './types';

const DEFAULT_CONFIDENCE = 2;

export interface PreparedSearch {
  readonly call: SearchCall;
  readonly out: SearchOutput;
}

/** Stops now and then where there is a filter. Throws INVALID_ARGUMENT and OUT_OF_MEMORY. */
export function* prepareSearch(
  state: IndexState,
  slotOf: (id: number) => number | undefined,
  queries: Vectors | Float32Array,
  k: number,
  options: VectorSearchOptions,
): Generator<void, PreparedSearch> {
  const { storage, metric, tables } = state;
  const { dims } = storage.layout;
  const read = readQueries(queries, dims, metric);
  const { confidence = DEFAULT_CONFIDENCE, filter, candidates, threads } = options;
  if (!(confidence >= 0)) throw invalidArgument('confidence', 'a number that is not negative', confidence);
  const most = Math.min(integer(k, 'k', 0, 2 ** 32 - 1), tables.total);
  const again = integer(candidates ?? Math.max(4 * most, most + 32), 'candidates', 0, Number.MAX_SAFE_INTEGER);
  const call: SearchCall = {
    queries: read,
    k: most,
    probes: probesOf(state, options),
    mask: filter === undefined ? null : yield* slotMask(filter, storage.pages, storage.ids, tables, slotOf),
    candidates: Math.max(most, Math.min(again, tables.total)),
    confidence: Math.min(confidence, 1e30),
    threads: integer(threads ?? 0, 'threads', 0, 1024),
  };
  const count = read.length / dims;
  const out = allocated(() => ({
    ids: new Uint32Array(count * most),
    scores: new Float32Array(count * most),
    counts: new Uint32Array(count),
  }));
  return { call, out };
}

export function resultOf({ call: { k }, out }: PreparedSearch, metric: VectorMetric): VectorSearchResult {
  const { counts } = out;
  const offsets = new Uint32Array(counts.length + 1);
  counts.forEach((count, i) => (offsets[i + 1] = offsets[i] + count));
  const total = offsets[counts.length];
  let { ids, scores } = out;
  if (total < ids.length) {
    for (let i = 0; i < counts.length; i++) {
      ids.copyWithin(offsets[i], i * k, i * k + counts[i]);
      scores.copyWithin(offsets[i], i * k, i * k + counts[i]);
    }
    [ids, scores] = [ids.slice(0, total), scores.slice(0, total)];
  }
  // Kernels give what is greatest for the best.
  if (metric === 'l2') for (let i = 0; i < total; i++) scores[i] = Math.max(0, -scores[i]);
  return { ids, scores, offsets };
}

/** The fewest lists that were found to be enough. Throws INVALID_ARGUMENT without a calibration. */
export function probesFor(calibration: readonly CalibrationPoint[], recall: number): number {
  if (calibration.length === 0) {
    throw new MerganserError(
      'INVALID_ARGUMENT',
      'Expected an index whose recall was calibrated, but got one on which calibrate was not called.',
    );
  }
  return (calibration.find((point) => point.recall >= recall) ?? calibration[calibration.length - 1]).probes;
}

function probesOf({ kind, tables, probes, calibration }: IndexState, options: VectorSearchOptions): number {
  const given = options.probes ?? options.recall;
  if (given === undefined) return probes;
  if (kind === 'exact') throw unexpected('options', 'those of an exact index, which has no lists', 'probes or recall');
  if (options.probes === undefined) return probesFor(calibration, fraction(given, 'recall'));
  if (options.recall !== undefined) throw unexpected('options', 'either probes or recall', 'both');
  return integer(given, 'probes', 1, tables.sizes.length);
}

/** Queries in memory that nobody takes away; what are none is refused later. */
export async function ownQueries(
  queries: Vectors | Float32Array,
  options: { readonly signal?: AbortSignal } | null,
): Promise<Vectors | Float32Array> {
  const signal = options?.signal;
  if (isSingle(queries)) return ownArray(queries, 'queries', signal);
  const { data } = (queries ?? {}) as Partial<Vectors>;
  const numbers = data instanceof Float32Array || data instanceof Uint16Array;
  return numbers ? { ...queries, data: await ownArray(data, 'queries', signal) } : queries;
}

function isSingle(queries: unknown): queries is Float32Array {
  return Object.prototype.toString.call(queries) === '[object Float32Array]';
}

/** One row per query; of unit length for cosines. Throws INVALID_ARGUMENT. */
function readQueries(queries: Vectors | Float32Array, dims: number, metric: VectorMetric): Float32Array {
  const points = pointsOf(isSingle(queries) ? { data: queries, dims: [1, queries.length] } : queries, 'queries');
  if (points.dims !== dims)
    throw unexpected('queries', `vectors of ${dims} numbers, as those of the index are`, `vectors of ${points.dims}`);
  const copied = points.type !== 'float32' || metric === 'cosine';
  const out = copied ? new Float32Array(points.count * dims) : (points.data as Float32Array);
  for (let query = 0; query < points.count; query++) {
    if (copied) copyRow(points, query, out, query * dims);
    let square = 0;
    for (let i = query * dims; i < (query + 1) * dims; i++) square += out[i] * out[i];
    if (!(square < GREATEST_SQUARE))
      throw unexpected('queries', 'finite numbers', `a vector that is infinite, NaN or longer than 3e18 as number ${query}`);
    if (metric !== 'cosine' || square === 0) continue;
    const scale = 1 / Math.sqrt(square);
    for (let i = query * dims; i < (query + 1) * dims; i++) out[i] *= scale;
  }
  return out;
}

/** How many lists a search must go through, measured. */
import { RandomStream } from '../clustering/random';
import { copyPoints, pointsOf, type Vectors } from '../clustering/matrix';
import { integer } from './options';
import type { AsyncVectorSearchOptions, IndexCalibrationOptions, CalibrationPoint, VectorSearchResult } from './types';

/** Recalls that nobody asks more than. */
const ENOUGH = 0.9995;
/** From one number of lists to the next that is tried. */
const STEP = 1.15;

export interface Calibrated {
  readonly lists: number;
  readonly size: number;
  searchAsync(queries: Vectors, k: number, options: AsyncVectorSearchOptions): Promise<VectorSearchResult>;
}

/** `sample`: the index's vectors at some positions, and their ids. `reorder`: puts lists into another order, when the ids of the nearest vectors of each query are known. */
export async function calibrateProbes(
  index: Calibrated,
  sample: (positions: Uint32Array) => { vectors: Float32Array; ids: Uint32Array },
  reorder: (queries: Vectors, nearest: readonly Iterable<number>[]) => Promise<void>,
  options: IndexCalibrationOptions,
): Promise<readonly CalibrationPoint[]> {
  const k = integer(options.k ?? 10, 'k', 1, 2 ** 31);
  const { queries, own } = chooseQueries(index, sample, options);
  const control = { ...(options.signal && { signal: options.signal }), ...(options.threads !== undefined && { threads: options.threads }) };
  const nearest = async (search: AsyncVectorSearchOptions): Promise<Uint32Array[]> => {
    // One more, so that a vector's own id can be left out.
    const { ids, offsets } = await index.searchAsync(queries, own === null ? k : k + 1, { ...search, ...control });
    return Array.from({ length: offsets.length - 1 }, (_, i) =>
      ids
        .subarray(offsets[i], offsets[i + 1])
        .filter((id) => id !== own?.[i])
        .subarray(0, k),
    );
  };
  // All lists, and every vector of them read.
  const truth = (await nearest({ probes: index.lists, confidence: Infinity, candidates: 8 * k + 64 })).map((ids) => new Set(ids));
  const total = truth.reduce((sum, ids) => sum + ids.size, 0);
  await reorder(queries, truth);
  const points: CalibrationPoint[] = [];
  for (let probes = 1; ; probes = Math.min(index.lists, Math.max(probes + 1, Math.round(probes * STEP)))) {
    let hits = 0;
    (await nearest({ probes })).forEach((ids, i) => ids.forEach((id) => (hits += truth[i].has(id) ? 1 : 0)));
    const recall = total === 0 ? 1 : hits / total;
    points.push({ probes, recall });
    if (recall >= ENOUGH || probes === index.lists) return points;
  }
}

function chooseQueries(
  { size }: Calibrated,
  sample: (positions: Uint32Array) => { vectors: Float32Array; ids: Uint32Array },
  options: IndexCalibrationOptions,
): { queries: Vectors; own: Uint32Array | null } {
  const most = integer(options.maxQueries ?? 256, 'maxQueries', 1, 2 ** 32 - 1);
  const random = new RandomStream(integer(options.seed ?? 1, 'seed', 0, 2 ** 32 - 1));
  if (options.queries !== undefined) {
    const given = pointsOf(options.queries, 'queries');
    const rows = random.sample(given.count, Math.min(most, given.count));
    return { queries: { data: copyPoints(given, rows), dims: [rows.length, given.dims] }, own: null };
  }
  const { vectors, ids } = sample(random.sample(size, Math.min(most, size)));
  return { queries: { data: vectors, dims: [ids.length, vectors.length / Math.max(1, ids.length)] }, own: ids };
}

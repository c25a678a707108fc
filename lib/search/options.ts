/** Checks what users pass to an index, and makes every choice. */
import { objectOf } from '../arguments';
import type { PointArray } from '../backend/clustering-kernels';
import type { Kernels } from '../backend/kernels';
import { selectKernels } from '../backend/select';
import { invalidArgument, unexpected } from '../errors';
import { isShared } from '../own-array';
import { inBlocks } from '../backend/js/in-blocks';
import { pointsOf, type Vectors } from '../clustering/matrix';
import { IdTable } from './id-table';
import type { LoadIndexOptions, VectorIndexOptions, VectorIndexProgress, VectorMetric, VectorStorage } from './types';

export const METRICS: readonly VectorMetric[] = ['inner-product', 'cosine', 'l2'];
export const STORAGES: readonly VectorStorage[] = ['float32', 'float16', 'bfloat16', 'int8'];
const CODES_FROM_DIMS = 64;
export const MOST_DIMS = 65_536;
const LISTS_PER_ROOT = 4;
/** Of one id, in elements of a plain loop. */
export const ID_COST = 64;

/** Everything that building needs. */
export interface IndexPlan {
  readonly kernels: Kernels;
  readonly points: PointArray;
  readonly kind: 'exact' | 'inverted-file';
  readonly metric: VectorMetric;
  readonly storage: VectorStorage;
  /** Type of the vectors that are kept for scoring once more, or the caller's array. */
  readonly rescore: 'float32' | 'float16' | 'bfloat16' | PointArray | null;
  readonly codes: boolean;
  /** null: numbered from 0. */
  readonly ids: ArrayLike<number> | null;
  readonly lists: number;
  readonly probes: number | null;
  readonly recall: number | null;
  readonly samplesPerList: number;
  readonly maxIterations: number;
  readonly seed: number;
  readonly threads: number;
  readonly signal: AbortSignal | undefined;
  readonly progress: (phase: VectorIndexProgress['phase'], done: number) => void;
}

/** Throws INVALID_ARGUMENT. */
export function planIndex(vectors: Vectors, options: VectorIndexOptions): IndexPlan {
  if (typeof options !== 'object' || (options as unknown) === null) throw invalidArgument('options', 'an object', options);
  const points = pointsOf(vectors, 'vectors');
  if (points.dims > MOST_DIMS) throw invalidArgument('vectors.dims[1]', `at most ${MOST_DIMS}`, points.dims);
  const kind = oneOf(options.kind ?? 'inverted-file', 'kind', ['exact', 'inverted-file'] as const);
  const codes = oneOf(options.codes ?? (kind === 'inverted-file' && points.dims >= CODES_FROM_DIMS ? 'binary' : 'none'), 'codes', [
    'binary',
    'none',
  ] as const);
  if (kind === 'exact') {
    const given = (['lists', 'probes', 'recall', 'samplesPerList', 'maxIterations'] as const).find((name) => options[name] !== undefined);
    if (given !== undefined) throw unexpected('options', 'those of an exact index, which has no lists', given);
    if (codes === 'binary') throw unexpected('options', 'those of an exact index, which reads every vector', "codes: 'binary'");
  } else if (points.count === 0) {
    throw unexpected('vectors', 'at least one vector, to find lists for an inverted file', 'none');
  }
  const lists =
    kind === 'exact'
      ? 1
      : integer(options.lists ?? Math.min(points.count, Math.ceil(LISTS_PER_ROOT * Math.sqrt(points.count))), 'lists', 1, points.count);
  const { onProgress } = options;
  return {
    kernels: selectKernels(options.backend),
    points,
    kind,
    metric: oneOf(options.metric ?? 'cosine', 'metric', METRICS),
    storage: oneOf(options.storage ?? 'float32', 'storage', STORAGES),
    rescore: rescoring(options, points.dims),
    codes: codes === 'binary',
    ids: options.ids ?? null,
    lists,
    probes: options.probes === undefined ? null : integer(options.probes, 'probes', 1, lists),
    recall: options.recall === undefined ? null : fraction(options.recall, 'recall'),
    samplesPerList: integer(options.samplesPerList ?? 64, 'samplesPerList', 1, 2 ** 32 - 1),
    maxIterations: integer(options.maxIterations ?? 10, 'maxIterations', 0, 1e6),
    seed: integer(options.seed ?? 1, 'seed', 0, 2 ** 32 - 1),
    threads: integer(options.threads ?? 0, 'threads', 0, 1024),
    signal: options.signal,
    progress: (phase, done) => onProgress?.({ phase, done }),
  };
}

export function integer(value: number, name: string, least: number, most: number): number {
  if (!Number.isInteger(value) || value < least || value > most)
    throw invalidArgument(name, `a whole number from ${least} to ${most}`, value);
  return value;
}

export function fraction(value: number, name: string): number {
  if (!(value > 0 && value <= 1)) throw invalidArgument(name, 'a number above 0, at most 1', value);
  return value;
}

export function oneOf<T extends string>(value: T, name: string, known: readonly T[]): T {
  if (!known.includes(value)) throw invalidArgument(name, `"${known.join('", "')}"`, value);
  return value;
}

/** Checks that there are `count` different ids. */
export async function readIds(ids: ArrayLike<number>, count: number, signal: AbortSignal | undefined): Promise<Uint32Array> {
  if (ids.length !== count) throw unexpected('ids', `${count} of them, one per vector`, `${ids.length}`);
  const read = new Uint32Array(count);
  const known = new IdTable();
  known.reserve(count);
  await inBlocks(count, ID_COST, signal, (from, to) => {
    for (let i = from; i < to; i++) {
      const id = ids[i];
      if (!Number.isInteger(id) || id < 0 || id > 0xffffffff) throw invalidArgument('every id', 'a whole number from 0 to 2^32 - 1', id);
      if (known.get(id) !== undefined) throw unexpected('ids', 'different from each other', `${id} twice`);
      known.set(id, i);
      read[i] = id;
    }
  });
  return read;
}

function rescoring({ rescore, metric }: VectorIndexOptions, dims: number): IndexPlan['rescore'] {
  if (rescore === undefined) return null;
  if (typeof rescore === 'string') return oneOf(rescore, 'rescore', ['float32', 'float16', 'bfloat16'] as const);
  const points = pointsOf(rescore, 'rescore');
  if (points.dims !== dims) throw unexpected('rescore', `vectors of ${dims} numbers, as the others are`, `vectors of ${points.dims}`);
  if ((metric ?? 'cosine') === 'cosine')
    throw unexpected('rescore', 'a type of numbers, as cosines are of vectors of unit length', 'an array');
  return points;
}

/** What an index keeps for good must not be taken away from it. */
function ownAtOnce(points: PointArray): PointArray {
  return { ...points, data: isShared(points.data) ? points.data : points.data.slice() };
}

export function loading(options: LoadIndexOptions): { kernels: Kernels; source: PointArray | null } {
  const { backend, rescore } = objectOf(options, 'options');
  return { kernels: selectKernels(backend), source: rescore === undefined ? null : ownAtOnce(pointsOf(rescore, 'rescore')) };
}

/** Checks what users pass when a context is built, and makes every choice. */
import { objectOf } from '../../arguments';
import type { Kernels } from '../../backend/kernels';
import { selectKernels } from '../../backend/select';
import { INITIALIZATIONS } from '../../clustering/initialize';
import { invalidArgument } from '../../errors';
import type { BuildPlan } from './build-store';
import type { ContextOptions, LookupType } from './types';

/** For contexts of `length` keys of `dims` numbers. Throws INVALID_ARGUMENT. */
export function planContext(options: ContextOptions, length: number, dims: number): BuildPlan {
  const { backend, signal, onProgress, initialization } = objectOf(options, 'options');
  const kernels = selectKernels(backend);
  const sink = whole(options.sink ?? 4, 'sink', 0);
  const recent = whole(options.recent ?? 64, 'recent', 0);
  const clustered = Math.max(0, length - Math.min(sink, length) - recent);
  const levels = options.levels ?? 2;
  if (levels !== 1 && levels !== 2) throw invalidArgument('levels', '1 or 2', levels);
  if (initialization !== undefined && !INITIALIZATIONS.includes(initialization)) {
    throw invalidArgument('initialization', `"${INITIALIZATIONS.join('", "')}"`, initialization);
  }
  const clusters = partOrCount(options.clusters ?? 0.05, 'clusters', clustered);
  return {
    kernels,
    clustering: {
      clusters,
      levels,
      segment: whole(options.segment ?? Math.max(1, clustered), 'segment', 1),
      maxIterations: whole(options.maxIterations ?? 10, 'maxIterations', 0),
      tolerance: notNegative(options.tolerance ?? 0.001, 'tolerance'),
      seed: whole(options.seed ?? 1, 'seed', 0, 2 ** 32 - 1),
      rest: clusteringRest(options, kernels),
    },
    coarse: options.coarse === undefined ? 0 : partOrCount(options.coarse, 'coarse', clustered),
    sink,
    recent,
    scale: scaleOf(options.scale, dims),
    signal,
    onStream: onProgress && ((done, total) => onProgress({ done, total })),
  };
}

/** What k-means is told besides. */
export function clusteringRest(
  { initialization, threads, signal }: Pick<ContextOptions, 'initialization' | 'threads' | 'signal'>,
  { backend }: Pick<Kernels, 'backend'>,
): BuildPlan['clustering']['rest'] {
  return {
    backend,
    ...(initialization === undefined ? {} : { initialization }),
    ...(threads === undefined ? {} : { threads: whole(threads, 'threads', 0, 1024) }),
    ...(signal === undefined ? {} : { signal }),
  };
}

export function whole(value: number, name: string, least: number, most = Number.MAX_SAFE_INTEGER): number {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw invalidArgument(
      name,
      most < Number.MAX_SAFE_INTEGER ? `a whole number from ${least} to ${most}` : `a whole number from ${least}`,
      value,
    );
  }
  return value;
}

function notNegative(value: number, name: string): number {
  if (!(value >= 0 && value < Infinity)) throw invalidArgument(name, 'a number that is not negative', value);
  return value;
}

/** Contexts without clustered keys take any number. */
function partOrCount(value: number, name: string, keys: number): number {
  if (value > 0 && value < 1) return value;
  if (!Number.isInteger(value) || value < 1) throw invalidArgument(name, 'a whole number, or a part of the clustered keys below 1', value);
  if (keys > 0 && value > keys) throw invalidArgument(name, `at most ${keys}, the number of keys that are clustered`, value);
  return value;
}

function scaleOf(scale: number | undefined, dims: number): number {
  if (scale === undefined) return 1 / Math.sqrt(dims);
  if (typeof scale !== 'number' || !Number.isFinite(scale)) throw invalidArgument('scale', 'a finite number', scale);
  return scale;
}

/** Throws INVALID_ARGUMENT. */
export function lookupType(lookup: LookupType | undefined): LookupType {
  if (lookup === undefined || lookup === 'float32' || lookup === 'int8') return lookup ?? 'float32';
  throw invalidArgument('lookup', '"float32" or "int8"', lookup);
}

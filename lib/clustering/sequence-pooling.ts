/** Documents of fewer vectors each: k-means per sequence, and what it is compared with (CRISP, Veneroso et al. 2025). */
import { numberThat, objectOf } from '../arguments';
import type { BackendName } from '../backend/kernels';
import { selectKernels } from '../backend/select';
import { aborted, invalidArgument, unexpected } from '../errors';
import { gather } from '../reduction/plan';
import { kmeansOfOwn } from './kmeans';
import { float32Vectors } from './matrix';
import { checkedSequences, ownSequences, type VectorSequences } from './max-sim';
import { runStepsInBackground, type Steps } from './steps';

export interface SequencePoolOptions {
  /**
   * 'k-means': each cluster becomes the mean of its vectors; 'tail': the first vectors stay, the tail goes; 'every': evenly spaced vectors stay, with `keep` 1 / k every
   * k-th.
   */
  readonly method: 'k-means' | 'tail' | 'every';
  /** Vectors that remain of each sequence: a number (shorter sequences stay whole), or below 1 a part of its own (at least one vector). */
  readonly keep: number;
  /** Of k-means: cluster by direction. Default false. */
  readonly spherical?: boolean;
  /** Of k-means. Default 25. */
  readonly maxIterations?: number;
  /** Of k-means. Default 1. */
  readonly seed?: number;
  readonly backend?: BackendName;
  readonly signal?: AbortSignal;
  /** Sequences done, and how many there are. */
  readonly onProgress?: (done: number, total: number) => void;
}

export interface PooledSequences extends VectorSequences {
  readonly data: Float32Array;
  readonly dims: readonly [number, number];
  /** For each vector the one of its sequence that it went to; −1: it is gone. */
  readonly source: Int32Array;
}

function* float32Rows(
  sequences: VectorSequences,
): Steps<{ readonly width: number; readonly data: Float32Array; readonly offsets: Uint32Array }> {
  const { data, mask, offsets } = sequences;
  const { dims } = checkedSequences(sequences, 'sequences');
  if (!(data instanceof Float32Array)) throw invalidArgument('sequences.data', 'a Float32Array', data);
  if (mask !== undefined) throw invalidArgument('sequences.mask', 'absent: pooling takes all vectors', mask);
  const greatest = new Float32Array(1);
  yield (kernels) => kernels.greatestMagnitude(data, greatest);
  if (!(greatest[0] < 1e18)) throw unexpected('sequences', 'finite numbers below 1e18', 'others');
  return { width: dims, data, offsets };
}

/** Each sequence on its own. Rejects with INVALID_ARGUMENT, and with ABORTED. */
export async function poolSequences(sequences: VectorSequences, options: SequencePoolOptions): Promise<PooledSequences> {
  const kernels = selectKernels(objectOf(options, 'options').backend);
  const { width, data, offsets } = await runStepsInBackground(
    float32Rows(await ownSequences(sequences, 'sequences', options.signal)),
    kernels,
    options.signal,
  );
  const { method, keep, signal, onProgress } = options;
  if (method !== 'k-means' && method !== 'tail' && method !== 'every')
    throw invalidArgument('method', '"k-means", "tail" or "every"', method);
  numberThat(keep, 'keep', 'a whole number, or a part below 1', (value) => value > 0 && (value < 1 || Number.isInteger(value)));
  const total = offsets.length - 1;
  const counts = Uint32Array.from({ length: total }, (_, i) => remaining(offsets[i + 1] - offsets[i], keep));
  const pooledOffsets = new Uint32Array(total + 1);
  counts.forEach((count, i) => (pooledOffsets[i + 1] = pooledOffsets[i] + count));
  const out = new Float32Array(pooledOffsets[total] * width);
  const source = new Int32Array(offsets[total]).fill(-1);
  for (let i = 0; i < total; i++) {
    if (signal?.aborted) throw aborted(signal);
    const rows = data.subarray(offsets[i] * width, offsets[i + 1] * width);
    const sources = source.subarray(offsets[i], offsets[i + 1]);
    out.set(await pooled(rows, width, counts[i], sources, options), pooledOffsets[i] * width);
    onProgress?.(i + 1, total);
  }
  return { ...float32Vectors(out, width), offsets: pooledOffsets, source };
}

function remaining(length: number, keep: number): number {
  return keep >= 1 ? Math.min(length, keep) : Math.min(length, Math.max(1, Math.round(keep * length)));
}

/** The vectors that remain of one sequence; fills `source`. */
async function pooled(
  rows: Float32Array,
  width: number,
  count: number,
  source: Int32Array,
  { method, spherical = false, maxIterations = 25, seed = 1, backend, signal }: SequencePoolOptions,
): Promise<Float32Array> {
  const length = source.length;
  if (method !== 'k-means' || count === length) {
    const kept = Uint32Array.from({ length: count }, (_, i) => (method === 'every' ? Math.floor((i * length) / count) : i));
    kept.forEach((row, i) => (source[row] = i));
    return gather(rows, width, kept);
  }
  const { labels } = await kmeansOfOwn(float32Vectors(rows, width), {
    clusters: count,
    spherical,
    maxIterations,
    seed,
    ...(backend && { backend }),
    ...(signal && { signal }),
  });
  return meansInOrder(rows, width, count, labels, source);
}

/** Means of the clusters, in the order of their first members. With fewer different vectors than clusters some are empty: their means are those of the first. */
function meansInOrder(rows: Float32Array, width: number, count: number, labels: Uint32Array, source: Int32Array): Float32Array {
  const numbers = new Map<number, number>();
  const sizes = new Float64Array(count);
  const sums = new Float64Array(count * width);
  labels.forEach((label, row) => {
    if (!numbers.has(label)) numbers.set(label, numbers.size);
    const cluster = (source[row] = numbers.get(label)!);
    sizes[cluster]++;
    for (let k = 0; k < width; k++) sums[cluster * width + k] += rows[row * width + k];
  });
  return Float32Array.from({ length: count * width }, (_, at) => {
    const cluster = Math.floor(at / width);
    return sizes[cluster] > 0 ? sums[at] / sizes[cluster] : sums[at % width] / sizes[0];
  });
}

/** Clusters of keys: k-means on keys scaled to unit length (Hooper et al., "Squeezed Attention", 2024). */
import { kmeansOfOwn } from '../../clustering/kmeans';
import type { KMeansOptions } from '../../clustering/types';
import { inBlocks } from '../../backend/js/in-blocks';
import { requireLength } from '../../own-array';
import { numbersOf, type Elements, type ElementType } from './element-rows';

export interface ClusteringPlan extends Required<Pick<KMeansOptions, 'maxIterations' | 'tolerance' | 'seed' | 'levels'>> {
  /** A part of the keys if below 1, else how many for all keys. */
  readonly clusters: number;
  readonly segment: number;
  /** Initialization, threads, backend, signal. */
  readonly rest: Pick<KMeansOptions, 'initialization' | 'threads' | 'backend' | 'signal'>;
}

/** Clusters of each segment of `count` keys. */
export function segmentClusters({ clusters, segment }: Pick<ClusteringPlan, 'clusters' | 'segment'>, count: number): Uint32Array {
  const segments = Math.ceil(count / segment);
  let given = 0;
  return Uint32Array.from({ length: segments }, (_, i) => {
    const size = Math.min(segment, count - i * segment);
    if (clusters < 1) return Math.max(1, Math.floor(clusters * size));
    // In proportion, by where the segment ends; no more than there are keys.
    const share = Math.min(size, Math.max(1, Math.round((clusters * Math.min(count, (i + 1) * segment)) / count) - given));
    given += share;
    return share;
  });
}

/** The cluster of each of `count` rows from element `at` on. Rejects as `kmeans` does. */
export async function clusterRows(
  data: Elements,
  type: ElementType,
  dims: number,
  at: number,
  count: number,
  plan: ClusteringPlan,
): Promise<Uint32Array> {
  const { length } = data;
  const labels = new Uint32Array(count);
  const unit = new Float32Array(Math.min(plan.segment, count) * dims);
  let before = 0;
  let segment = 0;
  for (const clusters of segmentClusters(plan, count)) {
    const from = segment * plan.segment;
    const size = Math.min(plan.segment, count - from);
    requireLength(data, length, 'keys');
    await copyUnitRows(data, type, dims, at + from * dims, size, unit, plan.rest.signal);
    const { maxIterations, tolerance, levels } = plan;
    const result = await kmeansOfOwn(
      { type: 'float32', data: unit.subarray(0, size * dims), dims: [size, dims] },
      { ...plan.rest, clusters, maxIterations, tolerance, levels, seed: (plan.seed + segment) >>> 0 },
    );
    for (let i = 0; i < size; i++) labels[from + i] = before + result.labels[i];
    before += clusters;
    segment++;
  }
  return labels;
}

/** Rows scaled to unit length; zeros stay zeros. */
async function copyUnitRows(
  data: Elements,
  type: ElementType,
  dims: number,
  at: number,
  count: number,
  out: Float32Array,
  signal: AbortSignal | undefined,
): Promise<void> {
  const buffer = new Float32Array(dims);
  const { length } = data;
  await inBlocks(count, dims, signal, (from, to) => {
    requireLength(data, length, 'keys');
    for (let row = from; row < to; row++) {
      const numbers = numbersOf(data, type, at + row * dims, dims, buffer);
      let square = 0;
      for (let dim = 0; dim < dims; dim++) square += numbers[dim] * numbers[dim];
      const factor = square > 0 ? 1 / Math.sqrt(square) : 0;
      for (let dim = 0; dim < dims; dim++) out[row * dims + dim] = numbers[dim] * factor;
    }
  });
}

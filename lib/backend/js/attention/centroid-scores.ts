/** Centroid lookup. */
import { unitsOf, type CentroidScoreSpec, type ClusterRows } from '../../attention-kernels';
import { product, readNumbers, unitQueries } from './rows';

/** Each step is a unit. */
export function* scoreUnits(spec: CentroidScoreSpec, scores: Float32Array): Generator<void, void> {
  const { clusters, scale, step, group } = spec;
  const count = clusters.clusters;
  const units = unitsOf(spec);
  for (let index = 0; index < units.length; index++) {
    const unit = units[index];
    const stream = unit.sequence * spec.kvHeads + unit.head;
    const centroids = Array.from({ length: count }, (_, i) => centroidOf(clusters, stream * count + i));
    const sizes = clusterSizes(clusters, stream);
    const voters = unitQueries(spec.queries, group, unit, step);
    const sums = new Float64Array(count);
    for (const { numbers } of voters) {
      addShares(
        centroids.map((centroid) => product(numbers, centroid) * scale),
        sizes,
        sums,
      );
      yield;
    }
    for (let i = 0; i < count; i++) scores[index * count + i] = sums[i] / voters.length;
  }
}

/** Adds exp(logit) / Σ_j N_j exp(logit_j) of each cluster that is not empty, with exponents shifted by the greatest. */
function addShares(logits: readonly number[], sizes: Float64Array, sums: Float64Array): void {
  const greatest = logits.reduce((most, logit, i) => (sizes[i] > 0 ? Math.max(most, logit) : most), -Infinity);
  const whole = logits.reduce((sum, logit, i) => (sizes[i] > 0 ? sum + sizes[i] * Math.exp(logit - greatest) : sum), 0);
  for (let i = 0; i < sums.length; i++) if (sizes[i] > 0) sums[i] += Math.exp(logits[i] - greatest) / whole;
}

/** Keys in each cluster of a stream. */
export function clusterSizes({ clusters, offsets }: Pick<ClusterRows, 'clusters' | 'offsets'>, stream: number): Float64Array {
  const first = stream * (clusters + 1);
  return Float64Array.from({ length: clusters }, (_, i) => offsets[first + i + 1] - offsets[first + i]);
}

/** Centroid `index` of all streams' as numbers. */
function centroidOf({ centroids, scales, dims }: ClusterRows, index: number): Float64Array {
  const numbers = new Float64Array(dims);
  if (centroids instanceof Int8Array) {
    for (let i = 0; i < dims; i++) numbers[i] = centroids[index * dims + i] * scales![index];
  } else {
    readNumbers(centroids, centroids instanceof Float32Array ? 'float32' : 'bfloat16', index * dims, numbers);
  }
  return numbers;
}

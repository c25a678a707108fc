/** Centroid lookup. */
import { unitsOf, type CentroidScoreSpec, type ClusterGroups, type ClusterRows } from '../../attention-kernels';
import { product, readNumbers, unitQueries, type UnitQuery } from './rows';

/** Each step is a query of a unit. */
export function* scoreUnits(spec: CentroidScoreSpec, scores: Float32Array): Generator<void, void> {
  const { clusters, group } = spec;
  const count = clusters.clusters;
  const units = unitsOf(spec);
  for (let index = 0; index < units.length; index++) {
    const unit = units[index];
    const stream = unit.sequence * spec.kvHeads + unit.head;
    const centroids = Array.from({ length: count }, (_, i) => centroidOf(clusters, stream * clusters.room + i));
    const sizes = clusterSizes(clusters, stream);
    const voters = unitQueries(spec.queries, group, unit, spec.step);
    const leftOut = clusters.groups === null ? [] : yield* clustersLeftOut(spec, clusters.groups, stream, voters, sizes);
    for (const cluster of leftOut) sizes[cluster] = 0;
    const own = yield* meanShares(voters, centroids, sizes, spec.scale);
    for (const cluster of leftOut) own[cluster] = NaN;
    scores.set(own, index * count);
  }
}

/** Means over queries. */
function* meanShares(
  voters: readonly UnitQuery[],
  centroids: readonly Float64Array[],
  sizes: Float64Array,
  scale: number,
): Generator<void, Float64Array> {
  const sums = new Float64Array(sizes.length);
  for (const { numbers } of voters) {
    addShares(
      centroids.map((centroid) => product(numbers, centroid) * scale),
      sizes,
      sums,
    );
    yield;
  }
  return sums.map((sum) => sum / voters.length);
}

/** Those that have keys, and whose group's score is not greater than the limit. */
function* clustersLeftOut(
  { clusters, scale }: CentroidScoreSpec,
  { groups, centroids, offsets, limits }: ClusterGroups,
  stream: number,
  voters: readonly UnitQuery[],
  sizes: Float64Array,
): Generator<void, number[]> {
  const { dims } = clusters;
  const own = offsets.subarray(stream * (groups + 1), (stream + 1) * (groups + 1));
  const rows = Array.from({ length: groups }, (_, i) =>
    Float64Array.from(centroids.subarray((stream * groups + i) * dims, (stream * groups + i + 1) * dims)),
  );
  const keys = Float64Array.from(rows, (_, i) => sizes.subarray(own[i], own[i + 1]).reduce((sum, size) => sum + size, 0));
  const scores = yield* meanShares(voters, rows, keys, scale);
  const leftOut: number[] = [];
  scores.forEach((score, group) => {
    // As one number of single precision, which is what the others compare.
    if (Math.fround(score) > limits[stream]) return;
    for (let cluster = own[group]; cluster < own[group + 1]; cluster++) if (sizes[cluster] > 0) leftOut.push(cluster);
  });
  return leftOut;
}

/** Adds exp(logit) / Σ_j N_j exp(logit_j) of each cluster that is not empty, with exponents shifted by the greatest. */
function addShares(logits: readonly number[], sizes: Float64Array, sums: Float64Array): void {
  const greatest = logits.reduce((most, logit, i) => (sizes[i] > 0 ? Math.max(most, logit) : most), -Infinity);
  const whole = logits.reduce((sum, logit, i) => (sizes[i] > 0 ? sum + sizes[i] * Math.exp(logit - greatest) : sum), 0);
  for (let i = 0; i < sums.length; i++) if (sizes[i] > 0) sums[i] += Math.exp(logits[i] - greatest) / whole;
}

/** Keys in each cluster of a stream. */
export function clusterSizes(
  { clusters, room, offsets }: Pick<ClusterRows, 'clusters' | 'room' | 'offsets'>,
  stream: number,
): Float64Array {
  const first = stream * (room + 1);
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

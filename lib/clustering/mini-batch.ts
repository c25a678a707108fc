/** Mini-batch k-means (Sculley 2010): each iteration moves centroids by a few random points, the less the more points a centroid has seen. */
import type { LloydOutcome, LloydStop } from '../backend/clustering-kernels';
import { unitLength } from './initialize';
import type { KMeansPlan } from './kmeans-options';
import { copyPoints, subset } from './matrix';
import { RandomStream } from './random';

/** Centroids are moved in place; labels are nearest to the last of them. */
export async function miniBatch(plan: KMeansPlan, centroids: Float32Array, labels: Uint32Array): Promise<LloydOutcome> {
  const { kernels, points, spherical, threads, control, batchSize, maxIterations } = plan;
  // Another stream than the first centroids': those must not be chosen again.
  const random = new RandomStream(plan.seed ^ 0x5bd1e995);
  const seen = new Float64Array(plan.clusters);
  const mass = points.weights === null ? points.count : points.weights.reduce((sum, weight) => sum + weight, 0);
  const objectives: number[] = [];
  let stopReason: LloydStop = 'maxIterations';
  while (objectives.length < maxIterations) {
    const batch = subset(points, random.sample(points.count, batchSize));
    const nearest = new Uint32Array(batchSize);
    const distances = new Float32Array(batchSize);
    await kernels.assignNearest({ points: batch, spherical, threads }, centroids, nearest, distances, { signal: control.signal });
    let batchMass = 0;
    let objective = 0;
    for (let i = 0; i < batchSize; i++) {
      const weight = batch.weights === null ? 1 : batch.weights[i];
      batchMass += weight;
      objective += weight * distances[i];
    }
    if (batchMass > 0) moveTowards(plan, centroids, batch.rows!, batch.weights, nearest, seen);
    const estimate = batchMass > 0 ? (objective / batchMass) * mass : 0;
    const before = objectives.at(-1);
    objectives.push(estimate);
    control.onProgress?.(objectives.length, estimate);
    // Batches differ, so only a tolerance that was asked for ends the run.
    if (plan.tolerance === 0 || before === undefined || Math.abs(before - estimate) > plan.tolerance * before) continue;
    stopReason = 'tolerance';
    break;
  }
  const last = await kernels.lloyd({ ...plan, maxIterations: 0 }, centroids, labels, { signal: control.signal });
  return { stopReason, objectives: Float64Array.from(objectives), objective: last.objective };
}

/** `rows`: the batch's places in the caller's array. */
function moveTowards(
  { points, spherical, frozen }: KMeansPlan,
  centroids: Float32Array,
  rows: Uint32Array,
  weights: Float64Array | null,
  nearest: Uint32Array,
  seen: Float64Array,
): void {
  const { dims } = points;
  const batch = unitLength(copyPoints({ ...points, rows: null }, rows), dims, spherical);
  for (let i = 0; i < nearest.length; i++) {
    const cluster = nearest[i];
    const weight = weights === null ? 1 : weights[i];
    if (weight === 0 || (frozen !== null && frozen[cluster] !== 0)) continue;
    seen[cluster] += weight;
    const step = weight / seen[cluster];
    for (let dim = 0; dim < dims; dim++)
      centroids[cluster * dims + dim] += step * (batch[i * dims + dim] - centroids[cluster * dims + dim]);
  }
  unitLength(centroids, dims, spherical, frozen);
}

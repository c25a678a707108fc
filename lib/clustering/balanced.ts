/** Clusters of a limited size: centroids as Lloyd leaves them, then rounds in which full clusters turn away the points that are farthest. */
import type { LloydOutcome } from '../backend/clustering-kernels';
import { ascendingOrder } from './ascending-order';
import { unitLength } from './initialize';
import type { KMeansPlan } from './kmeans-options';
import { copyPoints, subset } from './matrix';
import { membersOf } from './members';
import { runStepsInBackground } from './steps';

/** How often the centroids are moved to the means of capped clusters, and points assigned anew. */
const ROUNDS = 5;

/** Renews labels so that no cluster has more than `most` points, and moves centroids to the means of what they got. */
export async function capSizes(
  plan: KMeansPlan,
  most: number,
  centroids: Float32Array,
  labels: Uint32Array,
  before: LloydOutcome,
): Promise<LloydOutcome> {
  let objective = 0;
  for (let round = 0; round < ROUNDS; round++) {
    await assignCapped(plan, most, centroids, labels);
    objective = moveToMeans(plan, centroids, labels);
  }
  return { ...before, objective };
}

/** All points ask for their nearest cluster with room; each takes the nearest of those that ask. */
async function assignCapped(plan: KMeansPlan, most: number, centroids: Float32Array, labels: Uint32Array): Promise<void> {
  const { kernels, points, spherical, threads, control, clusters } = plan;
  const { dims } = points;
  const room = new Uint32Array(clusters).fill(most);
  let asking = Uint32Array.from({ length: points.count }, (_, i) => i);
  while (asking.length > 0) {
    const open = Uint32Array.from(room.keys()).filter((cluster) => room[cluster] > 0);
    const rows = new Float32Array(open.length * dims);
    open.forEach((cluster, i) => rows.set(centroids.subarray(cluster * dims, (cluster + 1) * dims), i * dims));
    const wanted = new Uint32Array(asking.length);
    const distances = new Float32Array(asking.length);
    await kernels.assignNearest({ points: subset(points, asking), spherical, threads }, rows, wanted, distances, {
      signal: control.signal,
    });
    const order = await runStepsInBackground(ascendingOrder(distances), null, control.signal);
    const refused: number[] = [];
    for (const i of order) {
      const cluster = open[wanted[i]];
      if (room[cluster] === 0) {
        refused.push(asking[i]);
        continue;
      }
      room[cluster]--;
      labels[asking[i]] = cluster;
    }
    asking = Uint32Array.from(refused).sort();
  }
}

/** Returns Σ weight × squared distance to the new centroids. Clusters without points, and frozen ones, stay where they are. */
function moveToMeans({ points, spherical, frozen, clusters }: KMeansPlan, centroids: Float32Array, labels: Uint32Array): number {
  const { dims, weights } = points;
  const { values, offsets } = membersOf(labels, clusters);
  let objective = 0;
  for (let cluster = 0; cluster < clusters; cluster++) {
    const members = values.subarray(offsets[cluster], offsets[cluster + 1]);
    const rows = unitLength(copyPoints(points, members), dims, spherical);
    const centroid = centroids.subarray(cluster * dims, (cluster + 1) * dims);
    if (frozen === null || frozen[cluster] === 0) meanOf(rows, members, weights, centroid);
    unitLength(centroid, dims, spherical);
    members.forEach((point, i) => {
      let square = 0;
      for (let dim = 0; dim < dims; dim++) square += (rows[i * dims + dim] - centroid[dim]) ** 2;
      objective += (weights === null ? 1 : weights[point]) * square;
    });
  }
  return objective;
}

function meanOf(rows: Float32Array, members: Uint32Array, weights: Float64Array | null, out: Float32Array): void {
  const sums = new Float64Array(out.length);
  let mass = 0;
  members.forEach((point, i) => {
    const weight = weights === null ? 1 : weights[point];
    mass += weight;
    for (let dim = 0; dim < sums.length; dim++) sums[dim] += weight * rows[i * sums.length + dim];
  });
  if (mass > 0) out.set(sums.map((sum) => sum / mass));
}

/** Clusters of a limited size: centroids as Lloyd leaves them, then rounds in which full clusters turn away the points that are farthest. */
import type { LloydOutcome } from '../backend/clustering-kernels';
import { ascendingOrder } from './ascending-order';
import { unitLength } from './initialize';
import type { KMeansPlan } from './kmeans-options';
import { copyRow, subset } from './matrix';
import { membersOf } from './members';
import { runStepsInBackground, type Steps } from './steps';

/** How often the centroids are moved to the means of capped clusters, and points assigned anew. */
const ROUNDS = 5;
/** Rows between two looks at the clock. */
const ROWS_AT_ONCE = 32;

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
    objective = await runStepsInBackground(moveToMeans(plan, centroids, labels), null, plan.control.signal);
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
    const refused = new Uint8Array(asking.length);
    for (const i of order) {
      const cluster = open[wanted[i]];
      if (room[cluster] === 0) {
        refused[i] = 1;
        continue;
      }
      room[cluster]--;
      labels[asking[i]] = cluster;
    }
    asking = asking.filter((_, i) => refused[i] !== 0);
  }
}

/** Returns Σ weight × squared distance to the new centroids. Clusters without points, and frozen ones, stay where they are. */
function* moveToMeans({ points, spherical, frozen, clusters }: KMeansPlan, centroids: Float32Array, labels: Uint32Array): Steps<number> {
  const { dims, weights } = points;
  const { values, offsets } = membersOf(labels, clusters);
  const row = new Float32Array(dims);
  const read = (point: number): number => {
    copyRow(points, point, row, 0);
    unitLength(row, dims, spherical);
    return weights === null ? 1 : weights[point];
  };
  let objective = 0;
  for (let cluster = 0; cluster < clusters; cluster++) {
    const members = values.subarray(offsets[cluster], offsets[cluster + 1]);
    const centroid = centroids.subarray(cluster * dims, (cluster + 1) * dims);
    const sums = new Float64Array(dims);
    let mass = 0;
    for (let i = 0; i < members.length; i++) {
      const weight = read(members[i]);
      mass += weight;
      for (let dim = 0; dim < dims; dim++) sums[dim] += weight * row[dim];
      if (i % ROWS_AT_ONCE === 0) yield null;
    }
    if (mass > 0 && (frozen === null || frozen[cluster] === 0)) {
      centroid.set(sums.map((sum) => sum / mass));
      unitLength(centroid, dims, spherical);
    }
    for (let i = 0; i < members.length; i++) {
      const weight = read(members[i]);
      let square = 0;
      for (let dim = 0; dim < dims; dim++) square += (row[dim] - centroid[dim]) ** 2;
      objective += weight * square;
      if (i % ROWS_AT_ONCE === 0) yield null;
    }
  }
  return objective;
}

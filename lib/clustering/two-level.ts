/** Hierarchical k-means: about √K groups, then each of them on its own. */
import { chooseCentroids, unitLength } from './initialize';
import type { KMeansPlan } from './kmeans-options';
import { subset } from './matrix';
import { membersOf } from './members';
import type { InitializationName } from './types';

/** Centroids of all clusters, group by group. */
export async function twoLevelCentroids(plan: KMeansPlan, method: InitializationName): Promise<Float32Array> {
  const { kernels, points, spherical, clusters, control } = plan;
  const { dims } = points;
  const groups = Math.round(Math.sqrt(clusters));
  const begin = async (part: KMeansPlan): Promise<Float32Array> => unitLength(await chooseCentroids(part, method), dims, spherical);
  const coarse = await begin({ ...plan, clusters: groups });
  const labels = new Uint32Array(points.count);
  await kernels.lloyd(plan, coarse, labels, control);
  const { values, offsets } = membersOf(labels, groups);
  const shares = shareOut(
    clusters,
    Array.from({ length: groups }, (_, group) => offsets[group + 1] - offsets[group]),
  );
  const centroids = new Float32Array(clusters * dims);
  let at = 0;
  for (let group = 0; group < groups; group++) {
    if (shares[group] === 0) continue;
    const members = values.slice(offsets[group], offsets[group + 1]);
    const part = { ...plan, points: subset(points, members), clusters: shares[group], seed: (plan.seed + group + 1) >>> 0 };
    const fine = await begin(part);
    await kernels.lloyd(part, fine, new Uint32Array(members.length), { signal: control.signal });
    centroids.set(fine, at);
    at += fine.length;
  }
  return centroids;
}

/** Shares in proportion to sizes: at least one for each that is not empty and no more than its size; they sum to `total`. */
function shareOut(total: number, sizes: readonly number[]): number[] {
  const all = sizes.reduce((sum, size) => sum + size, 0);
  const exact = sizes.map((size) => (size / all) * total);
  const shares = exact.map((share, i) => Math.min(sizes[i], Math.max(sizes[i] > 0 ? 1 : 0, Math.floor(share))));
  let left = total - shares.reduce((sum, share) => sum + share, 0);
  // To those that fall short of their exact share by most; or from those that exceed it.
  for (; left !== 0; left -= Math.sign(left)) {
    const sign = Math.sign(left);
    let best = -1;
    for (let i = 0; i < sizes.length; i++) {
      const possible = sign > 0 ? shares[i] < sizes[i] : shares[i] > 1;
      if (possible && (best < 0 || sign * (exact[i] - shares[i]) > sign * (exact[best] - shares[best]))) best = i;
    }
    shares[best] += sign;
  }
  return shares;
}

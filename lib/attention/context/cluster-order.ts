/**
 * The order of clusters in memory. Those that are alike stand beside each other, so that what a query retrieves is fewer and longer runs of rows: each run costs as much as some
 * hundreds of bytes more, because processors read on behind its end.
 */
import { inBlocks } from '../../backend/js/in-blocks';
import type { Members } from '../../clustering/members';

/** Of a large group only so many of the clusters that are left are looked at: time stays in proportion to the number of clusters. */
const MOST_COMPARED = 512;

/** Groups stay together, and in their order; within each one the next cluster is the one that is most like the last (by cosine), from the first on. */
export async function similarNext(
  centroids: Float32Array,
  dims: number,
  { values, offsets }: Members,
  signal: AbortSignal | undefined,
): Promise<Uint32Array> {
  const order = values.slice();
  const factors = new Float64Array(order.length);
  await inBlocks(order.length, dims, signal, (from, to) => {
    for (let cluster = from; cluster < to; cluster++) {
      const length = Math.sqrt(product(centroids, cluster, cluster, dims));
      factors[cluster] = length > 0 ? 1 / length : 0;
    }
  });
  const mostLike = (last: number, from: number, end: number): number => {
    let best = from;
    let most = -Infinity;
    for (let i = from; i < end; i++) {
      const likeness = factors[order[i]] * product(centroids, last, order[i], dims);
      if (likeness > most) [most, best] = [likeness, i];
    }
    return best;
  };
  const compared = offsets.reduce((most, end, i) => Math.max(most, end - offsets[Math.max(0, i - 1)]), 1);
  let group = 0;
  await inBlocks(order.length, Math.min(compared, MOST_COMPARED) * dims, signal, (from, to) => {
    for (let at = from; at < to; at++) {
      while (at >= offsets[group + 1]) group++;
      if (at === offsets[group]) continue;
      const best = mostLike(order[at - 1], at, Math.min(offsets[group + 1], at + MOST_COMPARED));
      [order[at], order[best]] = [order[best], order[at]];
    }
  });
  return order;
}

function product(centroids: Float32Array, a: number, b: number, dims: number): number {
  let sum = 0;
  for (let dim = 0, i = a * dims, j = b * dims; dim < dims; dim++) sum += centroids[i + dim] * centroids[j + dim];
  return sum;
}

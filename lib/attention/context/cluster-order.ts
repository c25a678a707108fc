/**
 * The order of clusters in memory. Those that are alike stand beside each other, so that what a query retrieves is fewer and longer runs of rows: each run costs as much as some
 * hundreds of bytes more, because processors read on behind its end.
 */
import { inBlocks } from '../../backend/js/in-blocks';
import type { Members } from '../../clustering/members';

/** Groups stay together, and in their order; within each one the next cluster is the one that is most like the last (by cosine), from the first on. */
export async function similarNext(
  centroids: Float32Array,
  dims: number,
  groups: Members,
  signal: AbortSignal | undefined,
): Promise<Uint32Array> {
  const { values, offsets } = groups;
  const order = values.slice();
  const factors = Float64Array.from({ length: values.length }, (_, i) => {
    const length = Math.sqrt(product(centroids, i, i, dims));
    return length > 0 ? 1 / length : 0;
  });
  const each = values.length / Math.max(1, offsets.length - 1);
  await inBlocks(offsets.length - 1, Math.ceil((each * each * dims) / 2), signal, (from, to) => {
    for (let group = from; group < to; group++) chain(order.subarray(offsets[group], offsets[group + 1]), centroids, factors, dims);
  });
  return order;
}

function chain(order: Uint32Array, centroids: Float32Array, factors: Float64Array, dims: number): void {
  for (let at = 1; at < order.length; at++) {
    let best = at;
    let most = -Infinity;
    for (let i = at; i < order.length; i++) {
      const likeness = factors[order[i]] * product(centroids, order[at - 1], order[i], dims);
      if (likeness > most) [most, best] = [likeness, i];
    }
    [order[at], order[best]] = [order[best], order[at]];
  }
}

function product(centroids: Float32Array, a: number, b: number, dims: number): number {
  let sum = 0;
  for (let dim = 0, i = a * dims, j = b * dims; dim < dims; dim++) sum += centroids[i + dim] * centroids[j + dim];
  return sum;
}

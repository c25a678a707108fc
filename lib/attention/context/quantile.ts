/** Thresholds from the scores of clusters, each of which counts once for every key of the cluster. */

/**
 * The quantile of the keys' scores, interpolated as NumPy does: what a part `sparsity` of the keys does not exceed. Clusters without keys do not count.
 * 0 if there are no keys.
 */
export function scoreQuantile(scores: Float64Array, sizes: Uint32Array, sparsity: number): number {
  const order = Uint32Array.from(scores, (_, i) => i).filter((i) => sizes[i] > 0);
  order.sort((a, b) => scores[a] - scores[b]);
  const keys = order.reduce((sum, i) => sum + sizes[i], 0);
  if (keys === 0) return 0;
  const at = (keys - 1) * sparsity;
  let below = 0;
  for (let i = 0; i < order.length; i++) {
    below += sizes[order[i]];
    if (Math.floor(at) >= below) continue;
    const low = scores[order[i]];
    const high = Math.ceil(at) < below ? low : scores[order[i + 1]];
    return low + (high - low) * (at - Math.floor(at));
  }
  return scores[order[order.length - 1]];
}

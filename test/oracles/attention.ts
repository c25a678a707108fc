/** Attention in double precision and plain loops. Nothing here is shared with lib. */

/** What one query sees: logits beside the products, and values. */
export interface SeenKey {
  readonly key: readonly number[];
  readonly value: readonly number[];
  /** Added to the logit. */
  readonly bias?: number;
  /** Variances of the key's dimensions. */
  readonly variance?: readonly number[];
}

export interface PlainAttention {
  readonly output: number[];
  readonly logSumExp: number;
}

export function plainAttention(query: readonly number[], seen: readonly SeenKey[], scale: number, valueDims: number): PlainAttention {
  const logits = seen.map(({ key, bias = 0, variance }) => {
    let logit = bias;
    for (let i = 0; i < query.length; i++) logit += query[i] * key[i] * scale;
    if (variance !== undefined) for (let i = 0; i < query.length; i++) logit += 0.5 * variance[i] * (query[i] * scale) * (query[i] * scale);
    return logit;
  });
  const greatest = Math.max(-Infinity, ...logits);
  const output = new Array<number>(valueDims).fill(0);
  if (greatest === -Infinity) return { output, logSumExp: -Infinity };
  let whole = 0;
  logits.forEach((logit) => (whole += Math.exp(logit - greatest)));
  logits.forEach((logit, i) => {
    for (let dim = 0; dim < valueDims; dim++) output[dim] += (Math.exp(logit - greatest) / whole) * seen[i].value[dim];
  });
  return { output, logSumExp: greatest + Math.log(whole) };
}

/** Mean over queries of exp(q·C) / Σ N exp(q·C). */
export function plainScores(
  queries: ReadonlyArray<readonly number[]>,
  centroids: ReadonlyArray<readonly number[]>,
  sizes: readonly number[],
  scale: number,
): number[] {
  const scores = sizes.map(() => 0);
  for (const query of queries) {
    const logits = centroids.map((centroid) => scale * centroid.reduce((sum, x, i) => sum + x * query[i], 0));
    const greatest = Math.max(...logits.filter((_, i) => sizes[i] > 0));
    let whole = 0;
    logits.forEach((logit, i) => (whole += sizes[i] > 0 ? sizes[i] * Math.exp(logit - greatest) : 0));
    logits.forEach((logit, i) => (scores[i] += sizes[i] > 0 ? Math.exp(logit - greatest) / whole / queries.length : 0));
  }
  return scores;
}

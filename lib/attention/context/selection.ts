/** Which clusters are retrieved, by their scores. */

export type Selection =
  /** Clusters whose score is greater. */
  | { readonly kind: 'threshold'; readonly threshold: number }
  /** Clusters of the highest scores that have no more than so many keys together; of equal scores the first. */
  | { readonly kind: 'budget'; readonly keys: number }
  /** Clusters of the highest scores that together have this part of the whole score (a cluster counts with each of its keys). */
  | { readonly kind: 'topP'; readonly part: number };

/** Numbers of clusters, ascending. Clusters without keys are never chosen. */
export function selectClusters(scores: Float64Array, sizes: Uint32Array, selection: Selection): Uint32Array {
  const there = Uint32Array.from(scores, (_, i) => i).filter((i) => sizes[i] > 0);
  if (selection.kind === 'threshold') return there.filter((i) => scores[i] > selection.threshold);
  const order = there.sort((a, b) => scores[b] - scores[a] || a - b);
  return order
    .subarray(0, selection.kind === 'budget' ? withinBudget(order, sizes, selection.keys) : withMass(order, scores, sizes, selection.part))
    .sort();
}

function withinBudget(order: Uint32Array, sizes: Uint32Array, keys: number): number {
  let left = keys;
  for (let i = 0; i < order.length; i++) {
    left -= sizes[order[i]];
    if (left < 0) return i;
  }
  return order.length;
}

function withMass(order: Uint32Array, scores: Float64Array, sizes: Uint32Array, part: number): number {
  if (part >= 1) return order.length;
  const whole = order.reduce((sum, i) => sum + sizes[i] * scores[i], 0);
  let mass = 0;
  for (let i = 0; i < order.length; i++) {
    if (mass >= part * whole) return i;
    mass += sizes[order[i]] * scores[order[i]];
  }
  return order.length;
}

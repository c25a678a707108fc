/**
 * Squeezed Attention (Hooper et al. 2024) as its authors define it, in double precision and plain loops: what they compute offline, which keys they keep, and
 * attention over those. Exponentials are shifted by the greatest, which theirs are not in calibration. Nothing here is shared with lib.
 */
export type Rows = readonly Float64Array[];

const dot = (a: Float64Array, b: Float64Array): number => a.reduce((sum, x, i) => sum + x * b[i], 0);

/** k-means on rows scaled to unit length, from given rows: labels. */
export function unitKMeans(rows: Rows, first: readonly number[], iterations: number): number[] {
  const unit = rows.map((row) => row.map((x) => x / (Math.sqrt(dot(row, row)) || 1)));
  let centroids: Rows = first.map((i) => unit[i]);
  let labels: number[] = [];
  for (let iteration = 0; iteration <= iterations; iteration++) {
    labels = unit.map((row) => {
      const distances = centroids.map((centroid) => row.reduce((sum, x, i) => sum + (x - centroid[i]) ** 2, 0));
      return distances.indexOf(Math.min(...distances));
    });
    centroids = centroids.map((old, cluster) => {
      const members = unit.filter((_, i) => labels[i] === cluster);
      return members.length > 0 ? meanOf(members) : old;
    });
  }
  return labels;
}

export function meanOf(rows: Rows): Float64Array {
  return rows[0].map((_, dim) => rows.reduce((sum, row) => sum + row[dim], 0) / rows.length);
}

/** Means of the members as they are, not scaled; zeros for a cluster without members. */
export function centroidsOf(rows: Rows, labels: readonly number[], clusters: number): Rows {
  return Array.from({ length: clusters }, (_, cluster) => {
    const members = rows.filter((_row, i) => labels[i] === cluster);
    return members.length > 0 ? meanOf(members) : new Float64Array(rows[0].length);
  });
}

export function sizesOf(labels: readonly number[], clusters: number): number[] {
  const sizes = new Array<number>(clusters).fill(0);
  for (const label of labels) sizes[label]++;
  return sizes;
}

/** S of each cluster, averaged over the queries: exp(q·C_k·scale) / Σ_j N_j exp(q·C_j·scale). 0 for a cluster without members. */
export function clusterScores(queries: Rows, centroids: Rows, sizes: readonly number[], scale: number): number[] {
  const mean = new Array<number>(centroids.length).fill(0);
  for (const query of queries) {
    const logits = centroids.map((centroid) => dot(query, centroid) * scale);
    const greatest = Math.max(...logits.filter((_, k) => sizes[k] > 0));
    let denominator = 0;
    logits.forEach((logit, k) => {
      if (sizes[k] > 0) denominator += sizes[k] * Math.exp(logit - greatest);
    });
    logits.forEach((logit, k) => {
      if (sizes[k] > 0) mean[k] += Math.exp(logit - greatest) / denominator / queries.length;
    });
  }
  return mean;
}

/** The same for a group of query heads that share their keys: summed. */
export function groupScores(group: readonly Rows[], centroids: Rows, sizes: readonly number[], scale: number): number[] {
  return group
    .map((queries) => clusterScores(queries, centroids, sizes, scale))
    .reduce((sum, scores) => sum.map((score, k) => score + scores[k]));
}

/** The quantile of all keys' scores, as NumPy interpolates it. */
export function quantile(keyScores: readonly number[], sparsity: number): number {
  const sorted = [...keyScores].sort((a, b) => a - b);
  const at = (sorted.length - 1) * sparsity;
  const [low, high] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]];
  return low + (high - low) * (at - Math.floor(at));
}

/** Every key has the score of its cluster. */
export function keyScores(labels: readonly number[], scores: readonly number[]): number[] {
  return labels.map((label) => scores[label]);
}

/** Keys whose cluster's score is greater than the threshold. */
export function keptKeys(labels: readonly number[], scores: readonly number[], threshold: number): number[] {
  return labels.flatMap((label, key) => (scores[label] > threshold ? [key] : []));
}

/**
 * Two levels: groups of clusters first; then the clusters, of which only keys in groups that were kept count, in the denominator too.
 * `groupLabels`: the group of each cluster.
 */
export function keptInTwoLevels(
  queries: readonly Rows[],
  labels: readonly number[],
  centroids: Rows,
  groupLabels: readonly number[],
  groups: number,
  thresholds: { readonly coarse: number; readonly fine: number },
  scale: number,
): number[] {
  const groupCentroids = centroidsOf(centroids, groupLabels, groups);
  const sizes = sizesOf(labels, centroids.length);
  const groupSizes = new Array<number>(groups).fill(0);
  sizes.forEach((size, cluster) => (groupSizes[groupLabels[cluster]] += size));
  const coarse = groupScores(queries, groupCentroids, groupSizes, scale);
  const left = sizes.map((size, cluster) => (coarse[groupLabels[cluster]] > thresholds.coarse ? size : 0));
  if (left.every((size) => size === 0)) return [];
  const fine = groupScores(queries, centroids, left, scale);
  return labels.flatMap((label, key) => (left[label] > 0 && fine[label] > thresholds.fine ? [key] : []));
}

export interface Attended {
  readonly output: Float64Array;
  readonly lse: number;
}

/** Exact attention of a query; `bias` is added to the logits. Over nothing: zeros, and −∞. */
export function attend(query: Float64Array, keys: Rows, values: Rows, scale: number, bias?: readonly number[]): Attended {
  const logits = keys.map((key, i) => dot(query, key) * scale + (bias?.[i] ?? 0));
  const greatest = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  const output = new Float64Array(query.length);
  if (greatest === -Infinity) return { output, lse: -Infinity };
  const weights = logits.map((logit) => Math.exp(logit - greatest));
  const sum = weights.reduce((a, b) => a + b, 0);
  weights.forEach((weight, i) => values[i].forEach((value, dim) => (output[dim] += (weight / sum) * value)));
  return { output, lse: greatest + Math.log(sum) };
}

/** Two parts of one attention. */
export function merge(a: Attended, b: Attended): Attended {
  if (a.lse === -Infinity) return b;
  if (b.lse === -Infinity) return a;
  const greatest = Math.max(a.lse, b.lse);
  const [x, y] = [Math.exp(a.lse - greatest), Math.exp(b.lse - greatest)];
  return { output: a.output.map((value, dim) => (value * x + b.output[dim] * y) / (x + y)), lse: greatest + Math.log(x + y) };
}

/** What clusters that were not retrieved add, from their means alone: N e^{q·C} V̄; with variances: log N + q·C·s + ½ Σ Var (q s)². */
export function estimateClusters(
  query: Float64Array,
  centroids: Rows,
  sizes: readonly number[],
  valueMeans: Rows,
  scale: number,
  variances?: Rows,
): Attended {
  const there = sizes.flatMap((size, cluster) => (size > 0 ? [cluster] : []));
  const bias = there.map((cluster) => {
    const spread = variances?.[cluster].reduce((sum, variance, dim) => sum + variance * (query[dim] * scale) ** 2, 0) ?? 0;
    return Math.log(sizes[cluster]) + spread / 2;
  });
  return attend(
    query,
    there.map((cluster) => centroids[cluster]),
    there.map((cluster) => valueMeans[cluster]),
    scale,
    bias,
  );
}

export function variancesOf(rows: Rows, labels: readonly number[], centroids: Rows): Rows {
  return centroids.map((mean, cluster) => {
    const members = rows.filter((_, i) => labels[i] === cluster);
    return mean.map((centre, dim) =>
      members.length > 0 ? members.reduce((sum, row) => sum + (row[dim] - centre) ** 2, 0) / members.length : 0,
    );
  });
}

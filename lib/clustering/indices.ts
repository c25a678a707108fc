/** How good labels are: by other labels (scikit-learn's definitions, natural logarithms), or by the points. */
import { invalidArgument, unexpected } from '../errors';
import { pointsOf, copyRow, type Vectors } from './matrix';

/** What labels say of each other. 1 is agreement; ARI and AMI are near 0 for labels by chance. */
export interface LabelAgreement {
  readonly adjustedRand: number;
  readonly adjustedMutualInformation: number;
  readonly normalizedMutualInformation: number;
  readonly homogeneity: number;
  readonly completeness: number;
  readonly vMeasure: number;
  /** Part of the points that are in their cluster's most frequent class. */
  readonly purity: number;
}

/** Compares clusters with classes, both as one label per point. Throws INVALID_ARGUMENT if they are not equally many, or none. */
export function compareLabels(classes: ArrayLike<number>, clusters: ArrayLike<number>): LabelAgreement {
  const count = classes.length;
  if (clusters.length !== count) throw unexpected('clusters', `${count} labels, as many as classes`, `${clusters.length} labels`);
  if (count === 0) throw unexpected('classes', 'at least one label', 'none');
  const [rows, columns] = [numbered(classes), numbered(clusters)];
  const rowSums = sumsOf(rows.labels, rows.count);
  const columnSums = sumsOf(columns.labels, columns.count);
  const cells = new Map<number, number>();
  for (let i = 0; i < count; i++) {
    const cell = rows.labels[i] * columns.count + columns.labels[i];
    cells.set(cell, (cells.get(cell) ?? 0) + 1);
  }
  let mutual = 0;
  const greatest = new Float64Array(columns.count);
  for (const [cell, n] of cells) {
    const [row, column] = [Math.floor(cell / columns.count), cell % columns.count];
    mutual += (n / count) * Math.log((n * count) / (rowSums[row] * columnSums[column]));
    greatest[column] = Math.max(greatest[column], n);
  }
  mutual = Math.max(0, mutual);
  const [rowEntropy, columnEntropy] = [entropy(rowSums, count), entropy(columnSums, count)];
  const trivial = rows.count === columns.count && (rows.count === 1 || rows.count === count);
  const mean = (rowEntropy + columnEntropy) / 2;
  const normalized = trivial ? 1 : mutual === 0 ? 0 : mutual / mean;
  const homogeneity = rowEntropy === 0 ? 1 : mutual / rowEntropy;
  const completeness = columnEntropy === 0 ? 1 : mutual / columnEntropy;
  return {
    adjustedRand: adjustedRand(cells.values(), rowSums, columnSums, count),
    adjustedMutualInformation: trivial ? 1 : adjusted(mutual, expectedMutual(rowSums, columnSums, count), mean),
    normalizedMutualInformation: normalized,
    homogeneity,
    completeness,
    vMeasure: homogeneity + completeness === 0 ? 0 : (2 * homogeneity * completeness) / (homogeneity + completeness),
    purity: greatest.reduce((sum, n) => sum + n, 0) / count,
  };
}

/** Labels as numbers from 0, in the order of their first appearance. */
function numbered(labels: ArrayLike<number>): { labels: Uint32Array; count: number } {
  const numbers = new Map<number, number>();
  const out = Uint32Array.from(labels, (label) => {
    if (!numbers.has(label)) numbers.set(label, numbers.size);
    return numbers.get(label)!;
  });
  return { labels: out, count: numbers.size };
}

function sumsOf(labels: Uint32Array, count: number): Float64Array {
  const sums = new Float64Array(count);
  for (const label of labels) sums[label]++;
  return sums;
}

function entropy(sums: Float64Array, count: number): number {
  return sums.length === 1 ? 0 : sums.reduce((total, n) => total - (n / count) * Math.log(n / count), 0);
}

function adjustedRand(cells: Iterable<number>, rows: Float64Array, columns: Float64Array, count: number): number {
  const pairs = (n: number): number => (n * (n - 1)) / 2;
  let together = 0;
  for (const n of cells) together += pairs(n);
  const inRows = rows.reduce((sum, n) => sum + pairs(n), 0);
  const inColumns = columns.reduce((sum, n) => sum + pairs(n), 0);
  const all = pairs(count);
  const expected = all === 0 ? 0 : (inRows * inColumns) / all;
  const most = (inRows + inColumns) / 2;
  return most === expected ? 1 : (together - expected) / (most - expected);
}

function adjusted(mutual: number, expected: number, mean: number): number {
  const difference = mean - expected;
  // Never zero, whichever side of it rounding falls on.
  const divisor = difference < 0 ? Math.min(difference, -Number.EPSILON) : Math.max(difference, Number.EPSILON);
  return (mutual - expected) / divisor;
}

/** Of random labels with the same sizes (Vinh, Epps & Bailey 2010). */
function expectedMutual(rows: Float64Array, columns: Float64Array, count: number): number {
  const logFactorials = new Float64Array(count + 1);
  for (let n = 2; n <= count; n++) logFactorials[n] = logFactorials[n - 1] + Math.log(n);
  const f = (n: number): number => logFactorials[n];
  let expected = 0;
  for (const a of rows) {
    for (const b of columns) {
      for (let n = Math.max(1, a + b - count); n <= Math.min(a, b); n++) {
        const probability = Math.exp(
          f(a) + f(b) + f(count - a) + f(count - b) - f(count) - f(n) - f(a - n) - f(b - n) - f(count - a - b + n),
        );
        expected += (n / count) * Math.log((count * n) / (a * b)) * probability;
      }
    }
  }
  return expected;
}

/**
 * The mean over all points of (b − a) / max(a, b): a is the mean distance to the others of the own cluster, b that to the nearest other cluster. Points alone
 * in their cluster count 0. Euclidean distances; time grows with the square of the points. Throws INVALID_ARGUMENT unless there are 2 … n − 1 clusters.
 */
export function silhouette(points: Vectors, labels: ArrayLike<number>): number {
  const { rows, dims, count, clusters, members } = labelled(points, labels);
  const sizes = sumsOf(members, clusters);
  let total = 0;
  const sums = new Float64Array(clusters);
  for (let i = 0; i < count; i++) {
    const own = members[i];
    if (sizes[own] === 1) continue;
    sums.fill(0);
    for (let j = 0; j < count; j++) sums[members[j]] += distance(rows, i, rows, j, dims);
    const a = sums[own] / (sizes[own] - 1);
    let b = Infinity;
    for (let c = 0; c < clusters; c++) if (c !== own) b = Math.min(b, sums[c] / sizes[c]);
    total += Math.max(a, b) > 0 ? (b - a) / Math.max(a, b) : 0;
  }
  return total / count;
}

/** The mean over clusters of the worst (spread + other spread) / distance of the means; less is better. Throws as {@link silhouette} does. */
export function daviesBouldin(points: Vectors, labels: ArrayLike<number>): number {
  const { rows, dims, count, clusters, members } = labelled(points, labels);
  const sizes = sumsOf(members, clusters);
  const means = new Float64Array(clusters * dims);
  for (let i = 0; i < count; i++) for (let k = 0; k < dims; k++) means[members[i] * dims + k] += rows[i * dims + k] / sizes[members[i]];
  const spreads = new Float64Array(clusters);
  for (let i = 0; i < count; i++) spreads[members[i]] += distance(rows, i, means, members[i], dims) / sizes[members[i]];
  let total = 0;
  for (let a = 0; a < clusters; a++) {
    let worst = 0;
    for (let b = 0; b < clusters; b++) {
      const apart = distance(means, a, means, b, dims);
      if (a !== b && apart > 0) worst = Math.max(worst, (spreads[a] + spreads[b]) / apart);
    }
    total += worst;
  }
  return total / clusters;
}

function labelled(points: Vectors, labels: ArrayLike<number>) {
  const array = pointsOf(points, 'points');
  const { count, dims } = array;
  if (labels.length !== count) throw unexpected('labels', `${count} labels, one per point`, `${labels.length} labels`);
  const { labels: members, count: clusters } = numbered(labels);
  if (clusters < 2 || clusters >= count) throw invalidArgument('labels', `2 to ${count - 1} different labels`, clusters);
  const rows = new Float32Array(count * dims);
  for (let i = 0; i < count; i++) copyRow(array, i, rows, i * dims);
  if (!rows.every(Number.isFinite)) throw unexpected('points', 'finite numbers', 'others');
  return { rows, dims, count, clusters, members };
}

function distance(left: ArrayLike<number>, i: number, right: ArrayLike<number>, j: number, dims: number): number {
  let square = 0;
  for (let k = 0; k < dims; k++) square += (left[i * dims + k] - right[j * dims + k]) ** 2;
  return Math.sqrt(square);
}

/** How good labels are, by other labels: scikit-learn's definitions, natural logarithms. */
import { listOf, objectOf } from '../arguments';
import { unexpected } from '../errors';
import { runSteps, runStepsInBackground, type Steps } from './steps';

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
  return runSteps(comparing(classes, clusters), null);
}

/** The same with time for other work in between: for many points in many clusters. Rejects with ABORTED besides. */
export async function compareLabelsAsync(
  classes: ArrayLike<number>,
  clusters: ArrayLike<number>,
  control: { readonly signal?: AbortSignal } = {},
): Promise<LabelAgreement> {
  return runStepsInBackground(comparing(classes, clusters), null, objectOf(control, 'control').signal);
}

/** Labels between two pauses. */
const SLICE = 1 << 14;

function* comparing(classes: ArrayLike<number>, clusters: ArrayLike<number>): Steps<LabelAgreement> {
  const count = listOf(classes, 'classes').length;
  if (listOf(clusters, 'clusters').length !== count)
    throw unexpected('clusters', `${count} labels, as many as classes`, `${clusters.length} labels`);
  if (count === 0) throw unexpected('classes', 'at least one label', 'none');
  const [rows, columns] = [yield* numbering(classes), yield* numbering(clusters)];
  if (columns.labels.length !== count) throw unexpected('clusters', `${count} labels, as before`, `${columns.labels.length}`);
  const rowSums = sumsOf(rows.labels, rows.count);
  const columnSums = sumsOf(columns.labels, columns.count);
  const cells = new Map<number, number>();
  for (let i = 0; i < count; i++) {
    const cell = rows.labels[i] * columns.count + columns.labels[i];
    cells.set(cell, (cells.get(cell) ?? 0) + 1);
    if (i % SLICE === SLICE - 1) yield null;
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
  // Rounding may lead beyond 1.
  const homogeneity = rowEntropy === 0 ? 1 : Math.min(1, mutual / rowEntropy);
  const completeness = columnEntropy === 0 ? 1 : Math.min(1, mutual / columnEntropy);
  return {
    adjustedRand: adjustedRand(cells.values(), rowSums, columnSums, count),
    adjustedMutualInformation: trivial ? 1 : adjusted(mutual, yield* expectedMutual(rowSums, columnSums, count), mean),
    normalizedMutualInformation: normalized,
    homogeneity,
    completeness,
    vMeasure: homogeneity + completeness === 0 ? 0 : (2 * homogeneity * completeness) / (homogeneity + completeness),
    purity: greatest.reduce((sum, n) => sum + n, 0) / count,
  };
}

/** Labels as numbers from 0, in the order of their first appearance. */
export function* numbering(labels: ArrayLike<number>): Steps<{ labels: Uint32Array; count: number }> {
  const numbers = new Map<number, number>();
  const out = new Uint32Array(labels.length);
  for (let i = 0; i < labels.length; i++) {
    // Read once: whoever shares its memory may change it, and kernels rely on numbers below the count.
    const label = labels[i];
    let number = numbers.get(label);
    if (number === undefined) numbers.set(label, (number = numbers.size));
    out[i] = number;
    if (i % SLICE === SLICE - 1) yield null;
  }
  if (labels.length !== out.length) throw unexpected('labels', `${out.length}, as before`, `${labels.length}`);
  return { labels: out, count: numbers.size };
}

export function sumsOf(labels: Uint32Array, count: number): Float64Array {
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

/**
 * Of random labels with the same sizes (Vinh, Epps & Bailey 2010). Sizes that occur several times count as often; and of how many points two clusters may share only those numbers are looked at whose probability is not
 * negligible beside the most probable one's, each from its neighbour's.
 */
function* expectedMutual(rows: Float64Array, columns: Float64Array, count: number): Steps<number> {
  const logs = new Float64Array(count + 1);
  const logFactorials = new Float64Array(count + 1);
  for (let n = 2; n <= count; n++) {
    logs[n] = Math.log(n);
    logFactorials[n] = logFactorials[n - 1] + logs[n];
    if (n % SLICE === 0) yield null;
  }
  const [ofRows, ofColumns] = [frequencies(rows), frequencies(columns)];
  let expected = 0;
  for (const [a, times] of ofRows) {
    for (const [b, more] of ofColumns) {
      expected += times * more * expectedOfPair(a, b, count, logs, logFactorials);
      yield null;
    }
  }
  return expected;
}

/** How often each size occurs. */
function frequencies(sizes: Float64Array): Map<number, number> {
  const times = new Map<number, number>();
  for (const size of sizes) times.set(size, (times.get(size) ?? 0) + 1);
  return times;
}

/** What is less than this part of the greatest probability changes no digit of the sum. */
const NEGLIGIBLE = 1e-25;

/** The part of a cluster of `a` and a class of `b` points: what n shared points add, times their hypergeometric probability. */
function expectedOfPair(a: number, b: number, count: number, logs: Float64Array, logFactorials: Float64Array): number {
  const [least, most] = [Math.max(1, a + b - count), Math.min(a, b)];
  const mode = Math.min(most, Math.max(least, Math.floor(((a + 1) * (b + 1)) / (count + 2))));
  const f = logFactorials;
  const greatest = Math.exp(
    f[a] + f[b] + f[count - a] + f[count - b] - f[count] - f[mode] - f[a - mode] - f[b - mode] - f[count - a - b + mode],
  );
  const limit = greatest * NEGLIGIBLE;
  const shift = logs[count] - logs[a] - logs[b];
  const rest = count - a - b;
  let sum = 0;
  for (let n = mode, probability = greatest; n <= most && probability > limit; n++) {
    sum += n * (logs[n] + shift) * probability;
    probability *= ((a - n) * (b - n)) / ((n + 1) * (rest + n + 1));
  }
  for (let n = mode - 1, probability = greatest; n >= least; n--) {
    probability *= ((n + 1) * (rest + n + 1)) / ((a - n) * (b - n));
    if (probability <= limit) break;
    sum += n * (logs[n] + shift) * probability;
  }
  return sum / count;
}

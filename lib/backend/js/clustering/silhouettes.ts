/** Silhouettes: how much nearer points are to their own cluster than to the nearest other one. */
import type { ClusteringControl, SilhouetteSpec, SilhouetteWidths } from '../../clustering-kernels';
import { distanceBetween } from './distance-between';
import { atOnce, inTurns } from '../turns';

/** Greater distances would overflow when added. */
const LIMIT = 1e100;
/** Points whose distances are summed at a time. */
const POINTS = 16;
/** Numbers that are checked between two turns. */
const AT_A_TIME = 1 << 17;

export function silhouettes(spec: SilhouetteSpec, out: SilhouetteWidths): void {
  atOnce(measuring(spec, out));
}

export function silhouettesAsync(spec: SilhouetteSpec, out: SilhouetteWidths, { signal, onProgress }: ClusteringControl): Promise<void> {
  return inTurns(measuring(spec, out, onProgress), signal);
}

function* measuring(
  spec: SilhouetteSpec,
  { widths, unfit }: SilhouetteWidths,
  onProgress?: ClusteringControl['onProgress'],
): Generator<void, void, void> {
  const { values, dims, labels, clusters } = spec;
  unfit[0] = yield* firstUnfit(spec);
  if (unfit[0] >= 0) return;
  const sizes = new Float64Array(clusters);
  for (const label of labels) sizes[label]++;
  const distance = dims > 0 ? (i: number, j: number) => distanceBetween(values, i, values, j, dims) : distancesOf(spec);
  for (let first = 0; first < labels.length; first += POINTS) {
    const some = Math.min(POINTS, labels.length - first);
    const sums = new Float64Array(some * clusters);
    for (let other = 0; other < labels.length; other++) {
      for (let i = 0; i < some; i++) sums[i * clusters + labels[other]] += distance(first + i, other);
      if (other % POINTS === 0) yield;
    }
    for (let i = 0; i < some; i++) {
      widths[first + i] = widthOf(sums.subarray(i * clusters, (i + 1) * clusters), labels[first + i], sizes);
    }
    onProgress?.(first + some, 0);
  }
}

function* firstUnfit({ values, dims }: SilhouetteSpec): Generator<void, number, void> {
  for (let i = 0; i < values.length; i++) {
    if (dims > 0 ? !Number.isFinite(values[i]) : !(values[i] >= 0 && values[i] < LIMIT)) return dims > 0 ? Math.floor(i / dims) : i;
    if (i % AT_A_TIME === AT_A_TIME - 1) yield;
  }
  return -1;
}

function distancesOf({ values, labels: { length: points } }: SilhouetteSpec): (i: number, j: number) => number {
  if (values.length === points * points) return (i, j) => values[i * points + j];
  const place = (i: number, j: number): number => points * i - (i * (i + 1)) / 2 - i - 1 + j;
  return (i, j) => (i === j ? 0 : values[i < j ? place(i, j) : place(j, i)]);
}

/** Of one point, by the sums of its distances to each cluster's members. */
function widthOf(sums: Float64Array, own: number, sizes: Float64Array): number {
  if (sizes[own] === 1) return 0;
  const a = sums[own] / (sizes[own] - 1);
  let b = Infinity;
  for (let c = 0; c < sums.length; c++) if (c !== own) b = Math.min(b, sums[c] / sizes[c]);
  return Math.max(a, b) > 0 ? (b - a) / Math.max(a, b) : 0;
}

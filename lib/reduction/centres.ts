/** Operators that choose tokens as centres: DPC-KNN, VisionZip. */
import type { Steps } from '../clustering/steps';
import { greatest } from '../backend/js/reduction/greatest';
import { planOfMeans, type Plan, type TokenRows } from './plan';

/** Density peaks (Rodriguez & Laio 2014) with density from k nearest neighbours (Du et al. 2016). */
export function* dpcKnn({ data, count, width }: TokenRows, weights: Float32Array, clusters: number, neighbours: number): Steps<Plan> {
  const [peaks, source, greatest] = [new Uint32Array(clusters), new Uint32Array(count), new Float32Array(1)];
  yield (kernels) => kernels.densityPeaks(data, width, neighbours, peaks, source, greatest);
  return { ...planOfMeans(source, clusters, weights), greatest: greatest[0] };
}

/**
 * The `dominant` tokens of the greatest attention stay; of the others, in order, every ⌊n / contextual⌋-th is a target, the rest join the most similar target
 * by `metric`. A target's value is its own plus the mean of those that joined.
 */
export function* visionZip(metric: TokenRows, attention: Float32Array, dominant: number, contextual: number): Steps<Plan> {
  const { count, width } = metric;
  const stays = new Uint8Array(count);
  for (const token of greatest(attention, dominant)) stays[token] = 1;
  const kept = new Uint32Array(dominant + contextual);
  const joining = new Uint32Array(count - kept.length);
  const step = Math.floor((count - dominant) / Math.max(1, contextual));
  let [staying, targets, others] = [0, 0, 0];
  for (let token = 0; token < count; token++) {
    if (stays[token] === 1) kept[staying++] = token;
    else if (targets < contextual && targets * step === targets + others) kept[dominant + targets++] = token;
    else joining[others++] = token;
  }
  const columns = new Uint32Array(joining.length);
  if (contextual > 0 && joining.length > 0) {
    const [left, right] = [joining, kept.subarray(dominant)].map((rows) => ({ values: metric.data, rows }));
    yield (kernels) => kernels.nearestRows(left, right, width, 'cosine', columns, null);
  }
  const source = new Uint32Array(count);
  for (let i = 0; i < kept.length; i++) source[kept[i]] = i;
  const joined = new Float64Array(kept.length);
  for (let i = 0; i < joining.length; i++) joined[(source[joining[i]] = dominant + columns[i])]++;
  // A token that is kept counts as much as all that joined it together: its part of that many is 1, theirs are those of their mean.
  const [masses, weights] = [joined.map((others) => Math.max(1, others)), new Float32Array(count).fill(1)];
  for (let i = 0; i < kept.length; i++) weights[kept[i]] = masses[i];
  return {
    ...planOfMeans(source, kept.length, new Float32Array(count).fill(1)),
    *merge(values, valueWidth, out, greatest) {
      yield (kernels) => kernels.groupMeans(source, weights, masses, values, valueWidth, 'mean', out, greatest);
    },
  };
}

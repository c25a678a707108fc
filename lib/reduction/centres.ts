/** Operators that choose tokens as centres: DPC-KNN, VisionZip. */
import { descending } from '../backend/js/reduction/descending';
import { membersOf } from '../clustering/members';
import type { Steps } from '../clustering/steps';
import { planOfMeans, type Plan, type TokenRows } from './plan';

/** Density peaks (Rodriguez & Laio 2014) with density from k nearest neighbours (Du et al. 2016). */
export function* dpcKnn({ data, count, width }: TokenRows, weights: Float32Array, clusters: number, neighbours: number): Steps<Plan> {
  const [peaks, source] = [new Uint32Array(clusters), new Uint32Array(count)];
  yield (kernels) => kernels.densityPeaks(data, width, neighbours, peaks, source);
  return planOfMeans(source, clusters, weights);
}

/**
 * The `dominant` tokens of the greatest attention stay; of the others, in order, every ⌊n / contextual⌋-th is a target, the rest join the most similar target
 * by `metric`. A target's value is its own plus the mean of those that joined.
 */
export function* visionZip(metric: TokenRows, attention: ArrayLike<number>, dominant: number, contextual: number): Steps<Plan> {
  const { count, width } = metric;
  const stays = new Uint8Array(count);
  for (const token of descending(attention).subarray(0, dominant)) stays[token] = 1;
  const all = Uint32Array.from({ length: count }, (_, i) => i);
  const rest = all.filter((token) => stays[token] === 0);
  const step = Math.floor(rest.length / Math.max(1, contextual));
  const targets = Uint32Array.from({ length: contextual }, (_, i) => rest[i * step]);
  const isTarget = new Uint8Array(count);
  for (const token of targets) isTarget[token] = 1;
  const joining = rest.filter((token) => isTarget[token] === 0);
  const columns = new Uint32Array(joining.length);
  if (contextual > 0 && joining.length > 0) {
    const [left, right] = [joining, targets].map((rows) => ({ values: metric.data, rows }));
    yield (kernels) => kernels.nearestRows(left, right, width, 'cosine', columns, new Float32Array(joining.length));
  }
  const source = new Uint32Array(count);
  all.filter((token) => stays[token] === 1).forEach((token, i) => (source[token] = i));
  targets.forEach((token, i) => (source[token] = dominant + i));
  joining.forEach((token, i) => (source[token] = dominant + columns[i]));
  const plan = planOfMeans(source, dominant + contextual, new Float32Array(count).fill(1));
  const kept = Uint32Array.from([...all.filter((token) => stays[token] === 1), ...targets]);
  const joined = new Float64Array(plan.count);
  for (const token of joining) joined[source[token]]++;
  const { values: members, offsets } = membersOf(source, plan.count);
  const shares = Float32Array.from(members, (token) => (kept[source[token]] === token ? 1 : 1 / joined[source[token]]));
  return {
    ...plan,
    *merge(values, valueWidth, out) {
      yield (kernels) => kernels.combineRows({ offsets, columns: members }, shares, values, valueWidth, out);
    },
  };
}

/** Operators that choose tokens as centres: DPC-KNN, k-medoids, VisionZip. */
import { membersOf } from '../clustering/members';
import type { Steps } from '../clustering/steps';
import { descending } from './matching';
import { gather, gathering, lengthOf, planOfMeans, unitRows, type Plan, type TokenRows } from './plan';

const ROWS = 256;

/** Calls `visit` with each row of squared Euclidean distances, from the first to the last; the row is valid during the call. */
export function* eachRowOfSquares({ data, count, width }: TokenRows, visit: (row: number, squares: Float32Array) => void): Steps<void> {
  const norms = Float64Array.from({ length: count }, (_, i) => lengthOf(data, i, width) ** 2);
  for (let first = 0; first < count; first += ROWS) {
    const rows = data.subarray(first * width, Math.min(count, first + ROWS) * width);
    const products = new Float32Array((rows.length / width) * count);
    yield (kernels) => kernels.products(rows, data, width, products);
    for (let i = 0; i * width < rows.length; i++) {
      const row = products.subarray(i * count, (i + 1) * count);
      for (let j = 0; j < count; j++) row[j] = first + i === j ? 0 : Math.max(0, norms[first + i] + norms[j] - 2 * row[j]);
      visit(first + i, row);
      yield null;
    }
  }
}

/** Density peaks (Rodriguez & Laio 2014) with density from k nearest neighbours (Du et al. 2016); distances are divided by the root of the width. */
export function* dpcKnn(tokens: TokenRows, weights: Float32Array, clusters: number, neighbours: number): Steps<Plan> {
  const { data, count, width } = tokens;
  // Of equal densities the first token counts as the denser one.
  const density = yield* densities(tokens, neighbours);
  const order = descending(density);
  const squares = new Float32Array(count);
  yield (kernels) => kernels.nearestBefore({ values: data, rows: order }, width, squares);
  // The densest token is as far from a denser one as tokens can be, and so always a centre.
  const scores = new Float64Array(count);
  for (let i = 0; i < count; i++) scores[order[i]] = density[order[i]] * Math.sqrt(squares[i] / width);
  scores[order[0]] = Infinity;
  const centres = descending(scores).slice(0, clusters).sort();
  return planOfMeans(yield* nearestOf(tokens, centres, 'euclidean'), clusters, weights);
}

/** exp(−mean squared distance of the nearest tokens / width), the token itself included. */
function* densities({ data, count, width }: TokenRows, neighbours: number): Steps<Float64Array> {
  const columns = new Uint32Array(count * neighbours);
  const squares = new Float32Array(count * neighbours);
  yield (kernels) => kernels.fewNearest(data, data, width, neighbours, columns, squares);
  const density = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    let sum = 0;
    for (let at = i * neighbours; at < (i + 1) * neighbours; at++) if (columns[at] !== i) sum += squares[at];
    density[i] = Math.exp(-sum / neighbours / width);
  }
  return density;
}

/** For each token the number of its nearest centre; a centre is its own. */
function* nearestOf({ data, count, width }: TokenRows, centres: Uint32Array, distance: 'euclidean' | 'cosine'): Steps<Uint32Array> {
  const source = new Uint32Array(count);
  const [left, right] = [null, centres].map((rows) => ({ values: data, rows }));
  yield (kernels) => kernels.nearestRows(left, right, width, distance, source, new Float32Array(count));
  centres.forEach((token, c) => (source[token] = c));
  return source;
}

/** Deterministic k-medoids (CenterCLIP): begins with the longest token and those farthest from what is chosen; the medoids are the reduced tokens, in order. */
export function* kMedoids(tokens: TokenRows, clusters: number, distance: 'euclidean' | 'cosine', maxIterations: number): Steps<Plan> {
  const { count } = tokens;
  const points = distance === 'cosine' ? { ...tokens, data: unitRows(tokens) } : tokens;
  const distances = new Distances(points, distance);
  let medoids = yield* farthestFirst(tokens, clusters, distances);
  for (let iteration = 0; iteration < maxIterations; iteration++) {
    const { values, offsets } = membersOf(yield* nearestOf(points, medoids, distance), clusters);
    const moved = new Uint32Array(clusters);
    for (let c = 0; c < clusters; c++) moved[c] = yield* distances.medoid(values.subarray(offsets[c], offsets[c + 1]));
    const same = moved.every((token, c) => token === medoids[c]);
    medoids = moved;
    if (same) break;
  }
  medoids.sort();
  const plan = planOfMeans(yield* nearestOf(points, medoids, distance), clusters, new Float32Array(count).fill(1));
  return { ...plan, merge: (values, valueWidth, out) => gathering(values, valueWidth, medoids, out) };
}

/** Distances between some tokens. */
class Distances {
  private readonly squares: Float64Array;

  constructor(
    private readonly points: TokenRows,
    private readonly distance: 'euclidean' | 'cosine',
  ) {
    this.squares = Float64Array.from({ length: points.count }, (_, i) => lengthOf(points.data, i, points.width) ** 2);
  }

  /** From all tokens to one. */
  *to(token: number): Steps<Float32Array> {
    const { data, count, width } = this.points;
    const out = new Float32Array(count);
    yield (kernels) => kernels.products(data, data.subarray(token * width, (token + 1) * width), width, out);
    for (let i = 0; i < count; i++) out[i] = this.of(i, token, out[i]);
    return out;
  }

  /** The member with the least sum of distances to the others, of equal ones the first. */
  *medoid(members: Uint32Array): Steps<number> {
    const { data, width } = this.points;
    const rows = gather(data, width, members);
    const products = new Float32Array(members.length ** 2);
    yield (kernels) => kernels.products(rows, rows, width, products);
    let best = 0;
    let least = Infinity;
    for (let i = 0, at = 0; i < members.length; i++) {
      let sum = 0;
      for (let j = 0; j < members.length; j++, at++) sum += this.of(members[i], members[j], products[at]);
      if (sum < least) [best, least] = [i, sum];
      yield null;
    }
    return members[best];
  }

  private of(a: number, b: number, product: number): number {
    if (a === b) return 0;
    return this.distance === 'cosine' ? 1 - product : Math.sqrt(Math.max(0, this.squares[a] + this.squares[b] - 2 * product));
  }
}

function* farthestFirst({ data, count, width }: TokenRows, clusters: number, between: Distances): Steps<Uint32Array> {
  const chosen = new Uint32Array(clusters);
  let longest = 0;
  for (let i = 1; i < count; i++) if (lengthOf(data, i, width) > lengthOf(data, longest, width)) longest = i;
  chosen[0] = longest;
  const nearest = new Float32Array(count).fill(Infinity);
  for (let c = 1; c < clusters; c++) {
    const distances = yield* between.to(chosen[c - 1]);
    // A token that is chosen is not chosen again, not even where all others are equal to one.
    nearest[chosen[c - 1]] = -1;
    let best = 0;
    for (let i = 0; i < count; i++) {
      if (distances[i] < nearest[i]) nearest[i] = distances[i];
      if (nearest[i] > nearest[best]) best = i;
    }
    chosen[c] = best;
  }
  return chosen;
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
  const weights = new Float32Array(count).fill(1);
  const plan = planOfMeans(source, dominant + contextual, weights);
  const kept = Uint32Array.from([...all.filter((token) => stays[token] === 1), ...targets]);
  const merge = function* (values: Float32Array, valueWidth: number, out: Float32Array): Steps<void> {
    yield* gathering(values, valueWidth, kept, out);
    const counts = new Float64Array(plan.count);
    for (const token of joining) counts[source[token]]++;
    for (const token of joining) {
      const to = source[token];
      for (let k = 0; k < valueWidth; k++) out[to * valueWidth + k] += values[token * valueWidth + k] / counts[to];
      yield null;
    }
  };
  return { ...plan, merge };
}

/** Tokens that stand for others: deterministic k-medoids (Zhao et al. 2022, CenterCLIP). */
import { lengthOf } from '../backend/js/reduction/combinations';
import { membersOf } from '../clustering/members';
import type { Steps } from '../clustering/steps';
import { DistancesOnDemand, StoredDistances, type DistanceKind, type Distances } from './distances';
import { gathering, lengthsOf, planOfMeans, scaledRows, type Plan, type TokenRows } from './plan';

/** Up to so many tokens, all their distances are in memory (16 MB). */
const MOST_STORED = 2048;

export interface MedoidTask {
  readonly clusters: number;
  readonly distance: DistanceKind;
  readonly maxIterations: number;
}

/** Begins with the longest token and those farthest from what is chosen; the medoids are the reduced tokens, in order. `weights` only add up to sizes. */
export function* kMedoids(tokens: TokenRows, weights: Float32Array, { clusters, distance, maxIterations }: MedoidTask): Steps<Plan> {
  const { count } = tokens;
  const points = distance === 'cosine' ? { ...tokens, data: yield* scaledRows(tokens) } : tokens;
  const distances = count <= MOST_STORED ? yield* StoredDistances.of(points, distance) : new DistancesOnDemand(points, distance);
  let medoids = yield* farthestFirst(tokens, clusters, distances);
  for (let iteration = 0; iteration < maxIterations; iteration++) {
    const { values, offsets } = membersOf(yield* nearest(distances, medoids), clusters);
    const moved = new Uint32Array(clusters);
    for (let c = 0; c < clusters; c++) moved[c] = yield* distances.medoid(values.subarray(offsets[c], offsets[c + 1]));
    const same = moved.every((token, c) => token === medoids[c]);
    medoids = moved;
    if (same) break;
  }
  medoids.sort();
  const plan = planOfMeans(yield* nearest(distances, medoids), clusters, weights);
  return { ...plan, merge: (values, valueWidth, out) => gathering(values, valueWidth, medoids, out) };
}

/** For each token the number of its nearest medoid; a medoid is its own. */
function* nearest(distances: Distances, medoids: Uint32Array): Steps<Uint32Array> {
  const source = yield* distances.nearest(medoids);
  medoids.forEach((token, c) => (source[token] = c));
  return source;
}

function* farthestFirst(tokens: TokenRows, clusters: number, between: Distances): Steps<Uint32Array> {
  const chosen = new Uint32Array(clusters);
  chosen[0] = yield* longestOf(tokens);
  const apart = new Float32Array(tokens.count).fill(Infinity);
  for (let c = 1; c < clusters; c++) {
    const distances = yield* between.to(chosen[c - 1]);
    // A token that is chosen is not chosen again, not even where all others are equal to one.
    apart[chosen[c - 1]] = -1;
    chosen[c] = farthest(apart, distances);
    yield null;
  }
  return chosen;
}

function* longestOf({ data, count, width }: TokenRows): Steps<number> {
  const lengths = yield* lengthsOf(data, count, width);
  // Those that rounding may have made shorter than they are are measured anew.
  const least = lengths.reduce((greatest, length) => Math.max(greatest, length), 0) * (1 - width * 2 ** -22);
  let [longest, most] = [0, -1];
  for (let i = 0; i < count; i++) {
    if (lengths[i] < least) continue;
    const length = lengthOf(data, i, width);
    if (length > most) [longest, most] = [i, length];
  }
  return longest;
}

/** Lowers distances to those of a token that is chosen as well; gives the token that is farthest then. */
function farthest(apart: Float32Array, distances: Float32Array): number {
  let best = 0;
  let most = -Infinity;
  for (let i = 0; i < apart.length; i++) {
    if (distances[i] < apart[i]) apart[i] = distances[i];
    if (apart[i] > most) {
      most = apart[i];
      best = i;
    }
  }
  return best;
}

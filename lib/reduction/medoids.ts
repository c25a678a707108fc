/** Tokens that stand for others: deterministic k-medoids (Zhao et al. 2022, CenterCLIP). */
import { lengthOf } from '../backend/js/reduction/combinations';
import { medoidSteps } from '../backend/js/reduction/medoids';
import { MOST_MAGNITUDE, MOST_MEDOID_ROWS } from '../backend/reduction-kernels';
import type { Step, Steps } from '../clustering/steps';
import { DirectDistances } from './direct-distances';
import { DistancesOnDemand, type DistanceKind } from './distances';
import { LineDistances } from './line-distances';
import { gathering, lengthsOf, planOfMeans, scaledRows, type Plan, type TokenRows } from './plan';

export interface MedoidTask {
  readonly clusters: number;
  readonly distance: DistanceKind;
  readonly maxIterations: number;
}

/** Begins with the longest token and those farthest from what is chosen; the medoids are the reduced tokens, in order. `weights` only add up to sizes. */
export function* kMedoids(given: TokenRows, weights: Float32Array, { clusters, distance, maxIterations }: MedoidTask): Steps<Plan> {
  const tokens = distance === 'cosine' ? yield* withDirections(given) : given;
  const { data, count, width } = tokens;
  const [medoids, source, greatest] = [new Uint32Array(clusters), new Uint32Array(count), new Float32Array(1)];
  const onALine = width === 1 && distance === 'euclidean';
  if (!onALine && count <= MOST_MEDOID_ROWS) {
    yield (kernels) => kernels.findMedoids(data, width, distance, maxIterations, medoids, source, greatest);
  } else {
    yield (kernels) => kernels.greatestMagnitude(data, greatest);
    if (greatest[0] < MOST_MAGNITUDE) {
      const distances = onALine ? new LineDistances(data) : new DistancesOnDemand(yield* pointsOf(tokens, distance), distance);
      yield* medoidSteps<NonNullable<Step>>(distances, yield* longestOf(tokens), maxIterations, medoids, source);
    }
  }
  return { ...planOfMedoids(medoids, source, weights), greatest: greatest[0] };
}

/** The same by Euclidean distances in double precision, on every backend: of rows of few numbers. */
export function* kMedoidsDirectly(rows: TokenRows, weights: Float32Array, clusters: number, maxIterations: number): Steps<Plan> {
  const [medoids, source] = [new Uint32Array(clusters), new Uint32Array(rows.count)];
  yield* medoidSteps<NonNullable<Step>>(new DirectDistances(rows), yield* longestOf(rows), maxIterations, medoids, source);
  return planOfMedoids(medoids, source, weights);
}

function planOfMedoids(medoids: Uint32Array, source: Uint32Array, weights: Float32Array): Plan {
  return {
    ...planOfMeans(source, medoids.length, weights),
    merge: (values, valueWidth, out) => gathering(values, valueWidth, medoids, out),
  };
}

/** Shorter than tokens are, and long enough to have a direction. */
const SHORT = 2 ** -100;

/** Tokens of zeros have no direction, but the cosine of 0 with all others. They get a direction of their own, by one number more that only they have; where there are none tokens stay as they are. */
function* withDirections(tokens: TokenRows): Steps<TokenRows> {
  const { data, count, width } = tokens;
  const zeros: number[] = [];
  for (let token = 0; token < count; token++) {
    let at = token * width;
    while (at < (token + 1) * width && data[at] === 0) at++;
    if (at === (token + 1) * width) zeros.push(token);
    if (token % 1024 === 0) yield null;
  }
  if (zeros.length === 0) return tokens;
  const wider = new Float32Array(count * (width + 1));
  for (let token = 0; token < count; token++) wider.set(data.subarray(token * width, (token + 1) * width), token * (width + 1));
  for (const token of zeros) wider[token * (width + 1) + width] = SHORT;
  return { data: wider, count, width: width + 1 };
}

function* pointsOf(tokens: TokenRows, distance: DistanceKind): Steps<TokenRows> {
  return distance === 'cosine' ? { ...tokens, data: yield* scaledRows(tokens) } : tokens;
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

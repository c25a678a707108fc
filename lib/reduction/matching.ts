/** Operators that match tokens in pairs: ToMe, its variants on a grid, ToFu, threshold merging, PiToMe. */
import { descending } from '../backend/js/reduction/descending';
import { RandomStream } from '../clustering/random';
import type { Steps } from '../clustering/steps';
import { everyPlace, greatest } from './greatest';
import { planOfMeans, sourceOf, type Plan, type TokenRows } from './plan';

export interface MatchingTask {
  readonly metric: TokenRows;
  readonly weights: Float32Array;
  /** Per token: 1 if it is left alone. */
  readonly protected: Uint8Array;
}

/** The candidates' most similar destinations, and the cosines with them where there is room for these. */
function* match(
  { metric: { data, width } }: MatchingTask,
  candidates: Uint32Array,
  destinations: Uint32Array,
  cosines: Float32Array | null,
): Steps<Uint32Array> {
  const columns = new Uint32Array(candidates.length);
  if (candidates.length > 0 && destinations.length > 0) {
    const [left, right] = [candidates, destinations].map((rows) => ({ values: data, rows }));
    yield (kernels) => kernels.nearestRows(left, right, width, 'cosine', columns, cosines);
  }
  const to = new Uint32Array(candidates.length);
  for (let i = 0; i < to.length; i++) to[i] = destinations[columns[i]];
  return to;
}

/** `chosen` candidates each go to their own destination. */
interface Pairs {
  readonly candidates: Uint32Array;
  readonly to: Uint32Array;
  readonly chosen: Uint32Array;
}

function merged(
  { metric: { count }, weights }: MatchingTask,
  { candidates, to, chosen }: Pairs,
  lengths: 'mean' | 'greatest' = 'mean',
): Plan {
  const into = new Int32Array(count).fill(-1);
  for (let at = 0; at < chosen.length; at++) into[candidates[chosen[at]]] = to[chosen[at]];
  const { source, kept } = sourceOf(count, into);
  return planOfMeans(source, kept, weights, lengths);
}

function atLeast(values: Float32Array, threshold: number): Uint32Array {
  const chosen = new Uint32Array(values.length);
  let size = 0;
  for (let i = 0; i < values.length; i++) if (values[i] >= threshold) chosen[size++] = i;
  return chosen.subarray(0, size);
}

function places(count: number, accept: (place: number) => boolean): Uint32Array {
  const accepted = new Uint32Array(count);
  let size = 0;
  for (let i = 0; i < count; i++) if (accept(i)) accepted[size++] = i;
  return accepted.subarray(0, size);
}

/** Tokens that are free: those that are no destinations, and those that are. */
function parted(isDestination: Uint8Array, isProtected: Uint8Array): [Uint32Array, Uint32Array] {
  const parts = [new Uint32Array(isDestination.length), new Uint32Array(isDestination.length)];
  const sizes = [0, 0];
  for (let i = 0; i < isDestination.length; i++) {
    const part = isDestination[i];
    if (isProtected[i] === 0) parts[part][sizes[part]++] = i;
  }
  return [parts[0].subarray(0, sizes[0]), parts[1].subarray(0, sizes[1])];
}

/** Tokens that are no destinations join the most similar one that is: the `remove` most similar pairs, or all at least as similar as `threshold`. */
export function* tome(
  task: MatchingTask,
  isDestination: Uint8Array,
  most: { readonly remove: number } | { readonly threshold: number },
  lengths: 'mean' | 'greatest',
): Steps<Plan> {
  const [candidates, destinations] = parted(isDestination, task.protected);
  // Where all are taken, it does not matter how similar they are.
  const cosines = 'remove' in most && most.remove === candidates.length ? null : new Float32Array(candidates.length);
  const to = yield* match(task, candidates, destinations, cosines);
  if (destinations.length === 0) return merged(task, { candidates, to, chosen: new Uint32Array(0) }, lengths);
  const chosen =
    cosines === null
      ? everyPlace(candidates.length)
      : 'threshold' in most
        ? atLeast(cosines, most.threshold)
        : greatest(cosines, most.remove);
  return merged(task, { candidates, to, chosen }, lengths);
}

/** How many tokens `tome` can take away at most. */
export function mostPairs(isDestination: Uint8Array, protectedTokens: Uint8Array): number {
  const counts = [0, 0];
  protectedTokens.forEach((isProtected, i) => {
    if (!isProtected) counts[isDestination[i]]++;
  });
  return counts[1] > 0 ? counts[0] : 0;
}

/** One of `every` tokens: the last of each group, or one at a random place of it. */
export function lineDestinations(count: number, every: number, seed: number | undefined): Uint8Array {
  const random = seed === undefined ? null : new RandomStream(seed);
  const isDestination = new Uint8Array(count);
  for (let first = 0; first < count; first += every) {
    const place = first + (random === null ? every - 1 : random.below(every));
    if (place < count) isDestination[place] = 1;
  }
  return isDestination;
}

/** One of each whole cell: what is left of the grid below and to the right of them has none, as in tomesd. */
export function gridDestinations(
  [rows, columns]: readonly [number, number],
  [height, width]: readonly [number, number],
  seed: number | undefined,
): Uint8Array {
  const random = seed === undefined ? null : new RandomStream(seed);
  const isDestination = new Uint8Array(rows * columns);
  for (let y = 0; y + height <= rows; y += height) {
    for (let x = 0; x + width <= columns; x += width) {
      const dy = random === null ? 0 : random.below(height);
      const dx = random === null ? 0 : random.below(width);
      isDestination[(y + dy) * columns + x + dx] = 1;
    }
  }
  return isDestination;
}

/** The 2 · remove tokens of the highest energy pair up, every second with the most similar of the others. */
export function* pitome(task: MatchingTask, remove: number, margin: number): Steps<Plan> {
  const { data, count, width } = task.metric;
  const free = places(count, (i) => task.protected[i] === 0);
  const energies = new Float64Array(count);
  // Energies of tokens that are left alone stand among the others'.
  const ranked = free.length === count ? 2 * remove : count;
  yield (kernels) => kernels.meanElu(data, width, margin, energies, ranked);
  const ofFree = new Float64Array(free.length);
  for (let i = 0; i < free.length; i++) ofFree[i] = energies[free[i]];
  const order = descending(ofFree);
  const [candidates, destinations, chosen] = [new Uint32Array(remove), new Uint32Array(remove), new Uint32Array(remove)];
  for (let i = 0; i < remove; i++) {
    candidates[i] = free[order[2 * i]];
    destinations[i] = free[order[2 * i + 1]];
    chosen[i] = i;
  }
  const to = yield* match(task, candidates, destinations, null);
  return merged(task, { candidates, to, chosen });
}

/** Operators that match tokens in pairs: ToMe, its variants on a grid, ToFu, threshold merging, PiToMe. */
import { descending } from '../backend/js/reduction/descending';
import type { Joining } from '../backend/reduction-kernels';
import { RandomStream } from '../clustering/random';
import type { Steps } from '../clustering/steps';
import { planOfMeans, type Plan, type TokenRows } from './plan';

export interface MatchingTask {
  readonly metric: TokenRows;
  readonly weights: Float32Array;
  /** Per token: 1 if it is left alone. */
  readonly protected: Uint8Array;
}

export function freeTokens({ metric: { count }, protected: isProtected }: MatchingTask): Uint32Array {
  const free = new Uint32Array(count);
  let size = 0;
  for (let i = 0; i < count; i++) if (isProtected[i] === 0) free[size++] = i;
  return free.subarray(0, size);
}

/** Tokens that are free: those that are no destinations, and those that are. */
export interface Sides {
  readonly candidates: Uint32Array;
  readonly destinations: Uint32Array;
}

export function sidesOf(isDestination: Uint8Array, isProtected: Uint8Array): Sides {
  const [candidates, destinations] = [new Uint32Array(isDestination.length), new Uint32Array(isDestination.length)];
  let [left, right] = [0, 0];
  for (let i = 0; i < isDestination.length; i++) {
    if (isProtected[i] !== 0) continue;
    if (isDestination[i] === 0) candidates[left++] = i;
    else destinations[right++] = i;
  }
  return { candidates: candidates.subarray(0, left), destinations: destinations.subarray(0, right) };
}

/** How many tokens can be taken away at most. */
export function mostPairs({ candidates, destinations }: Sides): number {
  return destinations.length > 0 ? candidates.length : 0;
}

/** Tokens that are no destinations join the most similar one that is: the `remove` most similar pairs, or all at least as similar as `threshold`. */
export function* tome(
  { metric: { data, count, width }, weights }: MatchingTask,
  { candidates, destinations }: Sides,
  which: Joining,
  lengths: 'mean' | 'greatest',
): Steps<Plan> {
  const [source, kept] = [new Uint32Array(count), new Uint32Array(1)];
  yield (kernels) => kernels.joinNearest(data, width, candidates, destinations, which, source, kept);
  return planOfMeans(source, kept[0], weights, lengths);
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

/** `free`: the tokens that are not left alone. The 2 · remove tokens of the highest energy pair up, every second with the most similar of the others. */
export function* pitome(task: MatchingTask, free: Uint32Array, remove: number, margin: number): Steps<Plan> {
  const { data, count, width } = task.metric;
  const energies = new Float64Array(count);
  // Energies of tokens that are left alone stand among the others'.
  const ranked = free.length === count ? 2 * remove : count;
  yield (kernels) => kernels.meanElu(data, width, margin, energies, ranked);
  const ofFree = new Float64Array(free.length);
  for (let i = 0; i < free.length; i++) ofFree[i] = energies[free[i]];
  const order = descending(ofFree, 2 * remove);
  const [candidates, destinations] = [new Uint32Array(remove), new Uint32Array(remove)];
  for (let i = 0; i < remove; i++) {
    candidates[i] = free[order[2 * i]];
    destinations[i] = free[order[2 * i + 1]];
  }
  return yield* tome(task, { candidates, destinations }, { remove }, 'mean');
}

/** Hidden states of a language model, and the mask that tells tokens from padding. */
import { describeShape, isShape, listOf, objectOf } from '../arguments';
import type { Steps } from '../clustering/steps';
import { invalidArgument, unexpected } from '../errors';
import { ownArray } from '../own-array';
import { plainArray } from '../plain-array';

/** Of one layer, [sequences, tokens, length], or of several, [layers, sequences, tokens, length]. */
export interface HiddenStates {
  readonly data: Float32Array;
  readonly dims: readonly number[];
}

export interface CheckedStates {
  readonly data: Float32Array;
  readonly layers: number;
  readonly sequences: number;
  readonly tokens: number;
  readonly width: number;
  /** For each sequence the places of its tokens, ascending; none is empty. */
  readonly places: readonly Uint32Array[];
}

/** Numbers between two pauses. */
const SLICE = 1 << 15;

/** `mask`: for each token of all sequences 1, or 0 if it is padding. Throws INVALID_ARGUMENT. */
export function* checkingStates(states: HiddenStates, mask: ArrayLike<number>, mayHaveLayers: boolean): Steps<CheckedStates> {
  const { data: given, dims } = objectOf(states, 'states');
  const data = plainArray(given, Float32Array, 'states.data');
  if (data === null) throw invalidArgument('states.data', 'a Float32Array', given);
  const shapes = mayHaveLayers ? '[sequences, tokens, length] or [layers, sequences, tokens, length]' : '[sequences, tokens, length]';
  if (!isShape(dims, mayHaveLayers ? [3, 4] : [3], 1) || dims.reduce((product, size) => product * size, 1) !== data.length)
    throw unexpected('states.dims', `${shapes}, all positive, of ${data.length} numbers`, describeShape(dims));
  const [sequences, tokens, width] = dims.slice(-3);
  if (listOf(mask, 'mask').length !== sequences * tokens)
    throw unexpected('mask', `${sequences * tokens} numbers, one per token`, `${mask.length} numbers`);
  const places = Array.from({ length: sequences }, (_, sequence) => {
    const those = Uint32Array.from({ length: tokens }, (_place, i) => i).filter((i) => Number(mask[sequence * tokens + i]) !== 0);
    if (those.length === 0) throw unexpected('mask', 'at least one token of each sequence', `none in sequence ${sequence}`);
    return those;
  });
  const { length } = data;
  for (let at = 0; at < length; at += SLICE, yield null) {
    const bad = data.subarray(at, at + SLICE).find((value) => !Number.isFinite(value));
    if (bad !== undefined) throw unexpected('states', 'finite numbers', `${bad}`);
  }
  return { data, layers: dims.length === 4 ? dims[0] : 1, sequences, tokens, width, places };
}

/** States in memory that nobody takes away. Rejects with INVALID_ARGUMENT and ABORTED. */
export async function ownStates(states: HiddenStates, signal: AbortSignal | undefined): Promise<HiddenStates> {
  const data = plainArray(objectOf(states, 'states').data, Float32Array, 'states.data');
  return data === null ? states : { ...states, data: await ownArray(data, 'states', signal) };
}

/** Weighted mean of some tokens' states. `weightOf`: of the token at the n-th of the places. */
export function meanOfTokens(
  data: Float32Array,
  from: number,
  width: number,
  places: Uint32Array,
  weightOf: (n: number) => number,
): Float64Array {
  const sum = new Float64Array(width);
  let mass = 0;
  places.forEach((place, n) => {
    const weight = weightOf(n);
    mass += weight;
    for (let k = 0, at = from + place * width; k < width; k++) sum[k] += weight * data[at + k];
  });
  return sum.map((value) => value / mass);
}

/** Scales rows to unit length; zeros stay zeros. */
export function toUnitLength(rows: Float32Array, width: number): void {
  for (let at = 0; at < rows.length; at += width) {
    const row = rows.subarray(at, at + width);
    const length = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0));
    if (length > 0) for (let k = 0; k < width; k++) row[k] /= length;
  }
}

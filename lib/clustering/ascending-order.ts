/** Sorting with pauses. */
import type { Steps } from './steps';

/** Sorted at once; and as many are merged between two pauses. */
const PORTION = 1 << 11;

/** Places of numbers in ascending order, equal ones in the order they stand in: portions are sorted, and then merged two by two. */
export function* ascendingOrder(values: Float32Array | Float64Array): Steps<Uint32Array> {
  const { length } = values;
  let order = Uint32Array.from(values.keys());
  for (let from = 0; from < length; from += PORTION, yield null) {
    order.subarray(from, from + PORTION).sort((p, q) => values[p] - values[q] || p - q);
  }
  let merged = new Uint32Array(length);
  for (let size = PORTION; size < length; size *= 2) {
    for (let from = 0; from < length; from += 2 * size) yield* merge(values, order, from, size, merged);
    [order, merged] = [merged, order];
  }
  return order;
}

/** Two portions beside each other become one; the second may be shorter, or empty. */
function* merge(values: Float32Array | Float64Array, from: Uint32Array, begin: number, size: number, to: Uint32Array): Steps<void> {
  const middle = Math.min(from.length, begin + size);
  const end = Math.min(from.length, middle + size);
  let [left, right] = [begin, middle];
  for (let at = begin; at < end; at++) {
    const takeLeft = right === end || (left < middle && values[from[left]] <= values[from[right]]);
    to[at] = takeLeft ? from[left++] : from[right++];
    if ((at - begin) % PORTION === PORTION - 1) yield null;
  }
}

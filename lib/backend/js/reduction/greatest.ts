/** The greatest of many numbers, without sorting them. */
import { descending } from './descending';

/** Where the `few` greatest numbers are, in any order; of equal ones the first. */
export function greatest(values: Float32Array, few: number): Uint32Array {
  if (few === values.length) return everyPlace(few);
  const least = few > 0 ? kthGreatest(values.slice(), few) : NaN;
  if (Number.isNaN(least)) return descending(values, few);
  const chosen = new Uint32Array(few);
  let above = 0;
  for (let i = 0; i < values.length; i++) if (values[i] > least) chosen[above++] = i;
  for (let i = 0; above < few; i++) if (values[i] === least) chosen[above++] = i;
  return chosen;
}

/** Parts numbers around one of them until the k-th is in its place (Hoare); NaN if any is. Changes their order. */
function kthGreatest(numbers: Float32Array, k: number): number {
  for (let i = 0; i < numbers.length; i++) if (Number.isNaN(numbers[i])) return NaN;
  let [first, last] = [0, numbers.length - 1];
  while (first < last) {
    const middle = numbers[(first + last) >> 1];
    let [i, j] = [first, last];
    while (i <= j) {
      while (numbers[i] > middle) i++;
      while (numbers[j] < middle) j--;
      if (i > j) break;
      const moved = numbers[i];
      numbers[i++] = numbers[j];
      numbers[j--] = moved;
    }
    if (k - 1 <= j) last = j;
    else if (k - 1 >= i) first = i;
    else break;
  }
  return numbers[k - 1];
}

export function everyPlace(count: number): Uint32Array {
  const all = new Uint32Array(count);
  for (let i = 0; i < count; i++) all[i] = i;
  return all;
}

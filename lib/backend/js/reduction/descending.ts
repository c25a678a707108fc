/** Indices of numbers, the greatest first; equal ones in order: the first `few` of them. NaN may be anywhere. */
export function descending(values: ArrayLike<number>, few: number = values.length): Uint32Array {
  return allDescending(values, few).subarray(0, few);
}

function allDescending(values: ArrayLike<number>, few: number): Uint32Array {
  if (values instanceof Float32Array && values.length <= MOST_KEYS) return descendingByKeys(values);
  if (values instanceof Float64Array) return descendingByPlaces(values, few);
  return descendingByComparing(values);
}

function descendingByComparing(values: ArrayLike<number>): Uint32Array {
  return Uint32Array.from({ length: values.length }, (_, i) => i).sort((a, b) => values[b] - values[a] || a - b);
}

/** A key is exact in double precision: 32 bits of the number above 21 of its index. */
const MOST_KEYS = 2 ** 21;

/** Numbers sort without a function that compares them: several times as fast. */
function descendingByKeys(values: Float32Array): Uint32Array {
  const bits = new Uint32Array(1);
  const number = new Float32Array(bits.buffer);
  const keys = new Float64Array(values.length);
  for (let i = 0; i < keys.length; i++) {
    // −0 is equal to 0, and its bits are not.
    number[0] = values[i] + 0;
    keys[i] = ((bits[0] >>> 31 === 0 ? ~bits[0] & 0x7fffffff : bits[0]) >>> 0) * MOST_KEYS + i;
  }
  keys.sort();
  const order = new Uint32Array(keys.length);
  for (let i = 0; i < keys.length; i++) order[i] = keys[i] % MOST_KEYS;
  return order;
}

/** The numbers themselves are sorted, and each of the `few` greatest then looks for its place among them. */
function descendingByPlaces(values: Float64Array, few: number): Uint32Array {
  const ascending = values.slice().sort();
  // NaN comes last, and has no place among numbers.
  if (Number.isNaN(ascending.at(-1))) return descendingByComparing(values);
  const order = new Uint32Array(values.length);
  const least = ascending[values.length - few];
  // How many numbers have found the place that begins there.
  const taken = new Uint32Array(values.length);
  for (let i = 0; i < values.length; i++) {
    if (values[i] < least) continue;
    let [first, last] = [values.length - few, values.length];
    while (first < last) {
      const middle = (first + last) >>> 1;
      if (ascending[middle] <= values[i]) first = middle + 1;
      else last = middle;
    }
    const place = values.length - first;
    order[place + taken[place]++] = i;
  }
  return order;
}

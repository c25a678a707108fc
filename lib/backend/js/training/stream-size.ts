/**
 * How many bits a stream of ids takes if each id has a code as long as its share of all asks for. Twin of native/include/merganser/training/stream_size.hpp:
 * the same numbers to the last bit.
 */
export class StreamSize {
  private readonly counts: number[] = [];
  private total = 0;

  add(id: number, occurrences: number): void {
    this.counts[id] = (this.counts[id] ?? 0) + occurrences;
    this.total += occurrences;
  }

  /** By how many bits it changes where so many times `left` and `right` become `product`. */
  change(left: number, right: number, product: number, occurrences: number): number {
    const weightOf = (id: number, change: number): number => {
      const count = this.counts[id] ?? 0;
      return weight(count + change) - weight(count);
    };
    const bits = weight(this.total - occurrences) - weight(this.total) - weightOf(product, occurrences);
    if (left === right) return bits - weightOf(left, -2 * occurrences);
    return bits - weightOf(left, -occurrences) - weightOf(right, -occurrences);
  }
}

/** n log2 n, by the series of the inverse hyperbolic tangent. */
function weight(n: number): number {
  if (n <= 0) return 0;
  let exponent = 0;
  let power = 1;
  for (; 2 * power <= n; power *= 2) exponent++;
  let x = n / power;
  if (x > 1.5) {
    x /= 2;
    exponent++;
  }
  const z = (x - 1) / (x + 1);
  const square = z * z;
  let sum = 0;
  for (let k = 19; k >= 1; k -= 2) sum = sum * square + 1 / k;
  return n * (exponent + z * sum * 2.8853900817779268);
}

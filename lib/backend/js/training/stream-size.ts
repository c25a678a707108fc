/**
 * How many bits a stream of ids takes if each is written as a varint (seven bits a byte, the lowest first) and each byte as its share of all bytes asks for.
 * Twin of native/include/merganser/training/stream_size.hpp: the same numbers to the last bit.
 */
export class StreamSize {
  private readonly counts = new Float64Array(256);
  private total = 0;

  add(id: number, occurrences: number): void {
    for (const byte of bytesOf(id)) {
      this.counts[byte] += occurrences;
      this.total += occurrences;
    }
  }

  /** By how many bits it changes where so many times `left` and `right` become `product`. */
  change(left: number, right: number, product: number, occurrences: number): number {
    const changes = new Map<number, number>();
    let { total } = this;
    const note = (id: number, count: number): void => {
      for (const byte of bytesOf(id)) {
        total += count;
        changes.set(byte, (changes.get(byte) ?? 0) + count);
      }
    };
    note(left, -occurrences);
    note(right, -occurrences);
    note(product, occurrences);
    let bits = weight(total) - weight(this.total);
    for (const [byte, change] of changes) bits -= weight(this.counts[byte] + change) - weight(this.counts[byte]);
    return bits;
  }
}

function bytesOf(id: number): number[] {
  const bytes: number[] = [];
  for (; id >= 128; id >>>= 7) bytes.push((id & 127) | 128);
  bytes.push(id);
  return bytes;
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

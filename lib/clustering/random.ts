/** Random numbers from a seed: mulberry32, the same stream everywhere. */
export class RandomStream {
  private state: number;

  constructor(seed: number) {
    this.state = seed >>> 0;
  }

  /** In [0, 1), in steps of 2⁻³². */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let mixed = this.state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  }

  /** A whole number below `limit`. */
  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  /** Of the standard normal distribution. */
  gaussian(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.next()));
    return radius * Math.cos(2 * Math.PI * this.next());
  }

  /** `count` different numbers below `limit`, in random order. */
  sample(limit: number, count: number): Uint32Array {
    const moved = new Map<number, number>();
    return Uint32Array.from({ length: count }, (_, i) => {
      const j = i + this.below(limit - i);
      const chosen = moved.get(j) ?? j;
      moved.set(j, moved.get(i) ?? i);
      return chosen;
    });
  }

  /** An index, with the probability of its share of the sum of `masses` (not negative). With a sum of zero every index is as probable. */
  weighted(masses: ArrayLike<number>): number {
    let total = 0;
    for (let i = 0; i < masses.length; i++) total += masses[i];
    if (!(total > 0)) return this.below(masses.length);
    let left = this.next() * total;
    let last = 0;
    for (let i = 0; i < masses.length; i++) {
      if (masses[i] <= 0) continue;
      last = i;
      left -= masses[i];
      if (left < 0) break;
    }
    return last;
  }
}

/**
 * Pairs that wait: the highest count first, of equal counts the one whose first occurrence comes first. Entries are upper bounds: whoever pops one
 * compares it with the pair. Twin of native/include/merganser/dynamic/pair_heap.hpp.
 */
export class PairHeap {
  private readonly counts: number[] = [];
  private readonly firsts: number[] = [];
  private readonly pairs: number[] = [];
  /** Of the entry that was popped last. */
  count = 0;
  first = 0;

  clear(): void {
    this.counts.length = this.firsts.length = this.pairs.length = 0;
  }

  push(count: number, first: number, pair: number): void {
    let at = this.pairs.length;
    this.pairs.push(pair);
    this.counts.push(count);
    this.firsts.push(first);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.comesBefore(count, first, parent)) break;
      this.move(parent, at);
      at = parent;
    }
    this.put(at, count, first, pair);
  }

  /** The next pair, or −1; its entry is then in `count` and `first`. */
  pop(): number {
    const top = this.pairs[0];
    if (top === undefined) return -1;
    this.count = this.counts[0];
    this.first = this.firsts[0];
    const pair = this.pairs.pop()!;
    const count = this.counts.pop()!;
    const first = this.firsts.pop()!;
    const { length } = this.pairs;
    if (length === 0) return top;
    let at = 0;
    for (let child = 1; child < length; child = 2 * at + 1) {
      if (child + 1 < length && this.comesBefore(this.counts[child + 1], this.firsts[child + 1], child)) child++;
      if (this.comesBefore(count, first, child)) break;
      this.move(child, at);
      at = child;
    }
    this.put(at, count, first, pair);
    return top;
  }

  private comesBefore(count: number, first: number, other: number): boolean {
    return count > this.counts[other] || (count === this.counts[other] && first < this.firsts[other]);
  }

  private move(from: number, to: number): void {
    this.put(to, this.counts[from], this.firsts[from], this.pairs[from]);
  }

  private put(at: number, count: number, first: number, pair: number): void {
    this.counts[at] = count;
    this.firsts[at] = first;
    this.pairs[at] = pair;
  }
}

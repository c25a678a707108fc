/** Counts below this have buckets. */
const BUCKETS = 1 << 13;

/**
 * Numbers of pairs that wait to be merged: the highest count first, of equal counts the smallest key. Twin of
 * native/include/merganser/training/candidate_queue.hpp: high counts in a heap, each small count in a bucket that is sorted when its turn comes.
 */
export class CandidateQueue {
  private high: Heap;
  private buckets: Array<number[] | undefined> = [];
  private level = BUCKETS;
  /** The candidates whose turn it is, the next one last. */
  private turn: number[] = [];
  /** Those of the same count that came since. */
  private late: Heap;
  /** Count of the candidate that was popped last. */
  count = 0;

  /** `keyOf`: left id, then right id of a pair, as one number. */
  constructor(private readonly keyOf: (pair: number) => number) {
    this.high = new Heap();
    this.late = new Heap();
  }

  clear(): void {
    this.high = new Heap();
    this.late = new Heap();
    this.buckets = [];
    this.turn = [];
    this.level = BUCKETS;
  }

  /** Not above the candidate that was popped last. */
  push(count: number, pair: number): void {
    if (count >= BUCKETS) this.high.push(-count, this.keyOf(pair), pair);
    else if (count === this.level) this.late.push(0, this.keyOf(pair), pair);
    else (this.buckets[count] ??= []).push(pair);
  }

  /** The next pair, its count then in `count`; −1: there is none with a count of at least `least`. */
  pop(least: number): number {
    if (this.high.size > 0) {
      if (-this.high.topOrder < least) return -1;
      this.count = -this.high.topOrder;
      return this.high.pop();
    }
    const { late } = this;
    if (this.level < least) return -1;
    while (this.turn.length === 0 && late.size === 0) {
      if (this.level <= Math.max(least, 1)) return -1;
      this.level--;
      this.turn = (this.buckets[this.level] ?? []).sort((a, b) => this.keyOf(b) - this.keyOf(a));
      this.buckets[this.level] = undefined;
    }
    this.count = this.level;
    const { turn } = this;
    if (turn.length === 0 || (late.size > 0 && late.topKey < this.keyOf(turn[turn.length - 1]))) return late.pop();
    return turn.pop()!;
  }
}

/** A binary heap of numbers by (order, key), smallest first. */
export class Heap {
  private readonly orders: number[] = [];
  private readonly keys: number[] = [];
  private readonly values: number[] = [];

  get size(): number {
    return this.values.length;
  }

  get topOrder(): number {
    return this.orders[0];
  }

  get topKey(): number {
    return this.keys[0];
  }

  push(order: number, key: number, value: number): void {
    const { orders, keys, values } = this;
    let at = values.length;
    values.push(value);
    orders.push(order);
    keys.push(key);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.comesBefore(order, key, parent)) break;
      this.move(parent, at);
      at = parent;
    }
    this.put(at, order, key, value);
  }

  pop(): number {
    const top = this.values[0];
    const order = this.orders.pop()!;
    const key = this.keys.pop()!;
    const value = this.values.pop()!;
    const { length } = this.values;
    if (length === 0) return top;
    let at = 0;
    for (let child = 1; child < length; child = 2 * at + 1) {
      if (child + 1 < length && this.comesBefore(this.orders[child + 1], this.keys[child + 1], child)) child++;
      if (this.comesBefore(order, key, child)) break;
      this.move(child, at);
      at = child;
    }
    this.put(at, order, key, value);
    return top;
  }

  private comesBefore(order: number, key: number, other: number): boolean {
    return order < this.orders[other] || (order === this.orders[other] && key < this.keys[other]);
  }

  private move(from: number, to: number): void {
    this.put(to, this.orders[from], this.keys[from], this.values[from]);
  }

  private put(at: number, order: number, key: number, value: number): void {
    this.orders[at] = order;
    this.keys[at] = key;
    this.values[at] = value;
  }
}

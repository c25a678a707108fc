import type { RemovalsSpec } from '../kernels';

const KEY_FACTOR = 2 ** 24;
/** Scratch arrays of more symbols than this are not kept between calls. */
const KEPT_SYMBOLS = 1 << 16;
const NONE = -1;

/**
 * Byte-pair merging where tokens are also taken back (PickyBPE): of all merges and removals that could come next in time the first is carried out, at the
 * leftmost place. Twin of native/include/merganser/bpe/event_merger.hpp.
 *
 * A token stands at its first symbol, so that the parts of one that falls apart have places of their own.
 */
export class EventMerger {
  /** The times of each pair's merges, and of each token's removals, ascending. */
  private readonly mergesOf = new Map<number, number[]>();
  private readonly removalsOf = new Map<number, number[]>();
  /** By time: the product of a merge, and the parts that a token falls into. */
  private readonly products: number[] = [];
  private readonly partsAt = new Map<number, Uint32Array>();
  /** Symbols of each token that a merge makes. */
  private readonly symbols = new Map<number, number>();

  private next = new Int32Array(0);
  private previous = new Int32Array(0);
  /** When the pair that begins at each symbol merges next, and when the token there falls apart. */
  private merging = new Int32Array(0);
  private removing = new Int32Array(0);
  private readonly heap = new NumberHeap();

  constructor(merges: Uint32Array, { list }: RemovalsSpec) {
    let at = 0;
    const addRemovals = (before: number): void => {
      for (; at < list.length && list[at] <= before; at += 3 + list[at + 2]) {
        const time = this.products.push(NONE) - 1;
        push(this.removalsOf, list[at + 1], time);
        this.partsAt.set(time, list.subarray(at + 3, at + 3 + list[at + 2]));
      }
    };
    for (let i = 0; i < merges.length; i += 3) {
      addRemovals(i / 3);
      push(this.mergesOf, merges[i] * KEY_FACTOR + merges[i + 1], this.products.push(merges[i + 2]) - 1);
      this.symbols.set(merges[i + 2], this.symbolsOf(merges[i]) + this.symbolsOf(merges[i + 1]));
    }
    addRemovals(merges.length / 3);
  }

  /** Merges ids[0, count) and returns how many are left. */
  merge(ids: Int32Array, count: number): number {
    return this.mergeWithLengths(ids, null, count);
  }

  /** The same for symbols of known length: a token is as long as its symbols together. */
  mergeWithLengths(ids: Int32Array, lengths: Int32Array | null, count: number): number {
    if (count < 2) return count;
    this.reserve(count);
    this.begin(ids, count);
    this.run(ids, count);
    let kept = 0;
    for (let i = 0; i < count; i = this.next[i]) {
      ids[kept] = ids[i];
      if (lengths !== null) {
        let length = 0;
        for (let symbol = i; symbol < this.next[i]; symbol++) length += lengths[symbol];
        lengths[kept] = length;
      }
      kept++;
    }
    if (count > KEPT_SYMBOLS) this.next = this.previous = this.merging = this.removing = new Int32Array(0);
    return kept;
  }

  private begin(ids: Int32Array, count: number): void {
    this.heap.clear();
    for (let i = 0; i < count; i++) {
      this.next[i] = i + 1;
      this.previous[i] = i - 1;
      this.removing[i] = NONE;
      this.findMerge(ids, i, count, 0);
    }
  }

  private run(ids: Int32Array, count: number): void {
    const { heap, merging, removing } = this;
    while (heap.size > 0) {
      const entry = heap.pop();
      const time = Math.floor(entry / 2 ** 31);
      const at = entry - time * 2 ** 31;
      if (merging[at] === time) this.join(ids, at, count, time);
      else if (removing[at] === time) this.split(ids, at, count, time);
    }
  }

  private join(ids: Int32Array, at: number, count: number, time: number): void {
    const { next, previous } = this;
    const right = next[at];
    ids[at] = this.products[time];
    this.merging[right] = this.removing[right] = NONE;
    next[at] = next[right];
    if (next[at] < count) previous[next[at]] = at;
    this.findRemoval(ids, at, time);
    this.findMerge(ids, at, count, time);
    if (previous[at] >= 0) this.findMerge(ids, previous[at], count, time);
  }

  private split(ids: Int32Array, at: number, count: number, time: number): void {
    const { next, previous } = this;
    const end = next[at];
    const first = at;
    for (const part of this.partsAt.get(time)!) {
      ids[at] = part;
      next[at] = at + this.symbolsOf(part);
      if (next[at] < count) previous[next[at]] = at;
      this.findRemoval(ids, at, time);
      at = next[at];
    }
    for (at = first; at < end; at = next[at]) this.findMerge(ids, at, count, time);
    if (previous[first] >= 0) this.findMerge(ids, previous[first], count, time);
  }

  private findMerge(ids: Int32Array, at: number, count: number, now: number): void {
    const right = this.next[at];
    const times = right < count ? this.mergesOf.get(ids[at] * KEY_FACTOR + ids[right]) : undefined;
    this.enter(this.merging, times, at, now);
  }

  private findRemoval(ids: Int32Array, at: number, now: number): void {
    this.enter(this.removing, this.removalsOf.get(ids[at]), at, now);
  }

  private enter(waiting: Int32Array, times: readonly number[] | undefined, at: number, now: number): void {
    const time = times?.find((candidate) => candidate >= now) ?? NONE;
    waiting[at] = time;
    if (time !== NONE) this.heap.push(time * 2 ** 31 + at);
  }

  private symbolsOf(token: number): number {
    return this.symbols.get(token) ?? 1;
  }

  private reserve(count: number): void {
    if (count <= this.next.length) return;
    this.next = new Int32Array(2 * count);
    this.previous = new Int32Array(2 * count);
    this.merging = new Int32Array(2 * count);
    this.removing = new Int32Array(2 * count);
  }
}

function push(lists: Map<number, number[]>, key: number, value: number): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}

/** The smallest number first. */
class NumberHeap {
  private readonly values: number[] = [];

  get size(): number {
    return this.values.length;
  }

  clear(): void {
    this.values.length = 0;
  }

  push(value: number): void {
    const { values } = this;
    let at = values.push(value) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (values[parent] <= value) break;
      values[at] = values[parent];
      at = parent;
    }
    values[at] = value;
  }

  pop(): number {
    const { values } = this;
    const top = values[0];
    const last = values.pop()!;
    const { length } = values;
    if (length === 0) return top;
    let at = 0;
    for (let child = 1; child < length; child = 2 * at + 1) {
      if (child + 1 < length && values[child + 1] < values[child]) child++;
      if (values[child] >= last) break;
      values[at] = values[child];
      at = child;
    }
    values[at] = last;
    return top;
  }
}

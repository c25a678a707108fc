import { MerganserError } from '../../../errors';
import { Heap } from './candidate-queue';
import type { WordCells } from './word-cells';

const KEY_FACTOR = 2 ** 24;

export interface LivePair {
  readonly left: number;
  readonly right: number;
  /** In the queue; −1: it is not known there. */
  number: number;
  /** Exact. */
  count: number;
  /** Where it came to stand; it may be gone from there, or be named twice. */
  cells: number[];
}

/** Words that change, with exact counts of all pairs in them. Twin of native/include/merganser/training/live_pairs.hpp. */
export class LivePairs {
  /** Pairs that came to stand anywhere since this was emptied. */
  readonly risen = new Set<LivePair>();
  /** The id of the token that ends in a cell; only where one does. */
  private readonly ends: Int32Array;
  private readonly pairs = new Map<number, LivePair>();
  /** By token: symbols (0: not known), occurrences, and, if it may be split, where it came to stand. */
  private readonly lengths: number[];
  private readonly frequencies: number[];
  private readonly places = new Map<number, number[]>();

  /** `tokens`: number of those that are there at first. `splits`: some that come later will be split. */
  constructor(
    private readonly words: WordCells,
    private readonly tokens: number,
    symbolIds: Uint32Array,
    private readonly splits: boolean,
  ) {
    this.lengths = new Array<number>(tokens).fill(0);
    this.frequencies = new Array<number>(tokens).fill(0);
    for (const id of symbolIds) this.lengths[id] = 1;
    const { cells, size, wall, wordOf, counts } = words;
    this.ends = cells.slice();
    for (let at = 0; at < size; at++) {
      if (cells[at] === wall) continue;
      this.frequencies[cells[at]] += counts[wordOf[at]];
      this.add(cells[at], cells[at + 1], at, counts[wordOf[at]]);
    }
  }

  /** A token that no word holds yet. */
  addToken(): void {
    this.lengths.push(0);
    this.frequencies.push(0);
  }

  length(token: number): number {
    return this.lengths[token];
  }

  frequency(token: number): number {
    return this.frequencies[token];
  }

  count(left: number, right: number): number {
    return this.pairs.get(left * KEY_FACTOR + right)?.count ?? 0;
  }

  /** Writes the product over all occurrences of a pair, from left to right; how many there are. */
  merge(left: number, right: number, product: number): number {
    const { cells, wall, wordOf, counts } = this.words;
    const leftLength = this.lengths[left];
    const length = leftLength + this.lengths[right];
    this.lengths[product] ||= length;
    if (this.lengths[product] !== length)
      throw new MerganserError('UNSUPPORTED', 'Training failed: two tokens of different symbols are spelled alike.');
    const pair = this.pairs.get(left * KEY_FACTOR + right);
    if (pair === undefined) return 0;
    const found = ascending(pair.cells);
    pair.cells = [];
    let merged = 0;
    for (const cell of found) {
      if (cells[cell] !== left || cells[cell + leftLength] !== right) continue;
      const count = counts[wordOf[cell]];
      this.subtract(this.ends[cell - 1], left, count);
      this.subtract(right, cells[cell + length], count);
      cells[cell + leftLength] = wall;
      cells[cell] = product;
      this.ends[cell + length - 1] = product;
      this.addBefore(cell, count);
      this.add(product, cells[cell + length], cell, count);
      this.place(product, cell);
      merged += count;
    }
    pair.count = 0;
    this.frequencies[product] += merged;
    this.frequencies[left] -= merged;
    this.frequencies[right] -= merged;
    return merged;
  }

  /** Writes the parts over all occurrences of a token that merges made. */
  split(token: number, parts: readonly number[]): void {
    const { cells, wordOf, counts } = this.words;
    const length = this.lengths[token];
    const last = parts[parts.length - 1];
    const found = ascending(this.places.get(token) ?? []);
    this.places.delete(token);
    for (const cell of found) {
      if (cells[cell] !== token) continue;
      const count = counts[wordOf[cell]];
      this.subtract(this.ends[cell - 1], token, count);
      this.subtract(token, cells[cell + length], count);
      let at = cell;
      for (const part of parts) {
        cells[at] = part;
        this.addBefore(at, count);
        this.place(part, at);
        at += this.lengths[part];
        this.ends[at - 1] = part;
      }
      this.add(last, cells[at], at - this.lengths[last], count);
    }
    for (const part of parts) this.frequencies[part] += this.frequencies[token];
    this.frequencies[token] = 0;
  }

  private place(token: number, cell: number): void {
    if (!this.splits || token < this.tokens) return;
    const places = this.places.get(token);
    if (places === undefined) this.places.set(token, [cell]);
    else places.push(cell);
  }

  private subtract(left: number, right: number, count: number): void {
    const { wall } = this.words;
    if (left !== wall && right !== wall) this.pairs.get(left * KEY_FACTOR + right)!.count -= count;
  }

  private addBefore(cell: number, count: number): void {
    const before = this.ends[cell - 1];
    if (before !== this.words.wall) this.add(before, this.words.cells[cell], cell - this.lengths[before], count);
  }

  /** A pair stands at `cell`. */
  private add(left: number, right: number, cell: number, count: number): void {
    if (right === this.words.wall) return;
    const key = left * KEY_FACTOR + right;
    let pair = this.pairs.get(key);
    if (pair === undefined) this.pairs.set(key, (pair = { left, right, number: -1, count: 0, cells: [] }));
    pair.count += count;
    pair.cells.push(cell);
    this.risen.add(pair);
  }
}

/** Cells in order, each once. */
function ascending(cells: number[]): number[] {
  return [...new Set(cells)].sort((a, b) => a - b);
}

export interface CandidateLimits {
  /** No pair of a lower count comes out; see `mergeFloor`. */
  readonly floor: number;
  readonly maxTokenLength: number;
}

/** Which of live pairs has the highest count: a queue of upper bounds. Twin of native/include/merganser/training/pair_candidates.hpp. */
export class PairCandidates {
  private readonly heap = new Heap();
  private readonly pairs: LivePair[] = [];

  constructor(
    private readonly live: LivePairs,
    private readonly limits: CandidateLimits,
  ) {}

  /** Takes up the pairs that have risen. */
  renew(): void {
    for (const pair of this.live.risen) this.push(pair);
    this.live.risen.clear();
  }

  /** Takes the pair with the highest count out, of equal counts that of the smallest ids; null if none is left. */
  pop(): LivePair | null {
    while (this.heap.size > 0) {
      const count = -this.heap.topOrder;
      const pair = this.pairs[this.heap.pop()];
      if (pair.count === count) return pair;
      if (pair.count < count) this.push(pair);
    }
    return null;
  }

  push(pair: LivePair): void {
    const { floor, maxTokenLength } = this.limits;
    const length = this.live.length(pair.left) + this.live.length(pair.right);
    if (pair.count < floor || (length >= maxTokenLength && length !== 2)) return;
    if (pair.number < 0) pair.number = this.pairs.push(pair) - 1;
    this.heap.push(-pair.count, pair.left * KEY_FACTOR + pair.right, pair.number);
  }
}

import { MerganserError } from '../../../errors';
import { Heap } from './candidate-queue';
import type { TokenStrings } from './token-strings';
import type { WordCells } from './word-cells';

const KEY_FACTOR = 2 ** 24;
/** Merges for each token of the vocabulary, after which training ends: with low thresholds the same tokens can come and go for ever. */
const MOST_MERGES = 16;

export interface PickyLimits {
  readonly vocabSize: number;
  readonly maxTokenLength: number;
  /** No merge has a lower count; see `mergeFloor`. */
  readonly floor: number;
  /** See `BpeTrainingSpec.removalThreshold`. */
  readonly threshold: number;
}

interface Pair {
  readonly left: number;
  readonly right: number;
  /** In the queue; -1: it is not known there. */
  number: number;
  /** Exact. */
  count: number;
  /** Where it began to stand; it may be gone from there, or be named twice. */
  cells: number[];
}

/** What a token was made of when it first came up. */
type Parts = readonly [left: number, right: number] | null;

/**
 * From words to merges and removals (PickyBPE). Twin of native/include/merganser/training/picky_phase.hpp. Counts rise when tokens fall apart, so they are
 * kept exact for all pairs, and a queue of upper bounds finds the highest.
 */
export class PickyPhase {
  /** left, right, product ids in order. */
  readonly merges: number[] = [];
  readonly mergeCounts: number[] = [];
  /** For each removal: number of merges before it, token, number of parts, parts. */
  readonly removals: number[] = [];
  /** Tokens that are there now. */
  private tokenCount: number;
  private readonly startCount: number;

  /** The id of the token that ends in a cell; only where one does. */
  private readonly ends: Int32Array;
  private readonly pairs = new Map<number, Pair>();
  private readonly queue: PairQueue;
  /** Pairs whose counts have risen since the queue was told. */
  private readonly risen = new Set<Pair>();
  /** By token: symbols, occurrences, whether it is there, and where it began to stand. */
  private readonly lengths: number[];
  private readonly frequencies: number[];
  private readonly present: boolean[];
  private readonly parts: Parts[];
  private readonly places: number[][];

  constructor(
    private readonly words: WordCells,
    private readonly tokens: TokenStrings,
    symbolIds: Uint32Array,
    private readonly limits: PickyLimits,
  ) {
    const start = tokens.size;
    this.tokenCount = this.startCount = start;
    this.lengths = new Array<number>(start).fill(0);
    this.frequencies = new Array<number>(start).fill(0);
    this.present = new Array<boolean>(start).fill(true);
    this.parts = new Array<Parts>(start).fill(null);
    this.places = Array.from({ length: start }, () => []);
    for (const id of symbolIds) this.lengths[id] = 1;
    this.ends = words.cells.slice();
    this.queue = new PairQueue(limits.floor);
    this.findAllPairs();
  }

  /** Tokens more than at first. */
  get progress(): number {
    return this.tokenCount - this.startCount;
  }

  /** Makes so many merges. false: nothing is left to do. */
  run(merges: number): boolean {
    const { limits, queue } = this;
    for (let i = 0; i < merges; i++) {
      if (this.tokenCount >= limits.vocabSize || this.mergeCounts.length >= MOST_MERGES * limits.vocabSize) return false;
      const pair = queue.pop();
      if (pair === null) return false;
      this.merge(pair);
    }
    return true;
  }

  private findAllPairs(): void {
    const { cells, size, wall, wordOf, counts } = this.words;
    for (let at = 0; at < size; at++) {
      if (cells[at] === wall) continue;
      const count = counts[wordOf[at]];
      this.frequencies[cells[at]] += count;
      if (cells[at + 1] !== wall) this.add(cells[at], cells[at + 1], at, count);
    }
    this.tellQueue();
  }

  private merge(pair: Pair): void {
    const { left, right } = pair;
    const known = this.tokens.size;
    const product = this.tokens.join(left, right);
    const length = this.lengths[left] + this.lengths[right];
    if (product === known) this.enter(left, right, length);
    if (this.lengths[product] === 0) this.lengths[product] = length;
    if (this.lengths[product] !== length)
      throw new MerganserError('UNSUPPORTED', 'Training failed: two tokens of different symbols are spelled alike.');
    if (!this.present[product]) this.tokenCount++;
    this.present[product] = true;
    this.merges.push(left, right, product);
    this.mergeCounts.push(pair.count);
    const merged = this.replace(pair, product);
    this.frequencies[product] += merged;
    this.frequencies[left] -= left === right ? 2 * merged : merged;
    this.removeIfMostlyMerged(left, merged);
    if (left !== right) {
      this.frequencies[right] -= merged;
      this.removeIfMostlyMerged(right, merged);
    }
    this.tellQueue();
  }

  private enter(left: number, right: number, length: number): void {
    this.lengths.push(length);
    this.frequencies.push(0);
    this.present.push(false);
    this.parts.push([left, right]);
    this.places.push([]);
  }

  /** Writes the product over all occurrences, from left to right; how many there are. */
  private replace(pair: Pair, product: number): number {
    const { left, right } = pair;
    const { cells, wall, wordOf, counts } = this.words;
    const leftLength = this.lengths[left];
    const length = this.lengths[product];
    const places = ascending(pair.cells);
    pair.cells = [];
    let merged = 0;
    for (const cell of places) {
      if (cells[cell] !== left || cells[cell + leftLength] !== right) continue;
      const count = counts[wordOf[cell]];
      this.subtract(this.ends[cell - 1], left, count);
      this.subtract(right, cells[cell + length], count);
      cells[cell + leftLength] = wall;
      cells[cell] = product;
      this.ends[cell + length - 1] = product;
      this.add(this.ends[cell - 1], product, cell - this.lengthOf(this.ends[cell - 1]), count);
      this.add(product, cells[cell + length], cell, count);
      this.places[product].push(cell);
      merged += count;
    }
    pair.count = 0;
    return merged;
  }

  private removeIfMostlyMerged(token: number, merged: number): void {
    if (this.parts[token] === null || !(merged / (this.frequencies[token] + merged) > this.limits.threshold)) return;
    this.present[token] = false;
    this.tokenCount--;
    const parts = this.presentParts(token);
    this.removals.push(this.mergeCounts.length, token, parts.length, ...parts);
    this.split(token, parts);
    for (const part of parts) this.frequencies[part] += this.frequencies[token];
    this.frequencies[token] = 0;
  }

  /** The tokens that are there, of those that a token was made of. */
  private presentParts(token: number): number[] {
    if (this.present[token]) return [token];
    const [left, right] = this.parts[token]!;
    return [...this.presentParts(left), ...this.presentParts(right)];
  }

  /** Writes the parts over all occurrences of a token. */
  private split(token: number, parts: readonly number[]): void {
    const { cells, wordOf, counts } = this.words;
    const length = this.lengths[token];
    const places = ascending(this.places[token]);
    this.places[token] = [];
    for (const cell of places) {
      if (cells[cell] !== token) continue;
      const count = counts[wordOf[cell]];
      this.subtract(this.ends[cell - 1], token, count);
      this.subtract(token, cells[cell + length], count);
      let at = cell;
      for (const part of parts) {
        cells[at] = part;
        this.add(this.ends[at - 1], part, at - this.lengthOf(this.ends[at - 1]), count);
        if (this.parts[part] !== null) this.places[part].push(at);
        at += this.lengths[part];
        this.ends[at - 1] = part;
      }
      this.add(parts[parts.length - 1], cells[at], at - this.lengths[parts[parts.length - 1]], count);
    }
  }

  private lengthOf(id: number): number {
    return id === this.words.wall ? 1 : this.lengths[id];
  }

  private subtract(left: number, right: number, count: number): void {
    const { wall } = this.words;
    if (left === wall || right === wall) return;
    this.pairs.get(left * KEY_FACTOR + right)!.count -= count;
  }

  /** A pair stands at `cell`. */
  private add(left: number, right: number, cell: number, count: number): void {
    const { wall } = this.words;
    if (left === wall || right === wall) return;
    const key = left * KEY_FACTOR + right;
    let pair = this.pairs.get(key);
    if (pair === undefined) this.pairs.set(key, (pair = { left, right, number: -1, count: 0, cells: [] }));
    pair.count += count;
    pair.cells.push(cell);
    this.risen.add(pair);
  }

  private tellQueue(): void {
    const { maxTokenLength, floor } = this.limits;
    for (const pair of this.risen) {
      const length = this.lengths[pair.left] + this.lengths[pair.right];
      if (pair.count >= floor && (length < maxTokenLength || length === 2)) this.queue.push(pair);
    }
    this.risen.clear();
  }
}

/** Cells in order, each once. */
function ascending(cells: number[]): number[] {
  return [...new Set(cells)].sort((a, b) => a - b);
}

/** The pair of the highest count, of equal counts that of the smallest key. Pairs whose counts have fallen stand where they were until their turn comes. */
class PairQueue {
  private readonly heap = new Heap();
  private readonly pairs: Pair[] = [];

  constructor(private readonly floor: number) {}

  push(pair: Pair): void {
    if (pair.number < 0) pair.number = this.pairs.push(pair) - 1;
    this.heap.push(-pair.count, pair.left * KEY_FACTOR + pair.right, pair.number);
  }

  /** null: none is left. */
  pop(): Pair | null {
    while (this.heap.size > 0) {
      const count = -this.heap.topOrder;
      const pair = this.pairs[this.heap.pop()];
      if (pair.count === count) return pair;
      if (pair.count >= this.floor && pair.count < count) this.push(pair);
    }
    return null;
  }
}

import { MerganserError } from '../../../errors';
import { CandidateQueue } from './candidate-queue';
import { SUPERMERGE, type TrainedMerges } from '../../training-kernels';
import type { MergeSchedule } from './merge-schedule';
import { Neighbours } from './neighbours';
import type { TokenRule } from './token-rule';
import type { TokenStrings } from './token-strings';
import type { WordCells } from './word-cells';
import { grown } from './word-table';

const FIRST_CAPACITY = 1 << 14;
const KEY_FACTOR = 2 ** 24;
/** A floor that was too high is lowered by this. */
const FLOOR_STEP = 8;

export interface MergeLimits {
  readonly vocabSize: number;
  readonly leastCount: number;
  readonly maxTokenLength: number;
  /** No merge has a lower count, if that is known; at least `leastCount`. */
  readonly floor: number;
  /** Not 0: the floor is to be guessed, for so many merges. */
  readonly guesses: number;
  /** Words consist of tokens: pairs whose product is a token already are left alone. */
  readonly tokenWords: boolean;
}

/** The floor for these words; see native/include/merganser/training/merge_phase.hpp. `symbols`: how many of the ids are symbols. */
export function mergeFloor(
  words: WordCells,
  symbols: number,
  { vocabSize, leastCount, maxTokenLength }: Pick<MergeLimits, 'vocabSize' | 'leastCount' | 'maxTokenLength'>,
): number {
  if (words.deletedAny || vocabSize <= symbols) return leastCount;
  return Math.max(
    leastCount,
    words.countOfNth(vocabSize - symbols, (length) => length < maxTokenLength || length === 2),
  );
}

/**
 * From words to merges. Twin of native/include/merganser/training/merge_phase.hpp, which says how it works: all occurrences of a pair are born in one
 * merge, so their list is written once, and a queue of upper bounds is enough.
 */
export class MergePhase {
  /** left, right, product ids in order. */
  readonly merges: number[] = [];
  readonly mergeCounts: number[] = [];
  private floor: number;
  private guessing: boolean;
  /** Merges and other changes of cells so far. */
  private changes = 0;
  private readonly queue: CandidateQueue;
  private readonly lengths: Int32Array;
  private readonly usedLeft: Int32Array;
  private readonly usedRight: Int32Array;
  private readonly before: Neighbours;
  private readonly after: Neighbours;
  private pairs = 0;
  private lefts = new Int32Array(FIRST_CAPACITY);
  private rights = new Int32Array(FIRST_CAPACITY);
  private counts = new Float64Array(FIRST_CAPACITY);
  private begins = new Int32Array(FIRST_CAPACITY);
  private sizes = new Int32Array(FIRST_CAPACITY);
  private counted = new Int32Array(FIRST_CAPACITY);
  /** The cells of all pairs. */
  private lists = new Int32Array(FIRST_CAPACITY);
  private listed = 0;
  private hits = new Int32Array(FIRST_CAPACITY);
  private hitCount = 0;

  constructor(
    private readonly words: WordCells,
    private readonly tokens: TokenStrings,
    symbolIds: Uint32Array,
    private readonly limits: MergeLimits,
    private readonly rule: TokenRule | null,
    private readonly schedule: MergeSchedule | null,
    done: TrainedMerges,
  ) {
    this.floor = limits.floor;
    this.guessing = limits.guesses > 0;
    const bound = words.wall + 1;
    this.lengths = new Int32Array(bound);
    this.usedLeft = new Int32Array(bound);
    this.usedRight = new Int32Array(bound);
    this.before = new Neighbours(bound);
    this.after = new Neighbours(bound);
    for (const id of symbolIds) this.lengths[id] = 1;
    this.takeOver(done);
    this.queue = new CandidateQueue((pair) => this.lefts[pair] * KEY_FACTOR + this.rights[pair]);
    if (schedule !== null) this.hideScheduled(schedule);
    if (!this.guessing) this.findAllPairs();
  }

  /** Merges so far. */
  get progress(): number {
    return this.mergeCounts.length;
  }

  /** Merges that were made already. */
  private takeOver({ triples, counts }: TrainedMerges): void {
    for (let merge = 0; merge < counts.length; merge++) {
      const [left, right, product] = triples.subarray(3 * merge, 3 * merge + 3);
      this.tokens.join(left, right);
      this.lengths[product] = this.lengths[left] + this.lengths[right];
      this.log(left, right, product, counts[merge]);
    }
  }

  /** Looks at so many candidates. false: nothing is left to do. */
  run(candidates: number): boolean {
    const { queue, limits } = this;
    for (let i = 0; i < candidates; i++) {
      if (this.tokens.size >= limits.vocabSize) return false;
      const pair = this.nextCandidate();
      if (pair < 0) {
        if (this.schedule === null || this.schedule.done) return false;
        this.takeScheduled(this.schedule);
        continue;
      }
      if (this.isStale(pair)) this.recount(pair);
      if (this.counts[pair] === queue.count) this.merge(pair);
      else if (this.counts[pair] >= this.floor) queue.push(this.counts[pair], pair);
    }
    return true;
  }

  /** −1: what the schedule has next comes first, or nothing is left. */
  private nextCandidate(): number {
    const level = this.schedule?.level ?? 0;
    if (level === Infinity) return -1;
    if (this.guessing) this.findAllPairs();
    for (;;) {
      const pair = this.queue.pop(Math.max(level, this.floor));
      const lowest = Math.max(level, this.limits.leastCount);
      if (pair >= 0 || this.floor <= lowest) return pair;
      this.floor = Math.max(lowest, Math.floor(this.floor / FLOOR_STEP));
      this.findAllPairs();
    }
  }

  /** Tokens that are not there yet are walls; the schedule knows where they will appear. */
  private hideScheduled(schedule: MergeSchedule): void {
    const { cells, size, wall } = this.words;
    for (let at = 0; at < size; at++) {
      const number = cells[at];
      if (number === wall || !schedule.isHidden(number)) continue;
      schedule.hide(number, at);
      cells[at] = wall;
    }
  }

  private takeScheduled(schedule: MergeSchedule): void {
    const { count } = schedule;
    const [left, right] = schedule.parts;
    const product = this.join(left, right);
    this.log(left, right, product, count);
    const cells = schedule.advance(product);
    // A supermerge that is spelt alike keeps the id; the word takes no part in others then.
    if (cells !== null && this.lengths[product] <= 1) this.appear(cells, product);
  }

  /** Words become single tokens. */
  private appear(cells: readonly number[], id: number): void {
    this.changes++;
    this.lengths[id] = 1;
    if (this.hits.length < cells.length) this.hits = new Int32Array(2 * cells.length);
    this.hits.set(cells);
    this.hitCount = cells.length;
    for (const cell of cells) this.words.cells[cell] = id;
    this.gather(id);
    this.store(id);
  }

  private log(left: number, right: number, product: number, count: number): void {
    this.merges.push(left, right, product);
    this.mergeCounts.push(count);
  }

  private join(left: number, right: number): number {
    const known = this.tokens.size;
    const product = this.tokens.join(left, right);
    if (product === known) this.rule?.addProduct(left, right);
    return product;
  }

  private findAllPairs(): void {
    this.pairs = 0;
    this.listed = 0;
    this.queue.clear();
    const found = new Map<number, number>();
    this.eachPair((key, cell) => {
      let pair = found.get(key);
      if (pair === undefined) found.set(key, (pair = this.enterPair(Math.floor(key / KEY_FACTOR), key % KEY_FACTOR)));
      this.counts[pair] += this.words.counts[this.words.wordOf[cell]];
      this.sizes[pair]++;
    });
    if (this.guessing) this.floor = this.guessedFloor();
    this.guessing = false;
    for (let pair = 0; pair < this.pairs; pair++) {
      if (this.counts[pair] < this.floor || !this.allowed(this.lefts[pair], this.rights[pair])) this.counts[pair] = 0;
      else this.makeList(pair);
    }
    this.eachPair((key, cell) => {
      const pair = found.get(key)!;
      if (this.counts[pair] > 0) this.lists[this.begins[pair] + this.sizes[pair]++] = cell;
    });
  }

  /** As if the pairs that are there now were those that will be merged. */
  private guessedFloor(): number {
    const { guesses, leastCount } = this.limits;
    if (this.pairs <= guesses) return leastCount;
    return Math.max(leastCount, this.counts.slice(0, this.pairs).sort()[this.pairs - 1 - guesses]);
  }

  private eachPair(visit: (key: number, cell: number) => void): void {
    const { cells, size, wall } = this.words;
    for (let at = 0; at < size;) {
      if (cells[at] === wall) {
        at++;
        continue;
      }
      const next = at + this.lengths[cells[at]];
      if (cells[next] !== wall) visit(cells[at] * KEY_FACTOR + cells[next], at);
      at = next;
    }
  }

  private enterPair(left: number, right: number): number {
    const pair = this.pairs++;
    if (pair === this.lefts.length) this.growPairs();
    this.lefts[pair] = left;
    this.rights[pair] = right;
    this.counts[pair] = this.sizes[pair] = 0;
    this.counted[pair] = this.changes;
    return pair;
  }

  /** Room for the pair's list; its size, until now what it will be, begins at 0. */
  private makeList(pair: number): void {
    this.begins[pair] = this.listed;
    this.listed += this.sizes[pair];
    this.sizes[pair] = 0;
    if (this.listed > this.lists.length) this.lists = grown(this.lists, new Int32Array(Math.max(this.listed, 2 * this.lists.length)));
    this.queue.push(this.counts[pair], pair);
  }

  private growPairs(): void {
    const capacity = 2 * this.lefts.length;
    this.lefts = grown(this.lefts, new Int32Array(capacity));
    this.rights = grown(this.rights, new Int32Array(capacity));
    this.counts = grown(this.counts, new Float64Array(capacity));
    this.begins = grown(this.begins, new Int32Array(capacity));
    this.sizes = grown(this.sizes, new Int32Array(capacity));
    this.counted = grown(this.counted, new Int32Array(capacity));
  }

  private allowed(left: number, right: number): boolean {
    const length = this.lengths[left] + this.lengths[right];
    return (length < this.limits.maxTokenLength || length === 2) && (this.rule === null || this.rule.allows(left, right));
  }

  /** An occurrence goes when its left token becomes a right part, or its right token a left part. */
  private isStale(pair: number): boolean {
    return this.counted[pair] < Math.max(this.usedRight[this.lefts[pair]], this.usedLeft[this.rights[pair]]);
  }

  /** Keeps the cells where the pair still stands. */
  private recount(pair: number): void {
    const { lists } = this;
    const { cells, wordOf, counts } = this.words;
    const left = this.lefts[pair];
    const right = this.rights[pair];
    const length = this.lengths[left];
    const begin = this.begins[pair];
    const end = begin + this.sizes[pair];
    let kept = begin;
    let count = 0;
    for (let i = begin; i < end; i++) {
      const cell = lists[i];
      if (cells[cell] !== left || cells[cell + length] !== right) continue;
      lists[kept++] = cell;
      count += counts[wordOf[cell]];
    }
    this.sizes[pair] = kept - begin;
    this.counts[pair] = count;
    this.counted[pair] = this.changes;
  }

  private merge(pair: number): void {
    const left = this.lefts[pair];
    const right = this.rights[pair];
    const known = this.tokens.size;
    const product = this.join(left, right);
    if (this.limits.tokenWords && product < known) return;
    this.log(this.schedule === null ? left : left + SUPERMERGE, right, product, this.counts[pair]);
    this.changes++;
    const length = this.lengths[left] + this.lengths[right];
    if (this.lengths[product] !== 0 && this.lengths[product] !== length)
      throw new MerganserError('UNSUPPORTED', 'Training failed: two tokens of different symbols are spelled alike.');
    this.lengths[product] = length;
    this.usedLeft[left] = this.usedRight[right] = this.changes;
    this.replace(pair, product);
    this.sizes[pair] = 0;
    if (product < known) return this.findAllPairs();
    this.gather(product);
    this.store(product);
  }

  /** Writes the product over all occurrences, from left to right. Where the parts are the same token the one before may have used an occurrence. */
  private replace(pair: number, product: number): void {
    const { lists } = this;
    const { cells, wall } = this.words;
    const left = this.lefts[pair];
    const right = this.rights[pair];
    const leftLength = this.lengths[left];
    const length = this.lengths[product];
    const inner = this.lengths[right] > 1 ? wall : product;
    const begin = this.begins[pair];
    const size = this.sizes[pair];
    if (this.hits.length < size) this.hits = new Int32Array(2 * size);
    let count = 0;
    for (let i = begin; i < begin + size; i++) {
      const cell = lists[i];
      if (left === right && (cells[cell] !== left || cells[cell + leftLength] !== right)) continue;
      cells[cell] = product;
      cells[cell + leftLength] = inner;
      cells[cell + length - 1] = product;
      this.hits[count++] = cell;
    }
    this.hitCount = count;
  }

  private gather(product: number): void {
    const { hits, hitCount, before, after } = this;
    const { cells, wordOf, counts } = this.words;
    const length = this.lengths[product];
    before.clear();
    after.clear();
    for (let i = 0; i < hitCount; i++) {
      const cell = hits[i];
      const count = counts[wordOf[cell]];
      before.add(cells[cell - 1], count);
      after.add(cells[cell + length], count);
    }
  }

  /** Writes the lists of the new pairs that reach the floor. A product beside a product is counted once, as the pair's left part. */
  private store(product: number): void {
    const { before, after, hits, hitCount } = this;
    const { cells } = this.words;
    const length = this.lengths[product];
    let any = false;
    for (let i = 0; i < before.used; i++) any = this.storePair(before, before.ids[i], before.ids[i], product) || any;
    for (let i = 0; i < after.used; i++)
      if (after.ids[i] !== product) any = this.storePair(after, after.ids[i], product, after.ids[i]) || any;
    if (!any) return;
    const { lists, sizes, begins } = this;
    for (let i = 0; i < hitCount; i++) {
      const cell = hits[i];
      const previous = cells[cell - 1];
      const left = before.pairs[previous];
      if (left >= 0) lists[begins[left] + sizes[left]++] = cell - this.lengths[previous];
      const right = after.pairs[cells[cell + length]];
      if (right >= 0) lists[begins[right] + sizes[right]++] = cell;
    }
  }

  private storePair(neighbours: Neighbours, id: number, left: number, right: number): boolean {
    if (id === this.words.wall || neighbours.counts[id] < this.floor || !this.allowed(left, right)) return false;
    const pair = this.enterPair(left, right);
    this.counts[pair] = neighbours.counts[id];
    this.sizes[pair] = neighbours.occurrences[id];
    this.makeList(pair);
    neighbours.pairs[id] = pair;
    return true;
  }
}

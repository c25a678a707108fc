/**
 * Merging the tokens of a batch: what recounting all pairs before every merge would choose, at a cost that grows with the occurrences merged.
 * Twin of native/include/merganser/dynamic/batch_merger.hpp, which says how it works.
 */
import { type MergedTokens, type PairQuestions, type TokenMergeRun, TokenTrait } from '../../dynamic-kernels';
import { IdBuffer } from '../id-buffer';
import { BatchTokens } from './batch-tokens';
import type { MergerVocabulary } from './merger-vocabulary';
import { PairHeap } from './pair-heap';
import { PairLists, PairState } from './pair-lists';
import { isBarred } from './traits';

/** In cells: the end of a sequence, a token that is never merged, or what a token to the left holds. */
const WALL = 0xffff_ffff;
const NEVER = 0xffff_ffff;
/** Cells and occurrences between two pauses. */
const PAUSE_EVERY = 1 << 14;
/** Candidates that are looked through for questions. */
const LEAST_LOOKED_THROUGH = 256;
const MOST_LOOKED_THROUGH = 2048;

/** null: a pause, in which other work may be done. */
type Pauses<Result> = Generator<PairQuestions | null, Result, Uint8Array | undefined>;

export class BatchMerger {
  private readonly tokens: BatchTokens;
  private readonly heap = new PairHeap();
  private readonly lists: PairLists;
  /** Sequence s has a wall before it, and begins in cell offsets[s] + s + 1. A token is in the first of its cells. */
  private readonly cells: Uint32Array;
  /** The last cell of a token by its first, and the other way round. */
  private readonly link: Uint32Array;
  private readonly merges = new IdBuffer();
  private readonly mergeOffsets: number[] = [0];
  private readonly changed: number[] = [];
  private lookedThrough = LEAST_LOOKED_THROUGH;
  private free = false;

  constructor(
    private readonly vocabulary: MergerVocabulary,
    private readonly run: TokenMergeRun,
  ) {
    const { values, offsets } = run;
    this.tokens = new BatchTokens(vocabulary);
    const size = values.length + offsets.length;
    this.lists = new PairLists(size);
    this.cells = new Uint32Array(size).fill(WALL);
    this.link = new Uint32Array(size);
  }

  /** To be sent a verdict for each question. */
  *merge(): Pauses<MergedTokens> {
    yield* this.fillCells();
    const { offsets, perSequence } = this.run;
    const sequences = offsets.length - 1;
    if (!perSequence) yield* this.mergeBatch(0, 0, sequences);
    else for (let s = 0; s < sequences; s++) yield* this.mergeBatch(s, s, s + 1);
    return this.result();
  }

  private *fillCells(): Pauses<void> {
    const { cells, link, run, vocabulary } = this;
    const { traits } = vocabulary.spec;
    for (let cell = 0; cell < link.length; cell++) link[cell] = cell;
    for (let s = 0; s + 1 < run.offsets.length; s++) {
      for (let i = run.offsets[s]; i < run.offsets[s + 1]; i++) {
        const id = run.values[i];
        if ((traits[id] & TokenTrait.Fixed) === 0) cells[i + s + 1] = id;
        if (i % PAUSE_EVERY === 0) yield null;
      }
    }
  }

  private *mergeBatch(batch: number, firstSequence: number, lastSequence: number): Pauses<void> {
    const { freeAfter, offsets } = this.run;
    const limit = this.run.merges[batch];
    const target = this.run.targets[batch];
    const from = offsets[firstSequence] + firstSequence;
    const to = offsets[lastSequence] + lastSequence;
    let tokens = offsets[lastSequence] - offsets[firstSequence];
    let done = 0;
    let sincePause = 0;
    for (this.free = freeAfter === 0; ; this.free = true) {
      yield* this.findPairs(from, to);
      const end = this.free ? limit : Math.min(limit, freeAfter);
      while (done < end && tokens > target) {
        const pair = yield* this.next();
        if (pair < 0) break;
        const merged = this.replace(pair);
        tokens -= merged;
        sincePause += merged;
        done++;
        if (sincePause < PAUSE_EVERY) continue;
        sincePause = 0;
        yield null;
      }
      if (this.free || freeAfter === NEVER || done >= limit || tokens <= target) break;
    }
    this.mergeOffsets.push(this.merges.length / 4);
  }

  /** Lists the pairs of cells [from, to) anew. */
  private *findPairs(from: number, to: number): Pauses<void> {
    const { cells, heap, lists, link } = this;
    lists.clear(from, to);
    heap.clear();
    let pause = from + PAUSE_EVERY;
    for (let cell = from; cell < to;) {
      const next = link[cell] + 1;
      if (next < to && this.mayMeet(cells[cell], cells[next])) lists.add(cells[cell], cells[next], cell);
      cell = next;
      if (cell < pause) continue;
      pause += PAUSE_EVERY;
      yield null;
    }
    for (let pair = 0; pair < lists.pairs; pair++)
      if (lists.count[pair] >= this.run.leastCount) heap.push(lists.count[pair], lists.first[pair], pair);
  }

  private mayMeet(left: number, right: number): boolean {
    if (left === WALL || right === WALL) return false;
    return this.free || !isBarred(this.tokens.traits(left), this.tokens.traits(right));
  }

  /** The pair to be merged next, or −1. */
  private *next(): Pauses<number> {
    const { lists } = this;
    for (let pair = this.popExact(); pair >= 0; pair = this.popExact()) {
      const verdict = this.verdict(pair);
      if (verdict === true) return pair;
      if (verdict === false) continue;
      this.heap.push(lists.count[pair], lists.first[pair], pair);
      yield* this.ask();
    }
    return -1;
  }

  /** The pair that is first as things are; its entry is taken out. */
  private popExact(): number {
    const { heap, lists } = this;
    for (let pair = heap.pop(); pair >= 0; pair = heap.pop()) {
      const count = lists.count[pair];
      if (count < this.run.leastCount || (lists.state[pair] & PairState.Forbidden) !== 0) continue;
      const first = lists.settleFirst(pair);
      if (heap.count === count && heap.first === first) return pair;
      heap.push(count, first, pair);
    }
    return -1;
  }

  /** undefined: to be asked for. */
  private verdict(pair: number): boolean | undefined {
    const { lists, tokens } = this;
    const state = lists.state[pair];
    if (this.free || (state & PairState.Allowed) !== 0) return true;
    if ((state & PairState.Forbidden) !== 0) return false;
    const left = lists.left[pair];
    const known = this.vocabulary.verdict(tokens.textOfPair(left, lists.right[pair]), tokens.text(left).length);
    if (known !== undefined) this.settle(pair, known);
    return known;
  }

  private settle(pair: number, allowed: boolean): void {
    this.lists.state[pair] |= allowed ? PairState.Allowed : PairState.Forbidden;
  }

  /** Asks for the verdicts on the pairs that come next (in order of counts alone), in one go. */
  private *ask(): Pauses<void> {
    const { heap, lists, tokens, vocabulary } = this;
    const asked: number[] = [];
    const seen: number[] = [];
    let looked = 0;
    while (looked < this.lookedThrough) {
      const pair = heap.pop();
      if (pair < 0) break;
      const count = lists.count[pair];
      if (count < this.run.leastCount || (lists.state[pair] & PairState.Forbidden) !== 0) continue;
      if (heap.count !== count) {
        heap.push(count, lists.first[pair], pair);
        continue;
      }
      looked++;
      const known = this.verdict(pair);
      if (known === false) continue;
      seen.push(pair);
      if (known || (lists.state[pair] & PairState.Asked) !== 0) continue;
      lists.state[pair] |= PairState.Asked;
      asked.push(pair);
    }
    for (const pair of seen) heap.push(lists.count[pair], lists.first[pair], pair);
    // Looking further is worth it while much of what is seen is not known.
    if (4 * asked.length >= looked) this.lookedThrough = Math.min(2 * this.lookedThrough, MOST_LOOKED_THROUGH);
    else if (16 * asked.length < looked) this.lookedThrough = Math.max(this.lookedThrough / 2, LEAST_LOOKED_THROUGH);

    const texts = asked.map((pair) => tokens.textOfPair(lists.left[pair], lists.right[pair]));
    const splits = Uint32Array.from(asked, (pair) => tokens.text(lists.left[pair]).length);
    const verdicts = (yield questionsOf(texts, splits))!;
    asked.forEach((pair, i) => {
      lists.state[pair] &= ~PairState.Asked;
      vocabulary.remember(texts[i], splits[i], verdicts[i] === 1);
      this.settle(pair, verdicts[i] === 1);
    });
  }

  /** Makes each occurrence of a pair one token; their number. */
  private replace(pair: number): number {
    const { cells, lists, link, tokens } = this;
    const left = lists.left[pair];
    const right = lists.right[pair];
    const product = tokens.join(left, right);
    let occurrences = 0;
    for (const cell of lists.takeAll(pair)) {
      // Of overlapping occurrences the one to the left was first.
      if (cells[cell] !== left) continue;
      occurrences++;
      const middle = link[cell] + 1;
      const last = link[middle];
      const before = link[cell - 1];
      lists.remove(before);
      lists.remove(middle);
      cells[middle] = WALL;
      cells[cell] = product;
      link[cell] = last;
      link[last] = cell;
      this.addPair(before, cells[before], product);
      if (last + 1 < cells.length) this.addPair(cell, product, cells[last + 1]);
    }
    for (const number of this.changed) {
      lists.state[number] &= ~PairState.Changed;
      if (lists.count[number] >= this.run.leastCount) this.heap.push(lists.count[number], lists.first[number], number);
    }
    this.changed.length = 0;
    for (const value of [left, right, product, occurrences]) this.merges.push(value);
    return occurrences;
  }

  private addPair(cell: number, left: number, right: number): void {
    if (!this.mayMeet(left, right)) return;
    const { lists } = this;
    const pair = lists.add(left, right, cell);
    if ((lists.state[pair] & PairState.Changed) !== 0) return;
    lists.state[pair] |= PairState.Changed;
    this.changed.push(pair);
  }

  private result(): MergedTokens {
    const { values, offsets } = this.run;
    const kept = new Uint32Array(values.length);
    const starts = new Uint32Array(values.length + 1);
    const keptOffsets = new Uint32Array(offsets.length);
    let count = 0;
    for (let s = 0; s + 1 < offsets.length; s++) {
      for (let i = offsets[s]; i < offsets[s + 1]; i += this.link[i + s + 1] - (i + s + 1) + 1) {
        const id = this.cells[i + s + 1];
        kept[count] = id === WALL ? values[i] : id;
        starts[count++] = i;
      }
      keptOffsets[s + 1] = count;
    }
    starts[count] = values.length;
    return {
      values: kept.slice(0, count),
      offsets: keptOffsets,
      starts: starts.slice(0, count + 1),
      ...this.tokens.result(),
      merges: this.merges.values.slice(0, this.merges.length),
      mergeOffsets: Uint32Array.from(this.mergeOffsets),
    };
  }
}

function questionsOf(texts: readonly Uint8Array[], splits: Uint32Array): PairQuestions {
  const offsets = new Uint32Array(texts.length + 1);
  texts.forEach((text, i) => (offsets[i + 1] = offsets[i] + text.length));
  const bytes = new Uint8Array(offsets[texts.length]);
  texts.forEach((text, i) => bytes.set(text, offsets[i]));
  return { bytes, offsets, splits };
}

import { NO_RANK, type PairTable } from './pair-table';

/** Pieces of more symbols than this are merged with a heap. */
const LINEAR_SCAN_LIMIT = 64;
/** Scratch arrays of more symbols than this are not kept between calls. */
const KEPT_SYMBOLS = 1 << 16;

/**
 * Byte-pair merging: again and again the neighbours with the lowest rank, the leftmost of them if several have it, become one symbol.
 * Works in place on symbols that lie in an array of the caller.
 */
export class Merger {
  private readonly pairs: PairTable;
  private readonly ranks = new Int32Array(LINEAR_SCAN_LIMIT);
  private readonly long: LongMerge;

  constructor(pairs: PairTable) {
    this.pairs = pairs;
    this.long = new LongMerge(pairs);
  }

  /** Merges ids[0, count) and returns how many are left. */
  merge(ids: Int32Array, count: number): number {
    if (count < 2) return count;
    return count <= LINEAR_SCAN_LIMIT ? this.mergeShort(ids, count) : this.long.merge(ids, null, count);
  }

  /** The same for symbols of known length: a merged symbol is as long as its parts together. */
  mergeWithLengths(ids: Int32Array, lengths: Int32Array, count: number): number {
    return count < 2 ? count : this.long.merge(ids, lengths, count);
  }

  /** A scan for the lowest rank before each merge: quadratic, but with next to no overhead. */
  private mergeShort(ids: Int32Array, count: number): number {
    const { pairs, ranks } = this;
    for (let i = 0; i + 1 < count; i++) ranks[i] = pairs.find(ids[i], ids[i + 1]);
    for (;;) {
      let lowest = NO_RANK;
      let at = 0;
      for (let i = 0; i + 1 < count; i++) {
        if (ranks[i] < lowest) {
          lowest = ranks[i];
          at = i;
        }
      }
      if (lowest === NO_RANK) return count;
      count--;
      ids[at] = pairs.product(lowest);
      for (let i = at + 1; i < count; i++) {
        ids[i] = ids[i + 1];
        ranks[i] = ranks[i + 1];
      }
      if (at + 1 < count) ranks[at] = pairs.find(ids[at], ids[at + 1]);
      if (at > 0) ranks[at - 1] = pairs.find(ids[at - 1], ids[at]);
    }
  }
}

/** n log n: a binary heap of candidate merges over a doubly linked list of symbols. */
class LongMerge {
  private readonly pairs: PairTable;
  private capacity = 0;
  /** Rank of the pair that begins at each symbol. */
  private ranks = new Int32Array(0);
  private next = new Int32Array(0);
  private previous = new Int32Array(0);
  /** Candidates as rank × 2³¹ + position: one comparison orders by rank, then from left to right. */
  private heap = new Float64Array(0);
  private heapSize = 0;

  constructor(pairs: PairTable) {
    this.pairs = pairs;
  }

  merge(ids: Int32Array, lengths: Int32Array | null, count: number): number {
    this.reserve(count);
    this.link(ids, count);
    this.mergeCandidates(ids, lengths, count);
    let kept = 0;
    for (let i = 0; i < count; i = this.next[i]) {
      ids[kept] = ids[i];
      if (lengths !== null) lengths[kept] = lengths[i];
      kept++;
    }
    if (this.capacity > KEPT_SYMBOLS) this.allocate(0);
    return kept;
  }

  private reserve(count: number): void {
    if (count > this.capacity) this.allocate(Math.max(count, Math.min(2 * this.capacity, KEPT_SYMBOLS)));
  }

  private allocate(capacity: number): void {
    this.capacity = capacity;
    this.ranks = new Int32Array(capacity);
    this.next = new Int32Array(capacity);
    this.previous = new Int32Array(capacity);
    // Every merge takes one candidate and adds two at most.
    this.heap = new Float64Array(2 * capacity);
  }

  private link(ids: Int32Array, count: number): void {
    const { pairs, ranks, next, previous, heap } = this;
    let size = 0;
    for (let i = 0; i < count; i++) {
      next[i] = i + 1;
      previous[i] = i - 1;
      const rank = i + 1 < count ? pairs.find(ids[i], ids[i + 1]) : NO_RANK;
      ranks[i] = rank;
      if (rank !== NO_RANK) heap[size++] = rank * 2 ** 31 + i;
    }
    this.heapSize = size;
    for (let i = (size >> 1) - 1; i >= 0; i--) this.siftDown(i);
  }

  private mergeCandidates(ids: Int32Array, lengths: Int32Array | null, count: number): void {
    const { pairs, ranks, next, previous, heap } = this;
    while (this.heapSize > 0) {
      const candidate = heap[0];
      const rank = Math.floor(candidate / 2 ** 31);
      const at = candidate - rank * 2 ** 31;
      // A candidate is stale if its symbols have changed, except that another pair with the same product may stand in for it (as in Hugging Face).
      if (ranks[at] === NO_RANK || (ranks[at] !== rank && pairs.product(ranks[at]) !== pairs.product(rank))) {
        this.removeTop();
        continue;
      }
      const right = next[at];
      const after = next[right];
      ids[at] = pairs.product(rank);
      if (lengths !== null) lengths[at] += lengths[right];
      next[at] = after;
      ranks[right] = NO_RANK;
      const rankAfter = after < count ? pairs.find(ids[at], ids[after]) : NO_RANK;
      ranks[at] = rankAfter;
      if (after < count) previous[after] = at;
      if (rankAfter === NO_RANK) this.removeTop();
      else this.replaceTop(rankAfter * 2 ** 31 + at);
      const before = previous[at];
      if (before >= 0) {
        const rankBefore = pairs.find(ids[before], ids[at]);
        ranks[before] = rankBefore;
        if (rankBefore !== NO_RANK) this.push(rankBefore * 2 ** 31 + before);
      }
    }
  }

  private push(key: number): void {
    const { heap } = this;
    let i = this.heapSize++;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (heap[parent] <= key) break;
      heap[i] = heap[parent];
      i = parent;
    }
    heap[i] = key;
  }

  private replaceTop(key: number): void {
    this.heap[0] = key;
    this.siftDown(0);
  }

  private removeTop(): void {
    this.heap[0] = this.heap[--this.heapSize];
    this.siftDown(0);
  }

  private siftDown(i: number): void {
    const { heap, heapSize } = this;
    const key = heap[i];
    for (;;) {
      let child = 2 * i + 1;
      if (child >= heapSize) break;
      if (child + 1 < heapSize && heap[child + 1] < heap[child]) child++;
      if (heap[child] >= key) break;
      heap[i] = heap[child];
      i = child;
    }
    heap[i] = key;
  }
}

/**
 * The adjacent pairs of a batch, each with its occurrences as a doubly linked list through the cells: one more or one less costs the same
 * everywhere, so that counts are always exact. Twin of native/include/merganser/dynamic/pair_lists.hpp.
 */

/** What is known of a pair, as bits. */
export const enum PairState {
  Allowed = 1,
  Forbidden = 2,
  /** Its occurrences are not in order. */
  Unordered = 4,
  /** Among those whose entries in the heap are out of date. */
  Changed = 8,
  /** Among the questions that are being collected. */
  Asked = 16,
}

/** No cell: cell 0 is a wall, where no pair stands. */
const NONE = 0;
const MIN_SLOTS = 1 << 10;

export class PairLists {
  /** Open addressing: pair + 1, 0 is free. At most half full. */
  private slots = new Uint32Array(MIN_SLOTS);
  private size = 0;
  left = new Uint32Array(MIN_SLOTS / 2);
  right = new Uint32Array(MIN_SLOTS / 2);
  count = new Uint32Array(MIN_SLOTS / 2);
  /** No occurrence comes before this cell. */
  first = new Uint32Array(MIN_SLOTS / 2);
  state = new Uint8Array(MIN_SLOTS / 2);
  private head = new Uint32Array(MIN_SLOTS / 2);
  private tail = new Uint32Array(MIN_SLOTS / 2);
  /** By cell: pair + 1 of the pair that begins there, 0: none is kept. */
  private readonly pairAt: Uint32Array;
  private readonly before: Uint32Array;
  private readonly after: Uint32Array;

  constructor(cells: number) {
    this.pairAt = new Uint32Array(cells);
    this.before = new Uint32Array(cells);
    this.after = new Uint32Array(cells);
  }

  get pairs(): number {
    return this.size;
  }

  /** Forgets all pairs, which must not stand in cells [from, to) any more afterwards. */
  clear(from: number, to: number): void {
    this.pairAt.fill(0, from, to);
    if (this.size * 8 < this.slots.length) for (let pair = 0; pair < this.size; pair++) this.free(pair);
    else this.slots.fill(0);
    this.size = 0;
  }

  /** Adds an occurrence; the pair. */
  add(left: number, right: number, cell: number): number {
    const pair = this.pairOf(left, right);
    const tail = this.tail[pair];
    if (this.count[pair]++ === 0) {
      this.head[pair] = this.first[pair] = cell;
      this.state[pair] &= ~PairState.Unordered;
      this.before[cell] = NONE;
    } else {
      if (cell < tail) this.state[pair] |= PairState.Unordered;
      if (cell < this.first[pair]) this.first[pair] = cell;
      this.after[tail] = cell;
      this.before[cell] = tail;
    }
    this.after[cell] = NONE;
    this.tail[pair] = cell;
    this.pairAt[cell] = pair + 1;
    return pair;
  }

  /** Takes away the occurrence at a cell, if one is kept there; the pair, or −1. */
  remove(cell: number): number {
    const pair = this.pairAt[cell] - 1;
    if (pair < 0) return -1;
    this.pairAt[cell] = 0;
    const before = this.before[cell];
    const after = this.after[cell];
    if (before === NONE) this.head[pair] = after;
    else this.after[before] = after;
    if (after === NONE) this.tail[pair] = before;
    else this.before[after] = before;
    this.count[pair]--;
    return pair;
  }

  /** Makes `first` exact. The pair has occurrences. */
  settleFirst(pair: number): number {
    if ((this.state[pair] & PairState.Unordered) !== 0) this.order(pair);
    return (this.first[pair] = this.head[pair]);
  }

  /** Takes away all occurrences, which come in order. */
  takeAll(pair: number): Uint32Array {
    const cells = this.cellsOf(pair);
    if ((this.state[pair] & PairState.Unordered) !== 0) cells.sort();
    for (const cell of cells) this.pairAt[cell] = 0;
    this.count[pair] = 0;
    return cells;
  }

  private cellsOf(pair: number): Uint32Array {
    const cells = new Uint32Array(this.count[pair]);
    for (let i = 0, cell = this.head[pair]; cell !== NONE; cell = this.after[cell]) cells[i++] = cell;
    return cells;
  }

  private order(pair: number): void {
    const cells = this.cellsOf(pair).sort();
    this.state[pair] &= ~PairState.Unordered;
    for (let i = 0; i < cells.length; i++) {
      this.before[cells[i]] = i === 0 ? NONE : cells[i - 1];
      this.after[cells[i]] = i + 1 === cells.length ? NONE : cells[i + 1];
    }
    this.head[pair] = cells[0];
    this.tail[pair] = cells[cells.length - 1];
  }

  private pairOf(left: number, right: number): number {
    const slot = this.slotOf(left, right);
    if (this.slots[slot] !== 0) return this.slots[slot] - 1;
    const pair = this.size++;
    if (pair === this.left.length) this.growPairs();
    this.left[pair] = left;
    this.right[pair] = right;
    this.count[pair] = this.state[pair] = 0;
    this.slots[slot] = pair + 1;
    if (2 * this.size > this.slots.length) this.growSlots();
    return pair;
  }

  private slotOf(left: number, right: number): number {
    const mask = this.slots.length - 1;
    const hash = Math.imul(left ^ Math.imul(right, 0x9e3779b1), 0x85ebca6b);
    for (let slot = (hash ^ (hash >>> 15)) & mask; ; slot = (slot + 1) & mask) {
      const pair = this.slots[slot] - 1;
      if (pair < 0 || (this.left[pair] === left && this.right[pair] === right)) return slot;
    }
  }

  /** Frees the slots of one run that the pair stands in; every pair is going to be freed. */
  private free(pair: number): void {
    const mask = this.slots.length - 1;
    const hash = Math.imul(this.left[pair] ^ Math.imul(this.right[pair], 0x9e3779b1), 0x85ebca6b);
    for (let slot = (hash ^ (hash >>> 15)) & mask; this.slots[slot] !== 0; slot = (slot + 1) & mask) this.slots[slot] = 0;
  }

  private growSlots(): void {
    this.slots = new Uint32Array(2 * this.slots.length);
    for (let pair = 0; pair < this.size; pair++) this.slots[this.slotOf(this.left[pair], this.right[pair])] = pair + 1;
  }

  private growPairs(): void {
    const grown = (values: Uint32Array): Uint32Array<ArrayBuffer> => {
      const larger = new Uint32Array(2 * values.length);
      larger.set(values);
      return larger;
    };
    const states = new Uint8Array(2 * this.state.length);
    states.set(this.state);
    this.state = states;
    this.left = grown(this.left);
    this.right = grown(this.right);
    this.count = grown(this.count);
    this.first = grown(this.first);
    this.head = grown(this.head);
    this.tail = grown(this.tail);
  }
}

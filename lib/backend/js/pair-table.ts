import { MerganserError } from '../../errors';

/** "No merge" where a rank is expected; larger than every rank, so that a search for the lowest rank needs no special case. */
export const NO_RANK = 0x7fffffff;

/** Ranks must leave room for a position in one double (see LongMerge). */
const MAX_MERGES = 1 << 22;

/** Words of a rule. */
const LEFT = 0;
const RIGHT = 1;
const PRODUCT = 2;
const RULE_WORDS = 4;

/** Merge rules in order of rank, with a hash table from a pair of ids to its rank. */
export class PairTable {
  /** Number of ranks; not every one need have a rule. */
  readonly ranks: number;
  /** Left id, right id and product of each rank side by side, so that they share a line of the processor's cache; −1 where there is no rule. */
  private readonly rules: Int32Array;

  /**
   * Open addressing, linear probing. A slot holds rank + 1 in its low bits and, above them, bits of the pair's hash: a failed look-up (most are)
   * touches only this array.
   */
  private readonly slots: Int32Array;
  private readonly slotMask: number;
  private readonly slotShift: number;
  private readonly rankMask: number;
  private readonly rankBits: number;

  /** `capacity`: number of ranks. Rules are added with `set`. */
  constructor(capacity: number) {
    if (capacity > MAX_MERGES) {
      throw new MerganserError('UNSUPPORTED', `Expected at most ${MAX_MERGES} merges, but got ${capacity}.`);
    }
    this.ranks = capacity;
    this.rules = new Int32Array(RULE_WORDS * capacity).fill(-1);
    const slotBits = Math.max(4, 33 - Math.clz32(capacity));
    this.slots = new Int32Array(2 ** slotBits);
    this.slotMask = 2 ** slotBits - 1;
    this.slotShift = 32 - slotBits;
    this.rankBits = 32 - Math.clz32(capacity);
    this.rankMask = 2 ** this.rankBits - 1;
  }

  /** The table of explicit merges: (left, right, product) triples in order of rank. Of equal pairs the last counts. */
  static fromMerges(merges: Uint32Array): PairTable {
    const table = new PairTable(merges.length / 3);
    for (let rank = 0, i = 0; i < merges.length; rank++, i += 3) table.set(rank, merges[i], merges[i + 1], merges[i + 2]);
    return table;
  }

  /** Gives a pair its rank; a pair that had one loses it. */
  set(rank: number, left: number, right: number, product: number): void {
    const { rules } = this;
    rules[RULE_WORDS * rank + LEFT] = left;
    rules[RULE_WORDS * rank + RIGHT] = right;
    rules[RULE_WORDS * rank + PRODUCT] = product;
    const hash = hashPair(left, right);
    const tag = hash << this.rankBits;
    let slot = hash >>> this.slotShift;
    for (; this.slots[slot] !== 0; slot = (slot + 1) & this.slotMask) {
      const other = RULE_WORDS * ((this.slots[slot] & this.rankMask) - 1);
      if (rules[other + LEFT] === left && rules[other + RIGHT] === right) break;
    }
    this.slots[slot] = tag | (rank + 1);
  }

  /** The left id of a rule, −1 if the rank has none. */
  left(rank: number): number {
    return this.rules[RULE_WORDS * rank + LEFT];
  }

  right(rank: number): number {
    return this.rules[RULE_WORDS * rank + RIGHT];
  }

  product(rank: number): number {
    return this.rules[RULE_WORDS * rank + PRODUCT];
  }

  /** Rank of the pair, or NO_RANK. */
  find(left: number, right: number): number {
    const { slots, slotMask, rankMask, rules } = this;
    const hash = hashPair(left, right);
    const tag = hash << this.rankBits;
    for (let slot = hash >>> this.slotShift; ; slot = (slot + 1) & slotMask) {
      const entry = slots[slot];
      if (entry === 0) return NO_RANK;
      if ((entry & ~rankMask) === tag) {
        const rank = (entry & rankMask) - 1;
        if (rules[RULE_WORDS * rank + LEFT] === left && rules[RULE_WORDS * rank + RIGHT] === right) return rank;
      }
    }
  }
}

/** High bits choose the slot, low bits the tag: both must be well mixed. */
function hashPair(left: number, right: number): number {
  let hash = Math.imul(left, 0x9e3779b1) ^ Math.imul(right, 0x85ebca77);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return hash ^ (hash >>> 13);
}

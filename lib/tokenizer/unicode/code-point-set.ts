/**
 * An immutable set of Unicode code points, held as sorted ranges. Character classes, properties and case-folding closures are such sets,
 * so their algebra must be cheap: every operation is one linear pass over the ranges.
 */

import { invalidArgument, unexpected } from '../../errors';

/** The largest code point. Sets may hold surrogates too: property data assigns them values. */
export const MAX_CODE_POINT = 0x10ffff;
const LIMIT = MAX_CODE_POINT + 1;

/** Truth tables: bit 1 for what is in the first set only, bit 2 in the second only, bit 3 in both; bit 0, in neither, is clear. */
const OR = 0b1110;
const AND = 0b1000;
const AND_NOT = 0b0010;
const XOR = 0b0110;

export class CodePointSet implements Iterable<readonly [start: number, endExclusive: number]> {
  static readonly EMPTY = new CodePointSet(new Uint32Array(0));
  static readonly ALL = new CodePointSet(Uint32Array.of(0, LIMIT));

  /** start, endExclusive of each range: ascending, never empty, never touching each other. */
  private constructor(readonly ranges: Uint32Array) {}

  /**
   * The union of `[start, endExclusive]` ranges and single code points, in any order, overlapping or not. Empty ranges are ignored.
   * @throws MerganserError INVALID_ARGUMENT for a bound outside 0 … 0x110000.
   */
  static of(...ranges: ReadonlyArray<readonly [start: number, endExclusive: number] | number>): CodePointSet {
    const sorted = ranges
      .map((range) => (typeof range === 'number' ? ([range, range + 1] as const) : range))
      .filter(([start, end]) => {
        checkBound(start);
        checkBound(end);
        return start < end;
      })
      .sort((a, b) => a[0] - b[0]);
    const builder = new RangeBuilder(2 * sorted.length);
    for (const [start, end] of sorted) builder.add(start, end);
    return CodePointSet.fromBuilder(builder);
  }

  /**
   * The set of flat start, endExclusive pairs that are already ascending and disjoint (touching ranges are joined).
   * @throws MerganserError INVALID_ARGUMENT if they are not.
   */
  static fromSortedRanges(ranges: ArrayLike<number>): CodePointSet {
    if (ranges.length % 2 !== 0) throw invalidArgument('ranges', 'start, end pairs', ranges.length);
    const builder = new RangeBuilder(ranges.length);
    let previous = 0;
    for (let i = 0; i < ranges.length; i += 2) {
      const start = ranges[i];
      const end = ranges[i + 1];
      if (!(start >= previous && end > start && end <= LIMIT)) throw unexpected('ranges', 'ascending and disjoint', `${start}-${end}`);
      builder.add(start, end);
      previous = end;
    }
    return CodePointSet.fromBuilder(builder);
  }

  /** All code points for which `predicate` holds. It is asked 0x110000 times. */
  static fromPredicate(predicate: (codePoint: number) => boolean): CodePointSet {
    const builder = new RangeBuilder(64);
    let start = -1;
    for (let cp = 0; cp <= LIMIT; cp++) {
      const inside = cp < LIMIT && predicate(cp);
      if (inside && start < 0) start = cp;
      if (!inside && start >= 0) {
        builder.add(start, cp);
        start = -1;
      }
    }
    return CodePointSet.fromBuilder(builder);
  }

  private static fromBuilder(builder: RangeBuilder): CodePointSet {
    const ranges = builder.finish();
    return ranges.length === 0 ? CodePointSet.EMPTY : new CodePointSet(ranges);
  }

  /** Number of code points. */
  get size(): number {
    let size = 0;
    for (let i = 0; i < this.ranges.length; i += 2) size += this.ranges[i + 1] - this.ranges[i];
    return size;
  }

  get isEmpty(): boolean {
    return this.ranges.length === 0;
  }

  has(codePoint: number): boolean {
    const { ranges } = this;
    let low = 0;
    let high = ranges.length;
    // Finds how many bounds are <= codePoint: odd means inside a range.
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (ranges[middle] <= codePoint) low = middle + 1;
      else high = middle;
    }
    return (low & 1) === 1;
  }

  union(other: CodePointSet): CodePointSet {
    return this.combine(other, OR);
  }

  intersect(other: CodePointSet): CodePointSet {
    return this.combine(other, AND);
  }

  subtract(other: CodePointSet): CodePointSet {
    return this.combine(other, AND_NOT);
  }

  /** What is in exactly one of the two sets. */
  symmetricDifference(other: CodePointSet): CodePointSet {
    return this.combine(other, XOR);
  }

  /** Everything in 0 … 0x10FFFF that is not in this set. */
  complement(): CodePointSet {
    return CodePointSet.ALL.subtract(this);
  }

  equals(other: CodePointSet): boolean {
    const { ranges } = this;
    return ranges.length === other.ranges.length && ranges.every((bound, i) => bound === other.ranges[i]);
  }

  *[Symbol.iterator](): IterableIterator<readonly [start: number, endExclusive: number]> {
    for (let i = 0; i < this.ranges.length; i += 2) yield [this.ranges[i], this.ranges[i + 1]];
  }

  /** Every code point, ascending. */
  *codePoints(): IterableIterator<number> {
    for (const [start, end] of this) for (let cp = start; cp < end; cp++) yield cp;
  }

  /** Sweeps over both sets' bounds at once; what the table says of being in either is kept. */
  private combine(other: CodePointSet, table: number): CodePointSet {
    const a = this.ranges;
    const b = other.ranges;
    const builder = new RangeBuilder(a.length + b.length);
    let i = 0;
    let j = 0;
    let start = -1;
    while (i < a.length || j < b.length) {
      const bound = Math.min(i < a.length ? a[i] : LIMIT, j < b.length ? b[j] : LIMIT);
      if (i < a.length && a[i] === bound) i++;
      if (j < b.length && b[j] === bound) j++;
      const inside = ((table >>> ((i & 1) | ((j & 1) << 1))) & 1) === 1;
      if (inside && start < 0) start = bound;
      if (!inside && start >= 0) {
        builder.add(start, bound);
        start = -1;
      }
    }
    return CodePointSet.fromBuilder(builder);
  }
}

function checkBound(bound: number): void {
  if (!(Number.isInteger(bound) && bound >= 0 && bound <= LIMIT)) {
    throw invalidArgument('a bound of a range', 'a code point or 0x110000', bound);
  }
}

/** Collects ranges that arrive in order of their starts, joining those that touch or overlap. */
class RangeBuilder {
  private bounds: Uint32Array;
  private length = 0;

  constructor(capacity: number) {
    this.bounds = new Uint32Array(Math.max(capacity, 2));
  }

  add(start: number, end: number): void {
    const { length } = this;
    if (length > 0 && start <= this.bounds[length - 1]) {
      if (end > this.bounds[length - 1]) this.bounds[length - 1] = end;
      return;
    }
    if (length === this.bounds.length) {
      const grown = new Uint32Array(2 * length);
      grown.set(this.bounds);
      this.bounds = grown;
    }
    this.bounds[length] = start;
    this.bounds[length + 1] = end;
    this.length = length + 2;
  }

  finish(): Uint32Array {
    return this.bounds.slice(0, this.length);
  }
}

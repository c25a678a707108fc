/** Cuts Unicode into classes: code points that no set of a pattern tells apart are of one class. */

import { MerganserError } from '../../errors';
import type { CodePointSet } from '../unicode/code-point-set';

const CODE_POINTS = 0x110000;
const PAGE = 256;
const MAX_CLASSES = 255;

export interface CharacterClasses {
  readonly classCount: number;
  /** See PatternProgram. */
  readonly classPages: Uint16Array;
  readonly classIds: Uint8Array;
  /** For each set, in the order given, and each class: whether the set holds it. */
  readonly members: readonly Uint8Array[];
}

/**
 * The coarsest partition that every set is a union of. Class 0 is what no set holds, even if there is nothing such.
 * @throws MerganserError INVALID_PATTERN if there are more than 255 classes.
 */
export function partition(sets: readonly CodePointSet[], source: string): CharacterClasses {
  const bounds = sortedBounds(sets);
  const intervals = bounds.length - 1;
  const classOf = new Uint32Array(intervals);
  let classes = 1;
  for (const set of sets) classes = refine(classOf, classes, bounds, set);
  const classCount = renumber(classOf);
  if (classCount > MAX_CLASSES) {
    throw new MerganserError(
      'INVALID_PATTERN',
      `The regular expression ${JSON.stringify(source)} tells ${classCount} classes of characters apart; ${MAX_CLASSES} are supported.`,
    );
  }
  return { classCount, ...buildPages(bounds, classOf), members: sets.map((set) => membership(set, bounds, classOf, classCount)) };
}

/** Where any set begins or ends, with both ends of the code space. */
function sortedBounds(sets: readonly CodePointSet[]): Uint32Array {
  const all = new Uint32Array(2 + sets.reduce((sum, set) => sum + set.ranges.length, 0));
  all[1] = CODE_POINTS;
  let length = 2;
  for (const set of sets) {
    all.set(set.ranges, length);
    length += set.ranges.length;
  }
  all.sort();
  let kept = 0;
  for (let i = 0; i < all.length; i++) if (i === 0 || all[i] !== all[i - 1]) all[kept++] = all[i]!;
  return all.subarray(0, kept);
}

/** Calls `visit` for each interval (by index) that lies in the set. */
function forEachInside(set: CodePointSet, bounds: Uint32Array, visit: (interval: number) => void): void {
  const { ranges } = set;
  let interval = 0;
  for (let i = 0; i < ranges.length; i += 2) {
    while (bounds[interval] < ranges[i]) interval++;
    for (; bounds[interval] < ranges[i + 1]; interval++) visit(interval);
  }
}

/** Gives what lies in the set classes of its own; numbers may fall out of use. Returns one more than the highest. */
function refine(classOf: Uint32Array, classes: number, bounds: Uint32Array, set: CodePointSet): number {
  const split = new Map<number, number>();
  let next = classes;
  forEachInside(set, bounds, (interval) => {
    const old = classOf[interval];
    let inside = split.get(old);
    if (inside === undefined) split.set(old, (inside = next++));
    classOf[interval] = inside;
  });
  return next;
}

/** Makes the numbers in use consecutive, keeping 0 for "in no set". Returns their count. */
function renumber(classOf: Uint32Array): number {
  const numbers = new Map<number, number>([[0, 0]]);
  for (let i = 0; i < classOf.length; i++) {
    const old = classOf[i];
    let number = numbers.get(old);
    if (number === undefined) numbers.set(old, (number = numbers.size));
    classOf[i] = number;
  }
  return numbers.size;
}

function membership(set: CodePointSet, bounds: Uint32Array, classOf: Uint32Array, classCount: number): Uint8Array {
  const members = new Uint8Array(classCount);
  forEachInside(set, bounds, (interval) => {
    members[classOf[interval]] = 1;
  });
  return members;
}

function buildPages(bounds: Uint32Array, classOf: Uint32Array): { classPages: Uint16Array; classIds: Uint8Array } {
  const classPages = new Uint16Array(CODE_POINTS / PAGE);
  const pages: Uint8Array[] = [];
  const byContent = new Map<string, number>();
  const uniform = new Map<number, number>();
  const intern = (page: Uint8Array): number => {
    const key = String.fromCharCode(...page);
    let number = byContent.get(key);
    if (number === undefined) {
      byContent.set(key, (number = pages.length));
      pages.push(page);
    }
    return number;
  };
  let interval = 0;
  for (let block = 0; block < classPages.length; block++) {
    const start = block * PAGE;
    const end = start + PAGE;
    while (bounds[interval + 1] <= start) interval++;
    if (bounds[interval + 1] >= end) {
      const only = classOf[interval];
      let number = uniform.get(only);
      if (number === undefined) uniform.set(only, (number = intern(new Uint8Array(PAGE).fill(only))));
      classPages[block] = number;
      continue;
    }
    const page = new Uint8Array(PAGE);
    for (let i = interval; bounds[i] < end && i < classOf.length; i++) {
      page.fill(classOf[i], Math.max(bounds[i] - start, 0), Math.min(bounds[i + 1] - start, PAGE));
    }
    classPages[block] = intern(page);
  }
  const classIds = new Uint8Array(pages.length * PAGE);
  pages.forEach((page, i) => classIds.set(page, i * PAGE));
  return { classPages, classIds };
}

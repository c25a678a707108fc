/**
 * What `(?i)` makes equal, in Unicode 16.
 *
 * Single code points: Oniguruma and Rust's regex agree. Two are equal if their simple case foldings are: `s` ~ `S` ~ U+017F, `k` ~ `K` ~ U+212A,
 * `ß` ~ `ẞ`. Turkish rules play no part: U+0130 is equal to nothing but its long folding, and U+0131 to nothing.
 *
 * Sequences: Oniguruma alone also holds a character equal to what full case folding makes of it, both ways and each element in any case:
 * `(?i)ß` matches `sS`, `(?i)ss` matches `ẞ`, `(?i)[ﬁ]` matches `FI`. Rust's regex knows nothing of the sort.
 */

import { LONG_FOLDING, SIMPLE_FOLDING } from './case-tables';
import { CodePointSet } from './code-point-set';
import { forEachMapping } from './table-codec';

/** Sequence that a character folds to, with every character that does so. */
export interface LongFold {
  /** Two or three code points, folded themselves. */
  readonly sequence: readonly number[];
  readonly codePoints: readonly number[];
}

const FEW = 256;

/** Every code point with case equivalents, and its whole class, itself included. */
let classes: Map<number, readonly number[]> | undefined;
let longFolds: LongFold[] | undefined;

function caseClasses(): Map<number, readonly number[]> {
  if (classes !== undefined) return classes;
  const byFolding = new Map<number, number[]>();
  forEachMapping(SIMPLE_FOLDING, (codePoint, [folded]) => {
    const members = byFolding.get(folded);
    if (members) members.push(codePoint);
    else byFolding.set(folded, [folded, codePoint]);
  });
  classes = new Map();
  for (const members of byFolding.values()) for (const member of members) classes.set(member, members);
  return classes;
}

/** All code points that equal this one under `(?i)`, itself included. */
export function caseEquivalents(codePoint: number): readonly number[] {
  return caseClasses().get(codePoint) ?? [codePoint];
}

/** Everything that equals a member of the set under `(?i)`; long foldings apart. */
export function caseClosure(set: CodePointSet): CodePointSet {
  const added: number[] = [];
  const classes = caseClasses();
  // Of a character or two the classes are looked up; of larger sets, each class asks whether it is touched.
  if (set.size < FEW) for (const codePoint of set.codePoints()) added.push(...(classes.get(codePoint) ?? []));
  else for (const [codePoint, members] of classes) if (set.has(codePoint)) added.push(...members);
  return added.length === 0 ? set : set.union(CodePointSet.of(...added));
}

/** The characters that full case folding makes into several, by what they become. For Oniguruma only. */
export function allLongFolds(): readonly LongFold[] {
  if (longFolds !== undefined) return longFolds;
  const bySequence = new Map<string, { sequence: number[]; codePoints: number[] }>();
  forEachMapping(LONG_FOLDING, (codePoint, sequence) => {
    const key = sequence.join();
    const fold = bySequence.get(key);
    if (fold) fold.codePoints.push(codePoint);
    else bySequence.set(key, { sequence, codePoints: [codePoint] });
  });
  return (longFolds = [...bySequence.values()]);
}

/** The long folding of a code point, undefined if it has none. For Oniguruma only. */
export function longFold(codePoint: number): LongFold | undefined {
  return allLongFolds().find((fold) => fold.codePoints.includes(codePoint));
}

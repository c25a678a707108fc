/**
 * `(?i)`. Both dialects make single characters equal by simple case folding. In Oniguruma, characters whose full folding is a sequence (ß, ﬁ) are
 * also equal to that sequence; a pattern is searched for such sequences from its start, the longest first, and none overlaps another.
 */

import { allLongFolds, caseClosure, caseEquivalents, longFold } from '../unicode/case-folding';
import type { LongFold } from '../unicode/case-folding';
import { CodePointSet } from '../unicode/code-point-set';
import { alternation, mapChildren, sequence, setNode } from './ast';
import type { PatternNode } from './ast';

/** Everything that equals a member of the set as a single character. */
export function foldCharacterSet(set: CodePointSet): CodePointSet {
  return caseClosure(set);
}

/** The sequences that equal members of a set: alternatives to it. */
export function longFoldsOf(set: CodePointSet): PatternNode[] {
  return allLongFolds()
    .filter((fold) => fold.codePoints.some((codePoint) => set.has(codePoint)))
    .map((fold) => sequence(fold.sequence.map(foldedSet)));
}

/** The tree with all folded characters replaced; neighbours in a sequence may form a long fold together. */
export function expandFoldedCharacters(node: PatternNode): PatternNode {
  if (node.kind === 'folded') return expandRun([node.codePoint]);
  if (node.kind !== 'sequence') return mapChildren(node, expandFoldedCharacters);
  return sequence(expandSequence(flatten(node.items)));
}

/** Groups that do not capture do not keep their characters from forming a fold with their neighbours. */
function flatten(items: readonly PatternNode[]): PatternNode[] {
  return items.flatMap((item) => (item.kind === 'sequence' ? flatten(item.items) : [item]));
}

function expandSequence(items: readonly PatternNode[]): PatternNode[] {
  const expanded: PatternNode[] = [];
  let run: number[] = [];
  for (const item of items) {
    if (item.kind === 'folded') {
      run.push(item.codePoint);
      continue;
    }
    if (run.length > 0) expanded.push(expandRun(run));
    run = [];
    expanded.push(expandFoldedCharacters(item));
  }
  if (run.length > 0) expanded.push(expandRun(run));
  return expanded;
}

function expandRun(codePoints: readonly number[]): PatternNode {
  const parts: PatternNode[] = [];
  for (let i = 0; i < codePoints.length;) {
    const fold = foldAt(codePoints, i);
    if (fold !== null) {
      parts.push(alternation([setNode(CodePointSet.of(...fold.codePoints)), sequence(fold.sequence.map(foldedSet))]));
      i += fold.sequence.length;
      continue;
    }
    const own = longFold(codePoints[i]);
    const single = foldedSet(codePoints[i]);
    parts.push(own === undefined ? single : alternation([single, sequence(own.sequence.map(foldedSet))]));
    i++;
  }
  return sequence(parts);
}

/** The longest long fold whose sequence the characters from `start` equal, or null. */
function foldAt(codePoints: readonly number[], start: number): LongFold | null {
  const fits = (fold: LongFold): boolean =>
    start + fold.sequence.length <= codePoints.length &&
    fold.sequence.every((folded, i) => caseEquivalents(folded).includes(codePoints[start + i]));
  return allLongFolds()
    .filter(fits)
    .reduce<LongFold | null>((best, fold) => (best === null || fold.sequence.length > best.sequence.length ? fold : best), null);
}

function foldedSet(codePoint: number): PatternNode {
  return setNode(CodePointSet.of(...caseEquivalents(codePoint)));
}

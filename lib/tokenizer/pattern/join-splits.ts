/**
 * Two splits as one pattern. What a split at characters of a set leaves are segments without them, and what the next split's pattern sees of a segment is
 * as if the characters of the set did not exist: its sets are without them, and they are the edges of the text. So the alternatives of both, the set first, are one
 * pattern with the same pieces, which takes one pass over the text, and often an automaton.
 *
 * What the split matches is a text for the next one, too. It must be one that this leaves whole; or else, where the matches are whole runs of the set, there are two
 * forms of the next pattern, one for either side.
 */

import { CodePointSet } from '../unicode/code-point-set';
import { alternation, lengths, mapChildren, neighbour, setNode } from './ast';
import type { PatternDialect, PatternNode } from './ast';
import { leavesWhole, matchesAlways } from './coverage';
import { parsePattern } from './parse';

/** A split that isolates its matches. */
export interface IsolatingSplit {
  readonly source: string;
  readonly dialect: PatternDialect;
  /** Matches that touch are one. */
  readonly contiguous?: boolean;
}

/**
 * The pattern whose matches, isolated, are the pieces of these splits one after the other, or null: all but the last have to be at characters of a set, and the
 * last must not match the empty text, nor be contiguous.
 */
export function joinSplits(splits: readonly IsolatingSplit[]): PatternNode | null {
  const last = splits.at(-1);
  if (last === undefined || last.contiguous === true) return null;
  const root = parsePattern(last.source, last.dialect);
  if (lengths(root).min === 0) return null;
  return splits.slice(0, -1).reduceRight<PatternNode | null>((then, split) => (then === null ? null : behind(split, then)), root);
}

function behind(split: IsolatingSplit, then: PatternNode): PatternNode | null {
  const node = parsePattern(split.source, split.dialect);
  const delimiters = charactersOf(node);
  const inside = delimiters.equals(CodePointSet.ALL) ? null : withinSegments(then, delimiters);
  if (inside === null || lengths(node).min === 0) return null;
  if (node.kind === 'set' && split.contiguous !== true) return alternation([node, inside]);
  const within = withinSegments(then, delimiters.complement());
  if (within === null) return null;
  const whole = leavesWhole(within, delimiters);
  if (isRun(node) || (node.kind === 'set' && split.contiguous === true)) {
    if (whole) return alternation([{ kind: 'repeat', body: setNode(delimiters), min: 1, max: Infinity, greed: 'greedy' }, inside]);
    // What the pattern leaves out must not reach from one side into the other.
    const apart = matchesAlways(within, delimiters) || matchesAlways(inside, delimiters.complement());
    return apart ? alternation([within, inside]) : null;
  }
  // Nothing of the set is left to the next pattern.
  return split.contiguous !== true && whole && matchesAlways(node, delimiters) ? alternation([node, inside]) : null;
}

/** Whether matches are runs of a set from end to end. */
function isRun(node: PatternNode): boolean {
  return node.kind === 'repeat' && node.body.kind === 'set' && node.min === 1 && node.max === Infinity && node.greed !== 'lazy';
}

/** The characters that a match can hold, or more. */
function charactersOf(node: PatternNode): CodePointSet {
  let all = CodePointSet.EMPTY;
  const visit = (inner: PatternNode): PatternNode => {
    if (inner.kind === 'set') all = all.union(inner.set);
    else if (inner.kind === 'folded' || inner.kind === 'backReference') all = CodePointSet.ALL;
    return inner.kind === 'look' ? inner : mapChildren(inner, visit);
  };
  visit(node);
  return all;
}

/** What matches where characters of `delimiters` are the edges of the text. */
function withinSegments(node: PatternNode, delimiters: CodePointSet): PatternNode | null {
  const others = delimiters.complement();
  let fits = true;
  const change = (inner: PatternNode): PatternNode => {
    switch (inner.kind) {
      case 'set':
        return setNode(inner.set.intersect(others));
      case 'neighbour':
        return neighbour(inner.side, inner.edge ? inner.set.union(delimiters) : inner.set.intersect(others), inner.edge);
      case 'folded':
      case 'searchStart':
      case 'backReference':
        fits = false;
        return inner;
      default:
        return mapChildren(inner, change);
    }
  };
  const changed = change(node);
  return fits ? changed : null;
}

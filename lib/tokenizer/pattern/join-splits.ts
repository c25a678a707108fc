/**
 * Two splits as one pattern. A split at single characters of a set leaves segments without them, and what the next split's pattern sees of a segment is
 * as if the characters of the set did not exist: its sets are without them, and they are the edges of the text. So the alternatives of both, the set first, are one
 * pattern with the same pieces, which takes one pass over the text, and often an automaton.
 */

import type { CodePointSet } from '../unicode/code-point-set';
import { alternation, lengths, mapChildren, neighbour, setNode } from './ast';
import type { PatternDialect, PatternNode } from './ast';
import { parsePattern } from './parse';

/** A split that isolates its matches. */
export interface IsolatingSplit {
  readonly source: string;
  readonly dialect: PatternDialect;
}

/**
 * The pattern whose matches, isolated, are the pieces of these splits one after the other, or null: all but the last have to be at single characters
 * (what the last makes of such a piece is clear then), and the last must not match the empty text.
 */
export function joinSplits(splits: readonly IsolatingSplit[]): PatternNode | null {
  const last = splits.at(-1);
  if (last === undefined) return null;
  const root = parsePattern(last.source, last.dialect);
  if (lengths(root).min === 0) return null;
  return splits.slice(0, -1).reduceRight<PatternNode | null>((then, split) => {
    const delimiters = delimitersOf(split);
    return then === null || delimiters === null ? null : behind(delimiters, then);
  }, root);
}

/** Whether a split can stand before another in {@link joinSplits}. */
export function isAtSet(split: IsolatingSplit): boolean {
  return delimitersOf(split) !== null;
}

function delimitersOf({ source, dialect }: IsolatingSplit): CodePointSet | null {
  const node = parsePattern(source, dialect);
  return node.kind === 'set' ? node.set : null;
}

function behind(delimiters: CodePointSet, then: PatternNode): PatternNode | null {
  const inside = withinSegments(then, delimiters);
  return inside === null ? null : alternation([setNode(delimiters), inside]);
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

/** Anchors and word boundaries as looks at the neighbouring characters. */

import { CodePointSet } from '../unicode/code-point-set';
import { alternation, neighbour, sequence } from './ast';
import type { PatternDialect, PatternNode } from './ast';

const NEWLINE = CodePointSet.of(0x0a);

export const TEXT_START: PatternNode = neighbour('before', CodePointSet.EMPTY, true);
export const TEXT_END: PatternNode = neighbour('after', CodePointSet.EMPTY, true);

/** `^` at lines. In Oniguruma no line begins at the end of a text that ends with a line feed. */
export function lineStart(dialect: PatternDialect): PatternNode {
  if (dialect === 'fancy-regex') return neighbour('before', NEWLINE, true);
  const afterNewline = sequence([neighbour('before', NEWLINE, false), neighbour('after', CodePointSet.ALL, false)]);
  return alternation([TEXT_START, afterNewline]);
}

/** `$` at lines. */
export function lineEnd(): PatternNode {
  return neighbour('after', NEWLINE, true);
}

/** `\Z`: the end, or before the last line feed (Oniguruma) or any number of them (fancy-regex). */
export function textEndBeforeNewlines(dialect: PatternDialect, position: number): PatternNode {
  const newlines: PatternNode = {
    kind: 'repeat',
    body: { kind: 'set', set: NEWLINE },
    min: 0,
    max: dialect === 'oniguruma' ? 1 : Infinity,
    greed: 'greedy',
  };
  const look: PatternNode = { kind: 'look', side: 'after', negative: false, body: sequence([newlines, TEXT_END]), position };
  // An alternative of one, not a look-around: fancy-regex repeats anchors but not look-arounds.
  return { kind: 'alternation', alternatives: [look] };
}

/** `\b` and, with `negative`, `\B`. */
export function wordBoundary(word: CodePointSet, negative: boolean): PatternNode {
  const before = [neighbour('before', word, false), neighbour('before', word.complement(), true)] as const;
  const after = [neighbour('after', word, false), neighbour('after', word.complement(), true)] as const;
  return alternation(
    negative
      ? [sequence([before[0], after[0]]), sequence([before[1], after[1]])]
      : [sequence([before[0], after[1]]), sequence([before[1], after[0]])],
  );
}

import { CodePointSet } from '../unicode/code-point-set';
import { mapChildren, setNode } from './ast';
import type { PatternNode } from './ast';
export function foldCharacterSet(set: CodePointSet): CodePointSet {
  let r = set;
  for (let c = 97; c < 123; c++) { if (set.has(c)) r = r.union(CodePointSet.of(c - 32)); if (set.has(c-32)) r = r.union(CodePointSet.of(c)); }
  if (r.has(115)) r = r.union(CodePointSet.of(0x17f));
  return r;
}
export function longFoldsOf(_set: CodePointSet): PatternNode[] { return []; }
export function expandFoldedCharacters(node: PatternNode): PatternNode {
  const n = mapChildren(node, expandFoldedCharacters);
  return n.kind === 'folded' ? setNode(foldCharacterSet(CodePointSet.of(n.codePoint))) : n;
}

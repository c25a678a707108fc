/** Reduces look-around at a single character to {@link NeighbourNode}s, which cost nothing and keep a pattern within the reach of the automaton. */

import { CodePointSet } from '../unicode/code-point-set';
import { mapChildren, neighbour } from './ast';
import type { NeighbourNode, PatternNode } from './ast';

/** The tree with every look-around that depends on one neighbouring character at most made a neighbour node. */
export function simplifyLookaround(node: PatternNode): PatternNode {
  const inner = mapChildren(node, simplifyLookaround);
  if (inner.kind !== 'look') return inner;
  const seen = asNeighbour(inner.body, inner.side);
  if (seen === null) return inner;
  return inner.negative ? neighbour(inner.side, seen.set.complement(), !seen.edge) : seen;
}

/** What must stand next to a place so that `node` matches there (on that side), or null if one character does not tell. */
function asNeighbour(node: PatternNode, side: 'before' | 'after'): NeighbourNode | null {
  switch (node.kind) {
    case 'set':
      return neighbour(side, node.set, false);
    case 'neighbour':
      return node.side === side ? node : null;
    case 'atomic':
      return asNeighbour(node.body, side);
    case 'repeat':
      // One character of a repeated set is as good as many.
      if (node.min === 0) return neighbour(side, CodePointSet.ALL, true);
      return node.min === 1 && node.body.kind === 'set' ? asNeighbour(node.body, side) : null;
    case 'sequence':
      if (node.items.length === 0) return neighbour(side, CodePointSet.ALL, true);
      return node.items.length === 1 ? asNeighbour(node.items[0], side) : null;
    case 'alternation': {
      const seen = node.alternatives.map((alternative) => asNeighbour(alternative, side));
      if (seen.some((one) => one === null)) return null;
      return seen.reduce((a, b) => neighbour(side, a!.set.union(b!.set), a!.edge || b!.edge));
    }
    default:
      return null;
  }
}

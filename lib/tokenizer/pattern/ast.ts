/** The meaning of a regular expression, free of the dialect it was written in. Case folding, anchors and shorthands have been resolved to sets. */

import { type CodePointSet } from '../unicode/code-point-set';

/**
 * - `oniguruma`: Oniguruma's own syntax over UTF-8, as Hugging Face `tokenizers` compiles the patterns of tokenizer.json. `^` and `$` are anchors of
 *   lines, `(?m)` lets the dot match line feeds, `{n,m}+` is a repeated interval, an isolated `(?i)` holds to the end of its group, alternatives included.
 * - `fancy-regex`: the syntax of the Rust crates fancy-regex and regex, as tiktoken compiles `pat_str`.
 */
export type PatternDialect = 'oniguruma' | 'fancy-regex';

export type Greed = 'greedy' | 'lazy' | 'possessive';

export interface SetNode {
  readonly kind: 'set';
  readonly set: CodePointSet;
}

/** A look at one neighbouring character: it is in the set, or `edge` is true and there is none. */
export interface NeighbourNode {
  readonly kind: 'neighbour';
  readonly side: 'before' | 'after';
  readonly set: CodePointSet;
  readonly edge: boolean;
}

export type PatternNode =
  | SetNode
  | NeighbourNode
  /** A literal under Oniguruma's (?i), before its case folding: neighbouring literals may fold together. */
  | { readonly kind: 'folded'; readonly codePoint: number }
  | { readonly kind: 'sequence'; readonly items: readonly PatternNode[] }
  | { readonly kind: 'alternation'; readonly alternatives: readonly PatternNode[] }
  | { readonly kind: 'repeat'; readonly body: PatternNode; readonly min: number; readonly max: number; readonly greed: Greed }
  | { readonly kind: 'capture'; readonly group: number; readonly body: PatternNode }
  | { readonly kind: 'atomic'; readonly body: PatternNode }
  | {
      readonly kind: 'look';
      readonly side: 'before' | 'after';
      readonly negative: boolean;
      readonly body: PatternNode;
      readonly position: number;
    }
  | { readonly kind: 'searchStart' }
  | { readonly kind: 'backReference'; readonly group: number };

/** Matches the empty string. */
export const EMPTY: PatternNode = { kind: 'sequence', items: [] };

export function setNode(set: CodePointSet): SetNode {
  return { kind: 'set', set };
}

export function sequence(items: readonly PatternNode[]): PatternNode {
  return items.length === 1 ? items[0] : { kind: 'sequence', items };
}

export function alternation(alternatives: readonly PatternNode[]): PatternNode {
  return alternatives.length === 1 ? alternatives[0] : { kind: 'alternation', alternatives };
}

export function neighbour(side: 'before' | 'after', set: CodePointSet, edge: boolean): NeighbourNode {
  return { kind: 'neighbour', side, set, edge };
}

/** The node with `change` applied to each of its children. */
export function mapChildren(node: PatternNode, change: (child: PatternNode) => PatternNode): PatternNode {
  switch (node.kind) {
    case 'sequence':
      return { ...node, items: node.items.map(change) };
    case 'alternation':
      return { ...node, alternatives: node.alternatives.map(change) };
    case 'repeat':
    case 'capture':
    case 'atomic':
    case 'look':
      return { ...node, body: change(node.body) };
    default:
      return node;
  }
}

/** Lengths in characters of the texts that a node matches; `max` may be Infinity. */
export function lengths(node: PatternNode): { min: number; max: number } {
  switch (node.kind) {
    case 'set':
    case 'folded':
      return { min: 1, max: 1 };
    case 'sequence':
      return node.items.map(lengths).reduce((a, b) => ({ min: a.min + b.min, max: a.max + b.max }), { min: 0, max: 0 });
    case 'alternation':
      return node.alternatives.map(lengths).reduce((a, b) => ({ min: Math.min(a.min, b.min), max: Math.max(a.max, b.max) }));
    case 'repeat': {
      const body = lengths(node.body);
      return { min: body.min * node.min, max: body.max === 0 || node.max === 0 ? 0 : body.max * node.max };
    }
    case 'capture':
    case 'atomic':
      return lengths(node.body);
    case 'backReference':
      return { min: 0, max: Infinity };
    case 'neighbour':
    case 'look':
    case 'searchStart':
      return { min: 0, max: 0 };
  }
}

/** Groups that a back-reference names. */
export function referencedGroups(node: PatternNode, into: Set<number> = new Set()): Set<number> {
  if (node.kind === 'backReference') into.add(node.group);
  else mapChildren(node, (child) => (referencedGroups(child, into), child));
  return into;
}

/** The sets of a pattern in terms of its character classes: what the compilers to code and to an automaton work with. */

import type { CodePointSet } from '../unicode/code-point-set';
import { mapChildren } from './ast';
import type { PatternNode } from './ast';
import { partition } from './character-classes';
import type { CharacterClasses } from './character-classes';

/** For each class, and at last for "no character": 1 if it belongs. */
export type ClassMask = Uint8Array;

export class ClassedSets {
  readonly classes: CharacterClasses;
  private readonly indexOf = new Map<CodePointSet, number>();

  constructor(root: PatternNode, source: string) {
    const distinct: CodePointSet[] = [];
    const visit = (node: PatternNode): PatternNode => {
      if (node.kind === 'set' || node.kind === 'neighbour') this.register(node.set, distinct);
      return mapChildren(node, visit);
    };
    visit(root);
    this.classes = partition(distinct, source);
  }

  get classCount(): number {
    return this.classes.classCount;
  }

  /** The classes of a set that stands in the tree. `edge`: whether "no character" belongs too. */
  mask(set: CodePointSet, edge: boolean): ClassMask {
    const mask = new Uint8Array(this.classCount + 1);
    mask.set(this.classes.members[this.indexOf.get(set)!]);
    mask[this.classCount] = edge ? 1 : 0;
    return mask;
  }

  private register(set: CodePointSet, distinct: CodePointSet[]): void {
    if (this.indexOf.has(set)) return;
    let index = distinct.findIndex((other) => other.ranges.length === set.ranges.length && other.equals(set));
    if (index < 0) index = distinct.push(set) - 1;
    this.indexOf.set(set, index);
  }
}

/** What can stand at the start of a match of `node`, and whether it can match the empty string. Never too narrow. */
export interface FirstClasses {
  readonly mask: ClassMask;
  readonly nullable: boolean;
}

export function firstClasses(node: PatternNode, sets: ClassedSets): FirstClasses {
  const none = (): ClassMask => new Uint8Array(sets.classCount + 1);
  switch (node.kind) {
    case 'set':
      return { mask: sets.mask(node.set, false), nullable: false };
    case 'sequence': {
      const mask = none();
      for (const item of node.items) {
        const first = firstClasses(item, sets);
        unite(mask, first.mask);
        if (!first.nullable) return { mask, nullable: false };
      }
      return { mask, nullable: true };
    }
    case 'alternation': {
      const mask = none();
      let nullable = false;
      for (const alternative of node.alternatives) {
        const first = firstClasses(alternative, sets);
        unite(mask, first.mask);
        nullable ||= first.nullable;
      }
      return { mask, nullable };
    }
    case 'repeat': {
      if (node.max === 0) return { mask: none(), nullable: true };
      const body = firstClasses(node.body, sets);
      return { mask: body.mask, nullable: node.min === 0 || body.nullable };
    }
    case 'capture':
    case 'atomic':
      return firstClasses(node.body, sets);
    case 'backReference':
      return { mask: none().fill(1), nullable: true };
    default:
      return { mask: none(), nullable: true };
  }
}

export function unite(into: ClassMask, mask: ClassMask): void {
  for (let i = 0; i < into.length; i++) into[i] |= mask[i];
}

export function disjoint(a: ClassMask, b: ClassMask): boolean {
  return a.every((member, i) => member === 0 || b[i] === 0);
}

export function complement(mask: ClassMask): ClassMask {
  return mask.map((member) => 1 - member);
}

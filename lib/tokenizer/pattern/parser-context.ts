import { CodePointSet } from '../unicode/code-point-set';
import { EMPTY, setNode } from './ast';
import type { PatternDialect, PatternNode } from './ast';
import { foldCharacterSet } from './case-insensitive';
import type { PatternReader } from './pattern-reader';

export interface PatternFlags {
  readonly ignoreCase: boolean;
  /** The dot matches line feeds. */
  readonly dotAll: boolean;
  /** `^` and `$` match at lines (fancy-regex only; in Oniguruma they always do). */
  readonly multiLine: boolean;
  /** White space and comments in the pattern are ignored. */
  readonly extended: boolean;
  /** Quantifiers are lazy, and greedy with `?` (fancy-regex only). */
  readonly swapGreed: boolean;
}

/** State that the parts of the parser share. */
export class ParserContext {
  flags: PatternFlags = { ignoreCase: false, dotAll: false, multiLine: false, extended: false, swapGreed: false };
  /** Number of capturing groups opened so far. */
  groupCount = 0;
  readonly groupNames = new Map<string, number>();
  /** Names given to more than one group (Oniguruma allows it; a reference to one is refused). */
  readonly repeatedNames = new Set<string>();
  readonly openGroups = new Set<number>();
  /** What takes no quantifier: look-arounds and `\G`, in Oniguruma all anchors. */
  private readonly unrepeatable = new Set<PatternNode>();
  /** Where the pattern refers to a group by number. */
  readonly numberedReferences: Array<{ group: number; position: number }> = [];

  constructor(
    readonly reader: PatternReader,
    readonly dialect: PatternDialect,
  ) {}

  /** Notes that an anchor or a look-around takes no quantifier. */
  anchor(node: PatternNode): PatternNode {
    if (this.dialect === 'oniguruma' || node.kind === 'searchStart' || node.kind === 'look') this.unrepeatable.add(node);
    return node;
  }

  isRepeatable(node: PatternNode): boolean {
    if (this.unrepeatable.has(node)) return false;
    if (this.dialect === 'fancy-regex') return node !== EMPTY;
    return node.kind !== 'alternation' || node.alternatives.every((alternative) => this.isRepeatable(alternative));
  }

  /** The node for a literal character under the present flags. */
  literal(codePoint: number): PatternNode {
    if (!this.flags.ignoreCase) return setNode(CodePointSet.of(codePoint));
    if (this.dialect === 'oniguruma') return { kind: 'folded', codePoint };
    return setNode(foldCharacterSet(CodePointSet.of(codePoint)));
  }
}

/**
 * Bracketed character classes. Oniguruma: nested brackets, `&&` (of lowest precedence), POSIX brackets; under (?i) the whole class is folded once,
 * before its negation, and characters that fold to several (ß) become alternatives. regex-syntax: `&&`, `--`, `~~` in order, each bracket folded for itself.
 */

import { CodePointSet } from '../unicode/code-point-set';
import { posixBracket } from '../unicode/properties';
import { alternation, setNode } from './ast';
import type { PatternNode } from './ast';
import { foldCharacterSet, longFoldsOf } from './case-insensitive';
import type { ParserContext } from './parser-context';
import { parseClassEscape } from './parse-escape';

const MAX_NESTING = 100;
const HYPHEN = 0x2d;

/** Parses a class; the cursor stands before its `[`. */
export function parseClass(context: ParserContext): PatternNode {
  const { flags, dialect } = context;
  if (dialect === 'fancy-regex') return setNode(new FancyClassParser(context).parse(1));
  const { set, negated } = new OnigurumaClassParser(context).parse(1);
  if (!flags.ignoreCase) return setNode(negated ? set.complement() : set);
  const folded = foldCharacterSet(set);
  if (negated) return setNode(folded.complement());
  return alternation([setNode(folded), ...longFoldsOf(folded)]);
}

/** What both dialects share: one element of a class is a code point (which may begin a range) or a set. */
abstract class ClassParser {
  constructor(protected readonly context: ParserContext) {}

  protected enter(depth: number): number {
    const { reader } = this.context;
    if (depth > MAX_NESTING) throw reader.error(`has classes nested more than ${MAX_NESTING} deep`);
    const start = reader.index;
    reader.next();
    return start;
  }

  /** A POSIX bracket `[:name:]`, or null if there is none here. To fancy-regex one of an unknown name is a nested class. */
  protected parsePosixBracket(): CodePointSet | null {
    const { reader, dialect } = this.context;
    const start = reader.index;
    const found = reader.match(/\[:(\^?)([A-Za-z]+):\]/y);
    if (!found) return null;
    const set = posixBracket(found[2], dialect);
    if (set === undefined) {
      if (dialect !== 'fancy-regex') throw reader.error(`has the unknown POSIX bracket ${found[0]}`, start);
      reader.index = start;
      return null;
    }
    return found[1] === '^' ? set.complement() : set;
  }

  /** A single character or escape. */
  protected parseElement(): CodePointSet | number {
    const { reader } = this.context;
    return reader.peek() === '\\' ? parseClassEscape(this.context) : reader.next().codePointAt(0)!;
  }

  protected range(from: number, to: CodePointSet | number, start: number): CodePointSet {
    if (typeof to !== 'number') throw this.context.reader.error('has a class of characters at the end of a range', start);
    if (from > to) throw this.context.reader.error('has an empty range in a class', start);
    return CodePointSet.of([from, to + 1]);
  }
}

class OnigurumaClassParser extends ClassParser {
  parse(depth: number): { set: CodePointSet; negated: boolean } {
    const { reader } = this.context;
    const start = this.enter(depth);
    const negated = reader.eat('^');
    let intersection: CodePointSet | null = null;
    let members = CodePointSet.EMPTY;
    /** The latest single character, which a hyphen may extend to a range; 'set' after a set, null at the start and after a range. */
    let latest: number | 'set' | null = null;
    let afterRange = false;
    const add = (set: CodePointSet): void => {
      members = members.union(set);
    };
    if (reader.startsWith(']')) {
      if (!this.closesLater()) throw reader.error('has an empty class', start);
      reader.next();
      add(CodePointSet.of(0x5d));
      latest = 0x5d;
    }
    for (;;) {
      if (reader.atEnd) throw reader.error('has a class without end', start);
      const at = reader.index;
      if (reader.eat(']')) break;
      if (reader.eat('&&')) {
        intersection = intersection === null ? members : intersection.intersect(members);
        members = CodePointSet.EMPTY;
        latest = null;
        afterRange = false;
        continue;
      }
      if (reader.startsWith('[')) {
        const posix = this.parsePosixBracket();
        add(posix ?? this.parseNested(depth));
        latest = posix === null ? null : 'set';
        afterRange = posix === null;
        continue;
      }
      if (reader.eat('-')) {
        const literal = reader.startsWith(']') || reader.startsWith('&&') || (latest === null && !(afterRange && reader.startsWith('-')));
        if (!literal && latest === 'set') throw reader.error('has a class of characters at the start of a range', at);
        if (literal || latest === null || latest === 'set') {
          add(CodePointSet.of(HYPHEN));
          latest = HYPHEN;
        } else {
          if (reader.startsWith('[')) throw reader.unsupported('a bracket at the end of a range', at);
          add(this.range(latest, this.parseElement(), at));
          latest = null;
          afterRange = true;
        }
        continue;
      }
      const element = this.parseElement();
      add(typeof element === 'number' ? CodePointSet.of(element) : element);
      latest = typeof element === 'number' ? element : 'set';
    }
    return { set: intersection === null ? members : intersection.intersect(members), negated };
  }

  private parseNested(depth: number): CodePointSet {
    const { set, negated } = this.parse(depth + 1);
    return negated ? set.complement() : set;
  }

  /** Whether a `]` at the start can be a member: another one must follow. */
  private closesLater(): boolean {
    const { reader } = this.context;
    return /^\](?:\\[^]|[^\]\\])*\]/.test(reader.source.slice(reader.index));
  }
}

class FancyClassParser extends ClassParser {
  parse(depth: number): CodePointSet {
    const { reader } = this.context;
    const start = this.enter(depth);
    const negated = reader.eat('^');
    let members = CodePointSet.EMPTY;
    const leading = reader.match(/-+|\]/y);
    if (leading) members = CodePointSet.of(leading[0].codePointAt(0)!);
    /** Set operators take what stands left of them as a whole. */
    let left: { set: CodePointSet; operator: string } | null = null;
    for (;;) {
      if (reader.atEnd) throw reader.error('has a class without end', start);
      if (reader.eat(']')) break;
      const operator = reader.match(/&&|--|~~/y)?.[0];
      if (operator !== undefined) {
        left = { set: this.combine(left, members), operator };
        members = CodePointSet.EMPTY;
      } else members = members.union(this.parseItem(depth));
    }
    const set = this.folded(this.combine(left, members));
    return negated ? set.complement() : set;
  }

  private combine(left: { set: CodePointSet; operator: string } | null, members: CodePointSet): CodePointSet {
    if (left === null) return members;
    const a = this.folded(left.set);
    const b = this.folded(members);
    if (left.operator === '&&') return a.intersect(b);
    return left.operator === '--' ? a.subtract(b) : a.subtract(b).union(b.subtract(a));
  }

  private parseItem(depth: number): CodePointSet {
    const { reader } = this.context;
    if (reader.startsWith('[')) return this.parsePosixBracket() ?? this.parse(depth + 1);
    const start = reader.index;
    const first = this.parseElement();
    const isRange = reader.startsWith('-') && !reader.startsWith('-]') && !reader.startsWith('--');
    if (!isRange) return typeof first === 'number' ? CodePointSet.of(first) : first;
    reader.next();
    if (typeof first !== 'number') throw reader.error('has a class of characters at the start of a range', start);
    return this.range(first, reader.startsWith('[') ? CodePointSet.EMPTY : this.parseElement(), start);
  }

  private folded(set: CodePointSet): CodePointSet {
    return this.context.flags.ignoreCase ? foldCharacterSet(set) : set;
  }
}

/**
 * Parser of regular expressions in the two dialects that tokenizers are defined in (see {@link PatternDialect}).
 *
 * Sources of the rules: Oniguruma 6.9 (doc/RE, ONIG_SYNTAX_ONIGURUMA), fancy-regex 0.19, regex-syntax 0.8; where they are silent, the libraries'
 * behaviour. Constructs that no known tokenizer uses (sub-expression calls, conditionals, absent operators, callouts, `\K`, `\X`) are refused by name.
 */

import { CodePointSet } from '../unicode/code-point-set';
import { lineEnd, lineStart, TEXT_END, TEXT_START } from './anchors';
import { alternation, EMPTY, mapChildren, sequence, setNode } from './ast';
import type { Greed, PatternDialect, PatternNode } from './ast';
import { expandFoldedCharacters } from './case-insensitive';
import { parseClass } from './parse-class';
import { parseEscape } from './parse-escape';
import { ParserContext, type PatternFlags } from './parser-context';
import { PatternReader } from './pattern-reader';
import { simplifyLookaround } from './simplify';

/** Deeper nesting of groups and quantifiers is refused: later steps recurse over the tree. */
const MAX_NESTING = 200;
/** As in Oniguruma. */
const MAX_REPEAT = 100_000;

const NOT_NEWLINE = CodePointSet.of(0x0a).complement();
const LETTER_FLAGS = { oniguruma: 'imx', 'fancy-regex': 'imsxU' } as const;

/**
 * Parses a regular expression.
 * @throws MerganserError INVALID_PATTERN if it is malformed in its dialect, or uses a construct that is not supported; the message says where.
 */
export function parsePattern(source: string, dialect: PatternDialect): PatternNode {
  const parser = new PatternParser(source, dialect);
  return simplifyLookaround(expandFoldedCharacters(parser.parse()));
}

class PatternParser {
  private readonly reader: PatternReader;
  private readonly context: ParserContext;
  private readonly oniguruma: boolean;
  private nesting = 0;

  constructor(source: string, dialect: PatternDialect) {
    this.reader = new PatternReader(source);
    this.context = new ParserContext(this.reader, dialect);
    this.oniguruma = dialect === 'oniguruma';
  }

  parse(): PatternNode {
    const node = this.parseAlternation();
    if (!this.reader.atEnd) throw this.reader.error(this.reader.peek() === ')' ? 'has an unmatched )' : 'has a misplaced operator');
    this.checkNumberedReferences();
    return this.oniguruma && this.context.groupNames.size > 0 ? dropUnnamedGroups(node, new Set(this.context.groupNames.values())) : node;
  }

  private get flags(): PatternFlags {
    return this.context.flags;
  }

  private checkNumberedReferences(): void {
    const { groupCount, groupNames, numberedReferences } = this.context;
    for (const { group, position } of numberedReferences) {
      if (group > groupCount) throw this.reader.error(`refers to group ${group}, which it does not have`, position);
      if (this.oniguruma && groupNames.size > 0)
        throw this.reader.error('refers to a group by number although groups have names', position);
    }
  }

  /** Alternatives up to `)` or the end. */
  private parseAlternation(): PatternNode {
    if (++this.nesting > MAX_NESTING) throw this.reader.error(`is nested more than ${MAX_NESTING} deep`);
    const { flags } = this.context;
    const alternatives = [this.parseSequence()];
    while (this.reader.eat('|')) alternatives.push(this.parseSequence());
    if (this.oniguruma) this.context.flags = flags;
    this.nesting--;
    return alternation(alternatives);
  }

  private parseSequence(): PatternNode {
    const items: PatternNode[] = [];
    for (;;) {
      this.skipIgnored();
      if (this.reader.atEnd || this.reader.startsWith('|') || this.reader.startsWith(')')) return sequence(items);
      const item = this.parseQuantified();
      if (item !== EMPTY) items.push(item);
    }
  }

  /** Comments, and white space under (?x). */
  private skipIgnored(): void {
    for (;;) {
      if (this.flags.extended && this.reader.match(this.oniguruma ? /[ \t\n\r\f]+|#[^\n]*\n?/y : /[ \t\n\r]+|#[^\n]*\n?/y)) continue;
      const start = this.reader.index;
      if (!this.reader.eat('(?#')) return;
      if (!this.reader.match(/(?:\\[^]|[^)\\])*\)/y)) throw this.reader.error('has a comment without end', start);
    }
  }

  private parseQuantified(): PatternNode {
    const start = this.reader.index;
    let node = this.parseAtom();
    for (let count = 0; ; count++) {
      this.skipIgnored();
      const quantified = this.parseQuantifier(node, start);
      if (quantified === null) return node;
      // fancy-regex takes one quantifier: another brace is a literal, another sign an error.
      if (!this.oniguruma) return quantified;
      if (this.nesting + count > MAX_NESTING) throw this.reader.error(`is nested more than ${MAX_NESTING} deep`);
      node = quantified;
    }
  }

  /** The node with the quantifier that follows, or null if there is none. */
  private parseQuantifier(body: PatternNode, start: number): PatternNode | null {
    const at = this.reader.index;
    const range = this.parseRepeatRange();
    if (range === null) return null;
    if (start === at || !this.context.isRepeatable(body)) throw this.reader.error('has a quantifier with nothing to repeat', at);
    let { min, max } = range;
    let greed: Greed = this.flags.swapGreed ? 'lazy' : 'greedy';
    if (this.oniguruma) {
      // {n,m} with n > m is the possessive {m,n}; an interval takes no +, and {n} no ? either.
      if (min > max) {
        [min, max] = [max, min];
        greed = 'possessive';
      } else if (!(range.interval && range.fixed) && this.reader.eat('?')) greed = 'lazy';
      else if (!range.interval && this.reader.eat('+')) greed = 'possessive';
    } else {
      if (min > max) throw this.reader.error('has an interval whose minimum is above its maximum', at);
      this.skipIgnored();
      if (this.reader.eat('?')) greed = this.flags.swapGreed ? 'greedy' : 'lazy';
      if (this.reader.eat('+')) {
        return { kind: 'atomic', body: { kind: 'repeat', body, min, max, greed } };
      }
    }
    return greed === 'possessive'
      ? { kind: 'atomic', body: { kind: 'repeat', body, min, max, greed: 'greedy' } }
      : { kind: 'repeat', body, min, max, greed };
  }

  private parseRepeatRange(): { min: number; max: number; interval: boolean; fixed: boolean } | null {
    const { reader } = this;
    const simple = { interval: false, fixed: false };
    if (reader.eat('*')) return { min: 0, max: Infinity, ...simple };
    if (reader.eat('+')) return { min: 1, max: Infinity, ...simple };
    if (reader.eat('?')) return { min: 0, max: 1, ...simple };
    const at = reader.index;
    const spaces = !this.oniguruma && this.flags.extended;
    const found = reader.match(spaces ? /\{\s*(\d*)\s*(,?)\s*(\d*)\s*\}/y : /\{(\d*)(,?)(\d*)\}/y);
    if (found === null) return null;
    const [, low = '', comma = '', high = ''] = found;
    // Not an interval, so the brace is an ordinary character: {} and, in Oniguruma, {,}.
    if ((low === '' && comma === '') || (this.oniguruma && low === '' && high === '')) {
      reader.index = at;
      return null;
    }
    const min = low === '' ? 0 : Number(low);
    const max = comma === '' ? min : high === '' ? Infinity : Number(high);
    if (min > MAX_REPEAT || (max !== Infinity && max > MAX_REPEAT)) throw reader.error(`repeats more than ${MAX_REPEAT} times`, at);
    return { min, max, interval: true, fixed: comma === '' };
  }

  private parseAtom(): PatternNode {
    const { reader } = this;
    const character = reader.peek();
    switch (character) {
      case '(':
        return this.parseGroup();
      case '[':
        return parseClass(this.context);
      case '\\':
        return parseEscape(this.context);
      case '.':
        reader.next();
        return setNode(this.flags.dotAll ? CodePointSet.ALL : NOT_NEWLINE);
      case '^':
        reader.next();
        return this.context.anchor(this.oniguruma || this.flags.multiLine ? lineStart(this.context.dialect) : TEXT_START);
      case '$':
        reader.next();
        return this.context.anchor(this.oniguruma || this.flags.multiLine ? lineEnd() : TEXT_END);
      case '*':
      case '+':
      case '?':
        throw reader.error('has a quantifier with nothing to repeat');
      default:
        reader.next();
        return this.context.literal(character.codePointAt(0)!);
    }
  }

  private parseGroup(): PatternNode {
    const { reader } = this;
    const start = reader.index;
    reader.next();
    if (!reader.eat('?')) {
      if (reader.startsWith('*')) throw reader.unsupported('a callout or control verb (*…)', start);
      return this.parseCapture(null, start);
    }
    if (reader.eat(':')) return this.parseGroupBody(start);
    if (reader.eat('>')) return { kind: 'atomic', body: this.parseGroupBody(start) };
    if (reader.eat('=')) return this.parseLook('after', false, start);
    if (reader.eat('!')) return this.parseLook('after', true, start);
    if (reader.eat('<=')) return this.parseLook('before', false, start);
    if (reader.eat('<!')) return this.parseLook('before', true, start);
    const name = reader.match(this.oniguruma ? /<([^>()]+)>|'([^'()]+)'/y : /P?<([^>()]+)>|'([^'()]+)'/y);
    if (name) return this.parseCapture(name[1] ?? name[2], start);
    if (!this.oniguruma && reader.eat('P=')) throw reader.unsupported('a reference (?P=name); write \\k<name>', start);
    if (reader.startsWith('~')) throw reader.unsupported('the absent operator (?~', start);
    if (reader.startsWith('(')) throw reader.unsupported('a conditional (?(', start);
    if (reader.startsWith('{')) throw reader.unsupported('a callout (?{', start);
    return this.parseFlags(start);
  }

  private parseCapture(name: string | null, start: number): PatternNode {
    const { context } = this;
    const group = ++context.groupCount;
    if (name !== null) {
      if (context.groupNames.has(name)) context.repeatedNames.add(name);
      context.groupNames.set(name, group);
    }
    context.openGroups.add(group);
    const body = this.parseGroupBody(start);
    context.openGroups.delete(group);
    return { kind: 'capture', group, body };
  }

  private parseLook(side: 'before' | 'after', negative: boolean, position: number): PatternNode {
    return this.context.anchor({ kind: 'look', side, negative, body: this.parseGroupBody(position), position });
  }

  private parseGroupBody(start: number): PatternNode {
    const body = this.parseAlternation();
    if (!this.reader.eat(')')) throw this.reader.error('has a group without end', start);
    return body;
  }

  /** `(?flags)` and `(?flags:…)`; the cursor stands after the question mark. */
  private parseFlags(start: number): PatternNode {
    const { reader, context } = this;
    const outer = context.flags;
    const found = reader.match(/([A-Za-z]*)(?:-([A-Za-z]*))?([:)])/y);
    if (found === null || found[0] === ')') throw reader.unsupported('an unknown group (?', start);
    const [, on = '', off, close] = found;
    if (!this.oniguruma && off === '') throw reader.error('has a group of flags that names none', start);
    context.flags = this.withFlags(this.withFlags(outer, on, true, start), off ?? '', false, start);
    if (close === ':') {
      const body = this.parseGroupBody(start);
      context.flags = outer;
      // Oniguruma repeats an anchor in such a group, though not in (?:…).
      return this.oniguruma && !context.isRepeatable(body) ? { kind: 'sequence', items: [body] } : body;
    }
    // Oniguruma: the rest of the group, alternatives included, belongs to the flags. fancy-regex: they hold from here on.
    return this.oniguruma ? this.parseAlternation() : EMPTY;
  }

  private withFlags(flags: PatternFlags, letters: string, value: boolean, start: number): PatternFlags {
    let changed = flags;
    for (const letter of letters) {
      if (!this.oniguruma && letter === 'u' && value) continue;
      if (!LETTER_FLAGS[this.context.dialect].includes(letter)) throw this.reader.unsupported(`the flag ${letter}`, start);
      if (letter === 'i') changed = { ...changed, ignoreCase: value };
      else if (letter === 'x') changed = { ...changed, extended: value };
      else if (letter === 'U') changed = { ...changed, swapGreed: value };
      else if (letter === 'm' && !this.oniguruma) changed = { ...changed, multiLine: value };
      else changed = { ...changed, dotAll: value };
    }
    return changed;
  }
}

/** Oniguruma: once a group has a name, plain parentheses do not capture. */
function dropUnnamedGroups(node: PatternNode, named: ReadonlySet<number>): PatternNode {
  const inner = mapChildren(node, (child) => dropUnnamedGroups(child, named));
  return inner.kind === 'capture' && !named.has(inner.group) ? inner.body : inner;
}

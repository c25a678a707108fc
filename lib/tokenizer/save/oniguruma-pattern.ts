/**
 * Rewrites a pattern of fancy-regex (tiktoken's syntax) so that Oniguruma (tokenizer.json's) matches the same.
 *
 * What differs in patterns that tokenizers use: `{n,m}+` is possessive in the first and a repetition of a repetition in the second; `$` and `^` are the
 * ends of the text in the first and of lines in the second.
 */
import { MerganserError } from '../../errors';

const INTERVAL = /^\{\d*,?\d*\}/;
const GROUP_START = /^\((?:\?(?:[:=!>]|<[=!]|[a-z-]*:))?/;
const SIMPLE_FLAGS = /^\((?:\?(?:[:=!>]|<[=!]|i?:))?$/;
const PROPERTY = /^\\[pPxuU]\{[^}]*\}/;

/** Throws UNSUPPORTED for constructs that it does not know to mean the same. */
export function onigurumaPattern(pattern: string): string {
  return new Rewriter(pattern).rewrite();
}

class Rewriter {
  private at = 0;

  constructor(private readonly pattern: string) {}

  rewrite(): string {
    const result = this.alternatives();
    if (this.at < this.pattern.length) throw this.unsupported('an unbalanced ")"');
    return result;
  }

  /** Everything up to the end of the group or the pattern. */
  private alternatives(): string {
    let result = '';
    while (this.at < this.pattern.length && this.pattern[this.at] !== ')') {
      result += this.pattern[this.at] === '|' ? this.take(1) : this.quantified(this.atom());
    }
    return result;
  }

  private atom(): string {
    const rest = this.pattern.slice(this.at);
    switch (rest[0]) {
      case '(':
        return this.group(rest);
      case '[':
        return this.characterClass();
      case '\\':
        return this.escape(rest);
      case '$':
        this.at++;
        return '\\z';
      case '^':
        this.at++;
        return '\\A';
      default:
        return this.take(String.fromCodePoint(rest.codePointAt(0)!).length);
    }
  }

  private group(rest: string): string {
    const start = GROUP_START.exec(rest)![0];
    if (!SIMPLE_FLAGS.test(start) || (start === '(' && rest[1] === '?')) throw this.unsupported(`the group ${rest.slice(0, 6)}`);
    this.at += start.length;
    const inside = this.alternatives();
    if (this.pattern[this.at] !== ')') throw this.unsupported('an unbalanced "("');
    this.at++;
    return `${start}${inside})`;
  }

  private escape(rest: string): string {
    const property = PROPERTY.exec(rest);
    if (property !== null) return this.take(property[0].length);
    if (/^\\[bBGkKgRX0-9]/.test(rest)) throw this.unsupported(rest.slice(0, 2));
    return this.take(2);
  }

  /** Copied as it stands: both read classes alike, nested ones and intersections included. */
  private characterClass(): string {
    const start = this.at;
    for (let depth = 0; this.at < this.pattern.length; this.at++) {
      const character = this.pattern[this.at];
      if (character === '\\') this.at++;
      else if (character === '[') depth++;
      else if (character === ']' && --depth === 0) {
        this.at++;
        return this.pattern.slice(start, this.at);
      }
    }
    throw this.unsupported('an unbalanced "["');
  }

  /** The quantifier behind an atom, if there is one. */
  private quantified(atom: string): string {
    const rest = this.pattern.slice(this.at);
    const interval = INTERVAL.exec(rest)?.[0] ?? '';
    if (interval.length > 2) {
      this.at += interval.length;
      if (this.pattern[this.at] === '+') {
        this.at++;
        return `(?>${atom}${interval})`;
      }
      return atom + interval + (this.pattern[this.at] === '?' ? this.take(1) : '');
    }
    if (!/^[*+?]/.test(rest)) return atom;
    return atom + this.take(/^[*+?][+?]/.test(rest) ? 2 : 1);
  }

  private take(length: number): string {
    const taken = this.pattern.slice(this.at, this.at + length);
    this.at += length;
    return taken;
  }

  private unsupported(what: string): MerganserError {
    return new MerganserError(
      'UNSUPPORTED',
      `The pattern cannot be written to tokenizer.json: ${what} is not known to mean the same there (${this.pattern}).`,
    );
  }
}

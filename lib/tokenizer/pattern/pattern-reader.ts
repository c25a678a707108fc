/** A cursor over the source of a regular expression, and the errors that name a place in it. */

import { MerganserError } from '../../errors';

export class PatternReader {
  /** UTF-16 index of the next character. */
  index = 0;

  constructor(readonly source: string) {}

  get atEnd(): boolean {
    return this.index >= this.source.length;
  }

  /** The next character (one code point) or '' at the end. */
  peek(): string {
    return this.atEnd ? '' : String.fromCodePoint(this.source.codePointAt(this.index)!);
  }

  /** @throws MerganserError INVALID_PATTERN at the end. */
  next(): string {
    if (this.atEnd) throw this.error('ends too early');
    const character = this.peek();
    this.index += character.length;
    return character;
  }

  startsWith(text: string): boolean {
    return this.source.startsWith(text, this.index);
  }

  /** Moves past `text` if it comes next. */
  eat(text: string): boolean {
    if (!this.startsWith(text)) return false;
    this.index += text.length;
    return true;
  }

  /** Moves past what the expression (which must be sticky) matches here, and returns it. */
  match(expression: RegExp): RegExpExecArray | null {
    expression.lastIndex = this.index;
    const found = expression.exec(this.source);
    if (found) this.index += found[0].length;
    return found;
  }

  /** The error "Pattern `problem` at position …", at `position` or here. */
  error(problem: string, position: number = this.index): MerganserError {
    return new MerganserError(
      'INVALID_PATTERN',
      `The regular expression ${JSON.stringify(this.source)} ${problem} (at position ${position}).`,
    );
  }

  unsupported(construct: string, position: number = this.index): MerganserError {
    return this.error(`uses ${construct}, which is not supported`, position);
  }
}

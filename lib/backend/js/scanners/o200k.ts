import { characterLength } from '../../../tokenizer/utf8';
import { ASCII_CLASSES, HEAD, LETTER, MARK, NEWLINE, NUMBER, SPACE, TAIL } from './character-classes';
import { APOSTROPHE, BLANK, classIn, contractionEnd, digitsEnd, linesEnd, NOT_OTHER, runEnd, runEndWithout } from './runs';
import type { Scanner } from './scanner';

const SLASH = 0x2f;

/**
 * o200k and its kin (gpt-oss, Tekken), with H = [\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}], T = [\p{Ll}\p{Lm}\p{Lo}\p{M}] and C = (?i:'s|'t|'re|'ve|'m|'ll|'d):
 * `[^\r\n\p{L}\p{N}]?H*T+C?|[^\r\n\p{L}\p{N}]?H+T*C?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+`
 */
export class O200kScanner implements Scanner {
  constructor(
    /** 3, 1, or 0 for `\p{N}+`. */
    private readonly maxDigits: number,
    /** Whether words take contractions along. */
    private readonly contractions: boolean,
    /** Whether white space at the end of the text is one piece (`\s++$`). */
    private readonly trailingSpace: boolean,
  ) {}

  scan(text: Uint8Array, start: number, end: number, ends: Int32Array): number {
    let count = 0;
    while (start < end && count < ends.length) {
      start = this.pieceEnd(text, start, end);
      ends[count++] = start;
    }
    return count;
  }

  private pieceEnd(text: Uint8Array, start: number, end: number): number {
    const lead = text[start];
    const first = classIn(text, start);
    if ((first & NUMBER) !== 0) return digitsEnd(text, start, end, this.maxDigits);
    if ((first & LETTER) !== 0) return this.withContraction(text, wordEnd(text, start, end), end);
    const next = start + (lead < 0x80 ? 1 : characterLength(lead));
    const second = next < end ? classIn(text, next) : SPACE;
    if ((first & NEWLINE) === 0 && (second & (HEAD | TAIL)) !== 0) {
      const word = prefixedWordEnd(text, next, end, first);
      return this.withContraction(text, word, end);
    }
    if ((first & MARK) !== 0) return this.withContraction(text, next, end);
    if ((first & SPACE) === 0 || (lead === BLANK && (second & NOT_OTHER) === 0)) {
      return lineTailEnd(text, runEndWithout(text, next, end, NOT_OTHER), end);
    }
    return linesEnd(text, start, end, this.trailingSpace);
  }

  private withContraction(text: Uint8Array, at: number, end: number): number {
    return this.contractions && text[at] === APOSTROPHE && at < end ? contractionEnd(text, at, end, true) : at;
  }
}

/** End of `H*T+` at `at`, or of `H+T*` if there is no T in reach. A letter or mark stands at `at`. */
function wordEnd(text: Uint8Array, at: number, end: number): number {
  const head = runEnd(text, at, end, HEAD);
  const tail = runEnd(text, head, end, TAIL);
  if (tail > head) return tail;
  const shared = lastSharedEnd(text, at, head);
  return shared > at ? shared : head;
}

/**
 * The same behind a first character that may be taken along. If the word behind it is all capitals and the character is a mark, the first
 * alternative of the pattern is content with the mark alone.
 */
function prefixedWordEnd(text: Uint8Array, at: number, end: number, first: number): number {
  const head = runEnd(text, at, end, HEAD);
  const tail = runEnd(text, head, end, TAIL);
  if (tail > head) return tail;
  const shared = lastSharedEnd(text, at, head);
  if (shared > at) return shared;
  return (first & MARK) !== 0 ? at : head;
}

/** text[start, end) is a run of H: end of its last character that is T as well, or `start`. */
function lastSharedEnd(text: Uint8Array, start: number, end: number): number {
  while (end > start) {
    let at = end - 1;
    while ((text[at] & 0xc0) === 0x80) at--;
    if ((classIn(text, at) & TAIL) !== 0) return end;
    end = at;
  }
  return start;
}

/** `[\r\n/]*` */
function lineTailEnd(text: Uint8Array, at: number, end: number): number {
  while (at < end && ((ASCII_CLASSES[text[at]] & NEWLINE) !== 0 || text[at] === SLASH)) at++;
  return at;
}

import { characterLength, codePointAt } from '../../../tokenizer/utf8';
import { ASCII_CLASSES, classAt, LETTER, MARK, NEWLINE, NON_ASCII, NUMBER, PUNCTUATION, SPACE } from './character-classes';
import { BLANK, classIn, digitsEnd, linesEnd, newlinesEnd, runEnd } from './runs';
import type { Scanner } from './scanner';

const MAX_DIGITS = 3;

/**
 * The last of DeepSeek-V3's three splits, matches isolated:
 * `[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
 *
 * or all three at once: then it works within segments, which are numbers, ideographs, or anything else. A segment ends for the pattern like a text.
 */
export class DeepseekScanner implements Scanner {
  constructor(
    /** Whether the first two splits are to be made too. */
    private readonly segments: boolean,
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
    if (this.segments && (classIn(text, start) & NUMBER) !== 0) return digitsEnd(text, start, end, MAX_DIGITS);
    const ideographs = isIdeograph(text, start);
    const stop = this.matchEnd(text, start, end, ideographs);
    return stop > start ? stop : this.gapEnd(text, start, end, ideographs);
  }

  /** End of the match at `start`, or `start` if there is none. `ideographs`: what kind of segment it stands in. */
  private matchEnd(text: Uint8Array, start: number, end: number, ideographs: boolean): number {
    const lead = text[start];
    const first = classIn(text, start);
    const next = start + characterLength(lead);
    if ((first & (LETTER | MARK)) !== 0) return this.runEnd(text, next, end, LETTER | MARK, ideographs);
    if ((first & PUNCTUATION) !== 0) {
      if (lead < 0x80 && next < end && isAsciiLetter(text[next])) return asciiLettersEnd(text, next, end);
      return this.punctuationEnd(text, next, end, ideographs);
    }
    const second = next < end && this.isInside(text, next, ideographs) ? classIn(text, next) : 0;
    if ((second & (LETTER | MARK)) !== 0 && (first & NEWLINE) === 0) return this.runEnd(text, next, end, LETTER | MARK, ideographs);
    if (lead === BLANK && (second & PUNCTUATION) !== 0) return this.punctuationEnd(text, next, end, ideographs);
    return (first & SPACE) !== 0 ? this.spaceEnd(text, start, end) : start;
  }

  /** End of the characters from `start` on at none of which a match begins. */
  private gapEnd(text: Uint8Array, start: number, end: number, ideographs: boolean): number {
    do start += characterLength(text[start]);
    while (start < end && this.isInside(text, start, ideographs) && this.matchEnd(text, start, end, ideographs) === start);
    return start;
  }

  /** Whether the segment goes on at `at`. */
  private isInside(text: Uint8Array, at: number, ideographs: boolean): boolean {
    return !this.segments || (isIdeograph(text, at) === ideographs && (classIn(text, at) & NUMBER) === 0);
  }

  /** As the general `runEnd`, within the segment. Numbers end the runs of this pattern by themselves. */
  private runEnd(text: Uint8Array, at: number, end: number, bits: number, ideographs: boolean): number {
    if (!this.segments) return runEnd(text, at, end, bits);
    while (at < end) {
      const ascii = ASCII_CLASSES[text[at]];
      if (ascii === NON_ASCII) {
        if ((classAt(text, at) & bits) === 0 || isIdeograph(text, at) !== ideographs) break;
        at += characterLength(text[at]);
      } else {
        if ((ascii & bits) === 0 || ideographs) break;
        at++;
      }
    }
    return at;
  }

  private punctuationEnd(text: Uint8Array, at: number, end: number, ideographs: boolean): number {
    const stop = this.runEnd(text, at, end, PUNCTUATION, ideographs);
    return this.segments && ideographs ? stop : newlinesEnd(text, stop, end);
  }

  private spaceEnd(text: Uint8Array, start: number, end: number): number {
    if (!this.segments) return linesEnd(text, start, end, false);
    const stop = runEnd(text, start, end, SPACE);
    return linesEnd(text, start, stop < end && this.isInside(text, stop, false) ? end : stop, false);
  }
}

/** Whether the second split takes the character: U+3040–U+30FF (e3 81 80 – e3 83 bf), U+4E00–U+9FA5. */
function isIdeograph(text: Uint8Array, at: number): boolean {
  const lead = text[at];
  if (lead < 0xe3 || lead > 0xe9) return false;
  const codePoint = codePointAt(text, at);
  return (codePoint >= 0x3040 && codePoint <= 0x30ff) || (codePoint >= 0x4e00 && codePoint <= 0x9fa5);
}

function isAsciiLetter(byte: number): boolean {
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x7a;
}

function asciiLettersEnd(text: Uint8Array, at: number, end: number): number {
  while (at < end && isAsciiLetter(text[at])) at++;
  return at;
}

import { characterLength } from '../../../tokenizer/utf8';
import { LETTER, MARK, NEWLINE, PUNCTUATION, SPACE } from './character-classes';
import { BLANK, classIn, linesEnd, newlinesEnd, runEnd } from './runs';
import type { Scanner } from './scanner';

/**
 * The last of DeepSeek-V3's three splits, matches isolated:
 * `[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
 */
export class DeepseekScanner implements Scanner {
  scan(text: Uint8Array, start: number, end: number, ends: Int32Array): number {
    let count = 0;
    while (start < end && count < ends.length) {
      const stop = matchEnd(text, start, end);
      start = stop > start ? stop : gapEnd(text, start, end);
      ends[count++] = start;
    }
    return count;
  }
}

/** End of the match at `start`, or `start` if there is none. */
function matchEnd(text: Uint8Array, start: number, end: number): number {
  const lead = text[start];
  const first = classIn(text, start);
  const next = start + characterLength(lead);
  if ((first & (LETTER | MARK)) !== 0) return runEnd(text, next, end, LETTER | MARK);
  if ((first & PUNCTUATION) !== 0) {
    if (lead < 0x80 && next < end && isAsciiLetter(text[next])) return asciiLettersEnd(text, next, end);
    return newlinesEnd(text, runEnd(text, next, end, PUNCTUATION), end);
  }
  const second = next < end ? classIn(text, next) : 0;
  if ((second & (LETTER | MARK)) !== 0 && (first & NEWLINE) === 0) return runEnd(text, next, end, LETTER | MARK);
  if (lead === BLANK && (second & PUNCTUATION) !== 0) return newlinesEnd(text, runEnd(text, next, end, PUNCTUATION), end);
  return (first & SPACE) !== 0 ? linesEnd(text, start, end, false) : start;
}

/** End of the characters from `start` on at none of which a match begins. */
function gapEnd(text: Uint8Array, start: number, end: number): number {
  do start += characterLength(text[start]);
  while (start < end && matchEnd(text, start, end) === start);
  return start;
}

function isAsciiLetter(byte: number): boolean {
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x7a;
}

function asciiLettersEnd(text: Uint8Array, at: number, end: number): number {
  while (at < end && isAsciiLetter(text[at])) at++;
  return at;
}

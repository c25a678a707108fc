import { characterLength } from '../../../tokenizer/utf8';
import { LETTER, NEWLINE, NUMBER, SPACE } from './character-classes';
import { APOSTROPHE, BLANK, classIn, contractionEnd, digitsEnd, linesEnd, newlinesEnd, NOT_OTHER, runEnd, runEndWithout } from './runs';
import type { Scanner } from './scanner';

/**
 * cl100k and its kin (Llama 3, Qwen, OLMo):
 * `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
 */
export class Cl100kScanner implements Scanner {
  constructor(
    /** 3, 1, or 0 for `\p{N}+`. */
    private readonly maxDigits: number,
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
    const next = start + (lead < 0x80 ? 1 : characterLength(lead));
    if ((first & LETTER) !== 0) return runEnd(text, next, end, LETTER);
    if ((first & NUMBER) !== 0) return digitsEnd(text, start, end, this.maxDigits);
    if (lead === APOSTROPHE) {
      const contraction = contractionEnd(text, start, end, true);
      if (contraction > start) return contraction;
    }
    const second = next < end ? classIn(text, next) : SPACE;
    if ((second & LETTER) !== 0 && (first & NEWLINE) === 0) return runEnd(text, next, end, LETTER);
    if ((first & SPACE) === 0) return newlinesEnd(text, runEndWithout(text, next, end, NOT_OTHER), end);
    if (lead === BLANK && (second & NOT_OTHER) === 0) return newlinesEnd(text, runEndWithout(text, next, end, NOT_OTHER), end);
    return linesEnd(text, start, end, this.trailingSpace);
  }
}

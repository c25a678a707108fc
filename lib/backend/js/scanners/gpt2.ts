import { characterLength } from '../../../tokenizer/utf8';
import { LETTER, NUMBER, SPACE } from './character-classes';
import { APOSTROPHE, BLANK, classIn, contractionEnd, digitsEnd, NOT_OTHER, runEnd, runEndWithout, spaceEnd } from './runs';
import type { Scanner } from './scanner';

/** GPT-2, r50k and p50k: `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+` */
export class Gpt2Scanner implements Scanner {
  constructor(
    /** 0 for `\p{N}+`. */
    private readonly maxDigits: number,
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
    if (lead === APOSTROPHE) {
      const contraction = contractionEnd(text, start, end, false);
      if (contraction > start) return contraction;
    }
    const body = lead === BLANK && start + 1 < end ? start + 1 : start;
    const kind = classIn(text, body);
    if ((kind & SPACE) !== 0) return spaceEnd(text, start, end);
    if ((kind & LETTER) !== 0) return runEnd(text, body, end, LETTER);
    if ((kind & NUMBER) !== 0) return digitsEnd(text, body, end, this.maxDigits);
    return runEndWithout(text, body + characterLength(text[body]), end, NOT_OTHER);
  }
}

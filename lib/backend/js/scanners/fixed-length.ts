import { characterLength } from '../../../tokenizer/utf8';
import type { Scanner } from './scanner';

/** Pieces of a fixed number of characters; the last may be shorter. */
export class FixedLengthScanner implements Scanner {
  constructor(private readonly length: number) {}

  scan(text: Uint8Array, start: number, end: number, ends: Int32Array): number {
    let count = 0;
    while (start < end && count < ends.length) {
      for (let i = 0; i < this.length && start < end; i++) start += characterLength(text[start]);
      ends[count++] = start;
    }
    return count;
  }
}

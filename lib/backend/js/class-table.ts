/** From UTF-8 to the character classes of a pattern. */

import { codePointAt, isContinuation } from '../../tokenizer/utf8';
import type { PatternProgram } from '../kernels';

export class ClassTable {
  /** Classes of the first 128 code points. */
  readonly ascii: Uint8Array;
  readonly classCount: number;
  private readonly pages: Uint16Array;
  private readonly ids: Uint8Array;

  constructor(program: PatternProgram) {
    this.pages = program.classPages;
    this.ids = program.classIds;
    this.classCount = program.classCount;
    this.ascii = program.classIds.slice(program.classPages[0] * 256, program.classPages[0] * 256 + 128);
  }

  /** Class of the character that begins at `p`. */
  at(text: Uint8Array, p: number): number {
    const lead = text[p];
    if (lead < 0x80) return this.ascii[lead];
    const codePoint = codePointAt(text, p);
    return this.ids[(this.pages[codePoint >>> 8] << 8) | (codePoint & 0xff)];
  }

  /** Class of the character that ends at `p`; `classCount` if `p` is where the text begins. */
  before(text: Uint8Array, p: number, from: number): number {
    return p === from ? this.classCount : this.at(text, previous(text, p));
  }

  /** Class of the character that begins at `p`; `classCount` at the end of the text. */
  after(text: Uint8Array, p: number, to: number): number {
    return p === to ? this.classCount : this.at(text, p);
  }
}

/** Where the character that ends at `p` begins. */
export function previous(text: Uint8Array, p: number): number {
  let start = p - 1;
  while (isContinuation(text[start])) start--;
  return start;
}

/** One byte per code point, for asking about every character of a text: two array reads, no search. Pages that hold one value only are shared. */

import { MAX_CODE_POINT, type CodePointSet } from './code-point-set';

const PAGE_BITS = 8;
const PAGE_SIZE = 1 << PAGE_BITS;
const PAGE_COUNT = (MAX_CODE_POINT + 1) >>> PAGE_BITS;

export class CodePointTable {
  /** For each block of 256 code points, where its page begins in `values`. Page 0 is all zero. */
  private readonly pages = new Uint32Array(PAGE_COUNT);
  private values = new Uint8Array(8 * PAGE_SIZE);
  private used = PAGE_SIZE;
  private readonly uniformPages = new Map<number, number>([[0, 0]]);

  /** 1 for the members of a set, 0 for others. */
  static ofSet(set: CodePointSet): CodePointTable {
    const table = new CodePointTable();
    for (const [start, end] of set) table.fill(start, end, 1);
    return table;
  }

  get(codePoint: number): number {
    return this.values[this.pages[codePoint >>> PAGE_BITS] + (codePoint & (PAGE_SIZE - 1))];
  }

  set(codePoint: number, value: number): void {
    // Making the page may replace `values`, so it comes first.
    const page = this.ownPage(codePoint >>> PAGE_BITS);
    this.values[page + (codePoint & (PAGE_SIZE - 1))] = value;
  }

  fill(start: number, end: number, value: number): void {
    for (let from = start; from < end;) {
      const index = from >>> PAGE_BITS;
      const to = Math.min(end, (index + 1) << PAGE_BITS);
      if (to - from === PAGE_SIZE) {
        this.pages[index] = this.uniformPage(value);
      } else {
        const base = this.ownPage(index) - (index << PAGE_BITS);
        this.values.fill(value, base + from, base + to);
      }
      from = to;
    }
  }

  /** The page of a block, made writable. */
  private ownPage(index: number): number {
    const page = this.pages[index];
    const isShared = this.uniformPages.get(this.values[page]) === page;
    return isShared ? (this.pages[index] = this.addPage(this.values[page])) : page;
  }

  private uniformPage(value: number): number {
    let page = this.uniformPages.get(value);
    if (page === undefined) {
      page = this.addPage(value);
      this.uniformPages.set(value, page);
    }
    return page;
  }

  private addPage(value: number): number {
    if (this.used === this.values.length) {
      const grown = new Uint8Array(2 * this.values.length);
      grown.set(this.values);
      this.values = grown;
    }
    const page = this.used;
    this.used += PAGE_SIZE;
    this.values.fill(value, page, this.used);
    return page;
  }
}

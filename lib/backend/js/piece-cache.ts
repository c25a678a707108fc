import { equalBytes, hashBytes } from './token-map';
import { LongPieceTable, MediumPieceTable, ShortPieceTable } from './piece-tables';

/** Longest pieces that are remembered. */
export const LONGEST_CACHED_PIECE = 255;
/** Ids must be below this to be remembered. */
export const CACHED_ID_LIMIT = 1 << 24;

/**
 * Remembers the ids of pieces, in three tables by length: up to 8 bytes, up to 16, longer.
 *
 * A head holds, from the lowest bit: 24 bits for the first id, 3 bits for the number of ids, 5 bits for the tag, which tells apart pieces that share
 * a key (by length, and whatever else the caller puts there). The second to fourth id follow the head where the entry has room for them.
 * Pieces with more ids say 7, and the 24 bits are the place in `overflow` of their number and the ids themselves.
 *
 * The tables begin small, so that few pieces stay within the processor's caches, and double when half full. When that would pass the bound, everything
 * is forgotten: what is frequent comes back at once, and no look-up has to keep track of use.
 */
export class PieceCache {
  readonly short = new ShortPieceTable();
  readonly medium = new MediumPieceTable();
  readonly long = new LongPieceTable();
  overflow = new Int32Array(256);

  private overflowLength = 0;
  /** Bytes of the long pieces, each behind its length. */
  private texts = new Uint8Array(4096);
  private textsLength = 0;
  private readonly maxBytes: number;

  /** Holds at most `maxBytes` bytes, or the some 32 KB it begins with. */
  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  /** Bytes held now. */
  get bytes(): number {
    return this.short.bytes + this.medium.bytes + this.long.bytes + this.overflow.byteLength + this.texts.byteLength;
  }

  addShort(word0: number, word1: number, tag: number, ids: Int32Array, count: number): void {
    this.makeRoom(this.short, count <= 2 ? 0 : count, 0);
    const at = this.short.add(word0, word1, this.createHead(tag, ids, count, 2));
    this.short.words[at + 3] = count === 2 ? ids[1] : 0;
  }

  addMedium(word0: number, word1: number, word2: number, word3: number, tag: number, ids: Int32Array, count: number): void {
    this.makeRoom(this.medium, count <= 4 ? 0 : count, 0);
    const at = this.medium.add(word0, word1, word2, word3, this.createHead(tag, ids, count, 4));
    for (let i = 1; i < 4; i++) this.medium.words[at + 4 + i] = count <= 4 && i < count ? ids[i] : 0;
  }

  addLong(text: Uint8Array, start: number, end: number, tag: number, ids: Int32Array, count: number): void {
    this.makeRoom(this.long, count, 1 + end - start);
    const head = this.createHead(tag, ids, count, 1);
    this.long.add(hashBytes(text, start, end), this.textsLength, head);
    this.texts[this.textsLength++] = end - start;
    for (let i = start; i < end; i++) this.texts[this.textsLength++] = text[i];
  }

  /** Position of the piece's entry in `long`, or −1. */
  findLong(text: Uint8Array, start: number, end: number, tag: number): number {
    const { long, texts } = this;
    const hash = hashBytes(text, start, end);
    let at = long.find(hash, tag, -1);
    for (; at >= 0; at = long.find(hash, tag, at)) {
      const stored = long.words[at + 1];
      if (equalBytes(texts, stored + 1, stored + 1 + texts[stored], text, start, end)) break;
    }
    return at;
  }

  private createHead(tag: number, ids: Int32Array, count: number, room: number): number {
    if (count > 0 && count <= room) return (tag << 27) | (count << 24) | ids[0];
    const place = this.overflowLength;
    this.overflow[this.overflowLength++] = count;
    for (let i = 0; i < count; i++) this.overflow[this.overflowLength++] = ids[i];
    return (tag << 27) | (7 << 24) | place;
  }

  /** Grows what must grow for one more entry of `table`, with `ids` ids in the overflow and `bytes` bytes of text; forgets everything if that is too much. */
  private makeRoom(table: ShortPieceTable | MediumPieceTable | LongPieceTable, ids: number, bytes: number): void {
    const needOverflow = this.overflowLength + ids + 1 > this.overflow.length;
    const needTexts = this.textsLength + bytes > this.texts.length;
    if (!table.isFull && !needOverflow && !needTexts) return;
    const growth =
      (table.isFull ? table.bytes : 0) + (needOverflow ? this.overflow.byteLength : 0) + (needTexts ? this.texts.byteLength : 0);
    if (this.bytes + growth > this.maxBytes || this.overflowLength + ids >= CACHED_ID_LIMIT) {
      this.clear();
      return;
    }
    if (table.isFull) table.double();
    if (needOverflow) this.overflow = doubled(this.overflow, new Int32Array(2 * this.overflow.length));
    if (needTexts) this.texts = doubled(this.texts, new Uint8Array(2 * this.texts.length));
  }

  private clear(): void {
    this.short.clear();
    this.medium.clear();
    this.long.clear();
    this.overflow = new Int32Array(512);
    this.texts = new Uint8Array(4096);
    this.overflowLength = 0;
    this.textsLength = 0;
  }
}

function doubled<T extends Int32Array | Uint8Array>(from: T, to: T): T {
  to.set(from);
  return to;
}

/** Puts texts together to blocks that are large enough to be worth a call, and cuts long ones where that changes no words. */
import { characterLength, encodeUtf8Into } from '../tokenizer/utf8';

/** What is counted in one call. */
export interface Block {
  /** Texts back to back, with BLOCK_PADDING bytes behind the last. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** n + 1 entries. */
  readonly offsets: Uint32Array;
}

/** Bytes that counters may read behind a text. */
export const BLOCK_PADDING = 64;
const BLOCK_BYTES = 1 << 20;
const LINE_FEED = 0x0a;
const SPACE = 0x20;

abstract class Blocks {
  protected bytes = new Uint8Array(BLOCK_BYTES + BLOCK_PADDING);
  protected end = 0;
  private readonly free: Array<Uint8Array<ArrayBuffer>> = [];

  /** Gives a block back when it was counted. */
  recycle({ bytes }: Block): void {
    if (bytes.length === BLOCK_BYTES + BLOCK_PADDING) this.free.push(bytes);
  }

  protected makeRoom(length: number): void {
    const needed = this.end + length + BLOCK_PADDING;
    if (needed <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, 2 * this.bytes.length));
    grown.set(this.bytes.subarray(0, this.end));
    this.bytes = grown;
  }

  /** The block up to `cut`; what lies behind it begins the next one. */
  protected take(cut: number, offsets: Uint32Array): Block {
    const block = { bytes: this.bytes, offsets };
    const rest = this.bytes.subarray(cut, this.end);
    this.bytes = this.free.pop() ?? new Uint8Array(BLOCK_BYTES + BLOCK_PADDING);
    this.end = 0;
    this.makeRoom(rest.length);
    this.bytes.set(rest);
    this.end = rest.length;
    return block;
  }
}

/** UTF-16 units of short texts that are put together before they are encoded: a call for each would cost more than the encoding. */
const TOGETHER_UNITS = 1 << 14;

/** Every text is one for itself. */
export class ItemBlocks extends Blocks {
  private offsets: number[] = [0];
  private waiting = '';
  /** UTF-16 units of each waiting text. */
  private waitingUnits: number[] = [];

  /** Adds well-formed text; gives a block when one is full. */
  add(text: string | Uint8Array): Block | null {
    if (typeof text === 'string') {
      // Halves of a surrogate pair in two texts must not come together.
      if (isLowSurrogate(text.charCodeAt(0))) this.encodeWaiting();
      this.waiting += text;
      this.waitingUnits.push(text.length);
      if (this.waiting.length < TOGETHER_UNITS) return null;
      this.encodeWaiting();
    } else {
      this.encodeWaiting();
      this.makeRoom(text.length);
      this.bytes.set(text, this.end);
      this.end += text.length;
      this.offsets.push(this.end);
    }
    return this.end >= BLOCK_BYTES ? this.finish() : null;
  }

  finish(): Block {
    this.encodeWaiting();
    const offsets = Uint32Array.from(this.offsets);
    this.offsets = [0];
    return this.take(this.end, offsets);
  }

  private encodeWaiting(): void {
    const { waiting, waitingUnits } = this;
    if (waitingUnits.length === 0) return;
    this.makeRoom(3 * waiting.length);
    const from = this.end;
    this.end += encodeUtf8Into(waiting, this.bytes.subarray(from));
    if (waitingUnits.length === 1) this.offsets.push(this.end);
    else if (this.end - from === waiting.length) this.pushAsciiOffsets(from);
    else this.pushOffsets(from);
    this.waiting = '';
    this.waitingUnits = [];
  }

  private pushAsciiOffsets(from: number): void {
    for (const units of this.waitingUnits) this.offsets.push((from += units));
  }

  private pushOffsets(from: number): void {
    for (const units of this.waitingUnits) {
      for (let left = units; left > 0;) {
        const length = characterLength(this.bytes[from]);
        left -= length === 4 ? 2 : 1;
        from += length;
      }
      this.offsets.push(from);
    }
  }
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}

/** The text is one stream of lines. */
export class LineBlocks extends Blocks {
  private next = BLOCK_BYTES;

  /** `cutsWords`: lines may be cut before a space between two ASCII letters. */
  constructor(private readonly cutsWords: boolean) {
    super();
  }

  /** Adds well-formed bytes; gives a block when one is full. */
  add(text: Uint8Array): Block | null {
    this.makeRoom(text.length);
    this.bytes.set(text, this.end);
    this.end += text.length;
    if (this.end < this.next) return null;
    const cut = this.lastCut();
    // A long line is not searched again for each chunk of it.
    this.next = cut === 0 ? 2 * this.end : BLOCK_BYTES;
    return cut === 0 ? null : this.take(cut, Uint32Array.of(0, cut));
  }

  /** The rest. The next text begins a line of its own. */
  finish(): Block {
    this.next = BLOCK_BYTES;
    return this.take(this.end, Uint32Array.of(0, this.end));
  }

  private lastCut(): number {
    const { bytes, end } = this;
    const newline = bytes.lastIndexOf(LINE_FEED, end - 1);
    if (newline >= 0 || !this.cutsWords) return newline + 1;
    for (let at = bytes.lastIndexOf(SPACE, end - 2); at > 0; at = bytes.lastIndexOf(SPACE, at - 1))
      if (isAsciiLetter(bytes[at - 1]) && isAsciiLetter(bytes[at + 1])) return at;
    return 0;
  }
}

function isAsciiLetter(byte: number): boolean {
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x7a;
}

/** The lines of a text with their newlines, as start, end pairs. */
export function lineBounds(text: Uint8Array, start: number, end: number): number[] {
  const bounds: number[] = [];
  for (let at = start; at < end;) {
    const newline = text.indexOf(LINE_FEED, at);
    const stop = newline < 0 || newline >= end ? end : newline + 1;
    bounds.push(at, stop);
    at = stop;
  }
  return bounds;
}

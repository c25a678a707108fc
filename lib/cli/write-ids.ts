/** Ids on their way out, in the formats of `encode`. */
import { MerganserError } from '../errors';
import { DecimalIds } from './decimal-ids';
import type { Output } from './output';

export const ID_FORMATS = ['text', 'json', 'u16', 'u32'] as const;
export type IdFormat = (typeof ID_FORMATS)[number];

const LARGEST_U16 = 0xffff;

/** Ids that are written at a time. */
const BLOCK = 1 << 17;
const [SPACE, COMMA, OPEN, CLOSE, LINE_FEED] = Array.from(' ,[]\n', (character) => character.charCodeAt(0));
const IS_LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** Writes texts one after another; the ids of a text may come in parts. */
export class IdWriter {
  /** Whether ids of the present text have been written. */
  private inText = false;
  /** Filled in turns, one while the other is written; empty for formats that are not decimal. */
  private readonly decimals: readonly DecimalIds[];
  private turn = 0;
  private writing: Promise<void> = Promise.resolve();

  constructor(
    private readonly output: Output,
    private readonly format: IdFormat,
  ) {
    this.decimals = format === 'text' || format === 'json' ? [new DecimalIds(BLOCK), new DecimalIds(BLOCK)] : [];
  }

  /** Throws INVALID_ARGUMENT for ids that do not fit into u16. What was written may be on its way still. */
  async write(ids: Uint32Array): Promise<void> {
    if (ids.length === 0) return;
    if (this.decimals.length === 0) return this.output.write(this.format === 'u16' ? u16Bytes(ids) : u32Bytes(ids));
    for (let start = 0; start < ids.length; start += BLOCK) {
      this.put(this.decimals[this.turn], ids.subarray(start, start + BLOCK));
      await this.send();
    }
  }

  async endText(): Promise<void> {
    if (this.decimals.length === 0) return;
    this.putEnd(this.decimals[this.turn]);
    await this.send();
  }

  /** Whole texts at once. */
  async writeTexts(texts: readonly Uint32Array[]): Promise<void> {
    if (this.decimals.length === 0) return this.write(joined(texts));
    for (const ids of texts) {
      // With room for what ends a text.
      if (!this.decimals[this.turn].hasRoom(ids.length + 1)) await this.send();
      if (this.decimals[this.turn].hasRoom(ids.length + 1)) this.put(this.decimals[this.turn], ids);
      else await this.write(ids);
      this.putEnd(this.decimals[this.turn]);
    }
    await this.send();
  }

  /** Waits for what is on its way. To be called at the end. */
  async finish(): Promise<void> {
    await this.writing;
  }

  /** Sends what was put on its way, behind what was sent before. */
  private async send(): Promise<void> {
    const bytes = this.decimals[this.turn].take();
    this.turn = 1 - this.turn;
    await this.writing;
    this.writing = this.output.write(bytes);
    // Whoever waits next hears of it.
    this.writing.catch(() => undefined);
  }

  private put(decimal: DecimalIds, ids: Uint32Array): void {
    if (ids.length === 0) return;
    const first = this.format === 'json' ? OPEN : null;
    decimal.putIds(ids, this.separator, this.inText ? this.separator : first);
    this.inText = true;
  }

  private get separator(): number {
    return this.format === 'json' ? COMMA : SPACE;
  }

  private putEnd(decimal: DecimalIds): void {
    if (this.format === 'json') {
      if (!this.inText) decimal.put(OPEN);
      decimal.put(CLOSE);
    }
    decimal.put(LINE_FEED);
    this.inText = false;
  }
}

function joined(texts: readonly Uint32Array[]): Uint32Array {
  const ids = new Uint32Array(texts.reduce((sum, text) => sum + text.length, 0));
  texts.reduce((at, text) => (ids.set(text, at), at + text.length), 0);
  return ids;
}

function u16Bytes(ids: Uint32Array): Uint8Array {
  const values = new Uint16Array(ids.length);
  for (let i = 0; i < ids.length; i++) {
    if (ids[i] > LARGEST_U16)
      throw new MerganserError('INVALID_ARGUMENT', `Expected ids up to ${LARGEST_U16} for the format u16, but got ${ids[i]}: use u32.`);
    values[i] = ids[i];
  }
  return littleEndian(values);
}

function u32Bytes(ids: Uint32Array): Uint8Array {
  return littleEndian(IS_LITTLE_ENDIAN ? ids : ids.slice());
}

/** The bytes of integers, which are turned around where they have to be. */
function littleEndian(values: Uint16Array | Uint32Array): Uint8Array {
  const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  if (IS_LITTLE_ENDIAN) return bytes;
  return values.BYTES_PER_ELEMENT === 2 ? bytes.swap16() : bytes.swap32();
}

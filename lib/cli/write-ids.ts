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
  /** null for formats that are not decimal. */
  private readonly decimal: DecimalIds | null;

  constructor(
    private readonly output: Output,
    private readonly format: IdFormat,
  ) {
    this.decimal = format === 'text' || format === 'json' ? new DecimalIds(BLOCK) : null;
  }

  /** Throws INVALID_ARGUMENT for ids that do not fit into u16. */
  async write(ids: Uint32Array): Promise<void> {
    const { decimal } = this;
    if (ids.length === 0) return;
    if (decimal === null) return this.output.write(this.format === 'u16' ? u16Bytes(ids) : u32Bytes(ids));
    for (let start = 0; start < ids.length; start += BLOCK) {
      this.put(decimal, ids.subarray(start, start + BLOCK));
      await this.output.write(decimal.take());
    }
  }

  async endText(): Promise<void> {
    if (this.decimal === null) return;
    this.putEnd(this.decimal);
    await this.output.write(this.decimal.take());
  }

  /** Whole texts at once. */
  async writeTexts(texts: readonly Uint32Array[]): Promise<void> {
    const { decimal } = this;
    if (decimal === null) return this.write(joined(texts));
    for (const ids of texts) {
      // With room for what ends a text.
      if (!decimal.hasRoom(ids.length + 1)) await this.output.write(decimal.take());
      if (decimal.hasRoom(ids.length + 1)) this.put(decimal, ids);
      else await this.write(ids);
      this.putEnd(decimal);
    }
    await this.output.write(decimal.take());
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

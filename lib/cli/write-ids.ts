/** Ids on their way out, in the formats of `encode`. */
import { MerganserError } from '../errors';
import type { Output } from './output';

export const ID_FORMATS = ['text', 'json', 'u16', 'u32'] as const;
export type IdFormat = (typeof ID_FORMATS)[number];

const LARGEST_U16 = 0xffff;

/** Writes texts one after another; the ids of a text may come in parts. */
export class IdWriter {
  /** Whether ids of the present text have been written. */
  private inText = false;

  constructor(
    private readonly output: Output,
    private readonly format: IdFormat,
  ) {}

  /** Throws INVALID_ARGUMENT for ids that do not fit into u16. */
  async write(ids: Uint32Array): Promise<void> {
    if (ids.length === 0) return;
    await this.output.write(this.part(ids));
    this.inText = true;
  }

  async endText(): Promise<void> {
    const end = this.end();
    this.inText = false;
    if (end !== '') await this.output.write(end);
  }

  /** Whole texts at once. */
  async writeTexts(texts: readonly Uint32Array[]): Promise<void> {
    if (this.format === 'u16' || this.format === 'u32') {
      for (const ids of texts) await this.write(ids);
    } else {
      await this.output.write(texts.map((ids) => (ids.length === 0 ? this.end() : `${this.part(ids) as string}${this.close()}`)).join(''));
    }
  }

  private part(ids: Uint32Array): string | Uint8Array {
    switch (this.format) {
      case 'text':
        return (this.inText ? ' ' : '') + ids.join(' ');
      case 'json':
        return (this.inText ? ',' : '[') + ids.join(',');
      case 'u16':
        return u16Bytes(ids);
      case 'u32':
        return u32Bytes(ids);
    }
  }

  /** What ends the present text. */
  private end(): string {
    return this.format === 'json' && !this.inText ? '[]\n' : this.close();
  }

  private close(): string {
    if (this.format === 'text') return '\n';
    return this.format === 'json' ? ']\n' : '';
  }
}

function u16Bytes(ids: Uint32Array): Uint8Array {
  const bytes = new Uint8Array(2 * ids.length);
  const view = new DataView(bytes.buffer);
  ids.forEach((id, index) => {
    if (id > LARGEST_U16)
      throw new MerganserError('INVALID_ARGUMENT', `Expected ids up to ${LARGEST_U16} for the format u16, but got ${id}: use u32.`);
    view.setUint16(2 * index, id, true);
  });
  return bytes;
}

function u32Bytes(ids: Uint32Array): Uint8Array {
  const bytes = new Uint8Array(4 * ids.length);
  const view = new DataView(bytes.buffer);
  ids.forEach((id, index) => view.setUint32(4 * index, id, true));
  return bytes;
}

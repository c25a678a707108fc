import type { DecoderSpec } from '../kernels';

/** Tokens longer than this are copied as a block. */
const SHORT_TOKEN = 24;

/** Decoding by concatenation. */
export class Decoder {
  private readonly tokenBytes: Uint8Array;
  private readonly tokenOffsets: Uint32Array;

  constructor({ tokenBytes, tokenOffsets }: DecoderSpec) {
    this.tokenBytes = tokenBytes;
    this.tokenOffsets = tokenOffsets;
  }

  decode(ids: Uint32Array): Uint8Array {
    const { tokenBytes, tokenOffsets } = this;
    let size = 0;
    for (let i = 0; i < ids.length; i++) size += tokenOffsets[ids[i] + 1] - tokenOffsets[ids[i]];
    const text = new Uint8Array(size);
    let at = 0;
    for (let i = 0; i < ids.length; i++) {
      const start = tokenOffsets[ids[i]];
      const end = tokenOffsets[ids[i] + 1];
      if (end - start > SHORT_TOKEN) {
        text.set(tokenBytes.subarray(start, end), at);
        at += end - start;
      } else {
        for (let from = start; from < end; from++) text[at++] = tokenBytes[from];
      }
    }
    return text;
  }
}

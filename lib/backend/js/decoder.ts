import { isWellFormed } from '../../tokenizer/well-formed';
import { decodeWellFormed } from '../../tokenizer/utf8';
import { type DecoderSpec, SPECIAL_TOKEN, UNKNOWN_TOKEN } from '../kernels';

/** Tokens longer than this are copied as a block. */
const SHORT_TOKEN = 24;

/** Decoding by concatenation. */
export class Decoder {
  private readonly tokenBytes: Uint8Array;
  private readonly tokenOffsets: Uint32Array;
  private readonly traits: Uint8Array;

  constructor({ tokenBytes, tokenOffsets, traits }: DecoderSpec) {
    this.tokenBytes = tokenBytes;
    this.tokenOffsets = tokenOffsets;
    this.traits = traits;
  }

  decode(ids: Uint32Array, skipSpecial: boolean): Uint8Array | null {
    const { tokenBytes, tokenOffsets, traits } = this;
    const skipped = skipSpecial ? SPECIAL_TOKEN : 0;
    let size = 0;
    for (let i = 0; i < ids.length; i++) {
      const id = ids[i];
      const trait = id < traits.length ? traits[id] : UNKNOWN_TOKEN;
      if ((trait & UNKNOWN_TOKEN) !== 0) return null;
      if ((trait & skipped) === 0) size += tokenOffsets[id + 1] - tokenOffsets[id];
    }
    const text = new Uint8Array(size);
    let at = 0;
    for (let i = 0; i < ids.length; i++) {
      if ((traits[ids[i]] & skipped) !== 0) continue;
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

  decodeWellFormed(ids: Uint32Array, skipSpecial: boolean): Uint8Array | null {
    const bytes = this.decode(ids, skipSpecial);
    return bytes !== null && isWellFormed(bytes) ? bytes : null;
  }

  decodeText(ids: Uint32Array, skipSpecial: boolean): string | null {
    const bytes = this.decode(ids, skipSpecial);
    return bytes === null ? null : decodeWellFormed(bytes);
  }
}

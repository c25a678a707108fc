/** The texts of a tokenizer's tokens, as people would write them: U+2581 as a space. */
import type { MergeParts } from '../tokenizer/merge-parts';
import { VISIBLE_SPACE } from '../tokenizer/model-text';
import { decodeUtf8 } from '../tokenizer/utf8';

const VISIBLE = new RegExp(String.fromCodePoint(VISIBLE_SPACE), 'gu');

export class TokenTexts {
  constructor(private readonly parts: Pick<MergeParts, 'tokenBytes' | 'tokenOffsets' | 'byteLevel'>) {}

  /** The text of a base id. */
  text(id: number): string {
    const { tokenBytes, tokenOffsets } = this.parts;
    return this.write(tokenBytes.subarray(tokenOffsets[id], tokenOffsets[id + 1]));
  }

  /** Bytes of tokens as text; U+FFFD where they are not UTF-8. */
  write(bytes: Uint8Array): string {
    const text = decodeUtf8(bytes);
    return this.parts.byteLevel ? text : text.replace(VISIBLE, ' ');
  }
}

/** The texts of a tokenizer's tokens, as people would write them: U+2581 as a space. */
import type { MergeParts } from '../tokenizer/merge-parts';
import { VISIBLE_SPACE } from '../tokenizer/model-text';
import { decodeUtf8 } from '../tokenizer/utf8';
import type { TokenTable } from '../tokenizer/token-table';

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

/** The tokens' texts; fixed ones have none, so that no text becomes one of them. */
export function withoutFixed({
  tokenBytes: bytes,
  tokenOffsets: offsets,
  isFixed,
}: Pick<MergeParts, 'tokenBytes' | 'tokenOffsets' | 'isFixed'>): TokenTable {
  const tokenBytes = new Uint8Array(bytes.length);
  const tokenOffsets = new Uint32Array(offsets.length);
  for (let id = 0; id + 1 < offsets.length; id++) {
    const text = isFixed(id) ? bytes.subarray(0, 0) : bytes.subarray(offsets[id], offsets[id + 1]);
    tokenBytes.set(text, tokenOffsets[id]);
    tokenOffsets[id + 1] = tokenOffsets[id] + text.length;
  }
  return { tokenBytes: tokenBytes.slice(0, tokenOffsets[offsets.length - 1]), tokenOffsets };
}

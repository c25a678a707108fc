/** What the text of a token says about where it may be merged. */
import { TokenTrait } from '../backend/dynamic-kernels';
import { VISIBLE_SPACE } from '../tokenizer/model-text';
import type { MergeParts } from '../tokenizer/merge-parts';
import { encodeUtf8 } from '../tokenizer/utf8';

const SPACE = 0x20;
const TAB = 0x09;
const NEWLINE = 0x0a;
const VISIBLE = encodeUtf8(String.fromCodePoint(VISIBLE_SPACE));

/** The traits of every token. */
export function tokenTraits(parts: MergeParts): Uint8Array {
  const { tokenBytes, tokenOffsets, endOfWordSuffix } = parts;
  const traits = new Uint8Array(tokenOffsets.length - 1);
  for (let id = 0; id < traits.length; id++) {
    const text = tokenBytes.subarray(tokenOffsets[id], tokenOffsets[id + 1]);
    traits[id] = parts.isFixed(id) || text.length === 0 ? TokenTrait.Fixed : traitsOf(text, parts.byteLevel);
    if (endsWith(text, endOfWordSuffix)) traits[id] |= TokenTrait.EndsWord;
  }
  return traits;
}

function traitsOf(text: Uint8Array, byteLevel: boolean): number {
  let traits: number = TokenTrait.OnlyMarks;
  let newlines = 0;
  for (let at = 0; at < text.length;) {
    const length = markLength(text, at, byteLevel);
    if (length > 0) traits |= at === 0 ? TokenTrait.StartsMarked : TokenTrait.MarkedInside;
    else traits &= ~TokenTrait.OnlyMarks;
    if (text[at] === NEWLINE) newlines++;
    at += Math.max(1, length);
  }
  if (newlines > 0) traits |= TokenTrait.Newline;
  if (newlines > 1) traits |= TokenTrait.Newlines;
  return traits;
}

/** Bytes of the mark that stands here; 0: none does. */
function markLength(text: Uint8Array, at: number, byteLevel: boolean): number {
  if (text[at] === SPACE || text[at] === TAB || text[at] === NEWLINE) return 1;
  return !byteLevel && VISIBLE.every((byte, i) => text[at + i] === byte) ? VISIBLE.length : 0;
}

function endsWith(text: Uint8Array, suffix: Uint8Array): boolean {
  if (suffix.length === 0 || text.length < suffix.length) return false;
  return suffix.every((byte, i) => text[text.length - suffix.length + i] === byte);
}

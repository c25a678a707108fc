/** From offsets in UTF-8 bytes to offsets in UTF-16 units, the ones JavaScript strings have. */
import { isAscii, isContinuation } from './utf8';

/**
 * Converts start, end pairs. Offsets inside a character are rounded outwards: starts down, ends up. Linear in the text if the pairs are in order of
 * the text (or nearly: each costs the distance from the one before).
 */
export function toUtf16Offsets(text: Uint8Array, spans: Uint32Array): Uint32Array {
  if (isAscii(text)) return spans.slice();
  const cursor = new Utf16Cursor(text);
  const converted = new Uint32Array(spans.length);
  for (let i = 0; i < spans.length; i += 2) {
    converted[i] = cursor.moveTo(characterStart(text, spans[i]));
    converted[i + 1] = cursor.moveTo(characterEnd(text, spans[i + 1]));
  }
  return converted;
}

function characterStart(text: Uint8Array, offset: number): number {
  let start = offset;
  while (start < text.length && isContinuation(text[start])) start--;
  return start;
}

function characterEnd(text: Uint8Array, offset: number): number {
  let end = offset;
  while (end < text.length && isContinuation(text[end])) end++;
  return end;
}

/** Walks over characters in both directions, counting their UTF-16 units. */
class Utf16Cursor {
  private byte = 0;
  private unit = 0;

  constructor(private readonly text: Uint8Array) {}

  /** UTF-16 units before a byte offset. */
  moveTo(offset: number): number {
    while (this.byte < offset) this.unit += unitsOf(this.text[this.byte++]);
    while (this.byte > offset) this.unit -= unitsOf(this.text[--this.byte]);
    return this.unit;
  }
}

/** The units of a character are counted at its first byte: two for characters of four bytes. */
function unitsOf(byte: number): number {
  if (isContinuation(byte)) return 0;
  return byte >= 0xf0 ? 2 : 1;
}

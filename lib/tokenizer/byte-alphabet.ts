/**
 * GPT-2's printable alphabet for bytes: every byte has a character of its own, so that byte strings can be written as text.
 * Printable Latin-1 stands for itself; the other 68 bytes are U+0100 and up, in order.
 * Source: `bytes_to_unicode` of https://github.com/openai/gpt-2/blob/master/src/encoder.py.
 */

function isPrintable(byte: number): boolean {
  return (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
}

/** The code point (one UTF-16 unit) of each byte. */
export const BYTE_CODE_POINTS: Uint16Array = new Uint16Array(256);
/** The byte of each code point below 0x144, −1 for those outside the alphabet. */
export const CODE_POINT_BYTES: Int16Array = new Int16Array(0x144).fill(-1);

for (let byte = 0, next = 0x100; byte < 256; byte++) {
  const codePoint = isPrintable(byte) ? byte : next++;
  BYTE_CODE_POINTS[byte] = codePoint;
  CODE_POINT_BYTES[codePoint] = byte;
}

/** The byte that a character of the alphabet stands for; −1 for other characters. */
export function alphabetByte(codePoint: number): number {
  return CODE_POINT_BYTES[codePoint] ?? -1;
}

/** Writes bytes in the alphabet. */
export function bytesToAlphabet(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(BYTE_CODE_POINTS[byte]);
  return text;
}

/** Writes the bytes of a text in the alphabet to `target` from `offset`; the number of bytes, or −1 if a character is not in the alphabet. */
export function writeAlphabetBytes(text: string, target: Uint8Array, offset: number): number {
  for (let i = 0; i < text.length; i++) {
    const byte = alphabetByte(text.charCodeAt(i));
    if (byte < 0) return -1;
    target[offset + i] = byte;
  }
  return text.length;
}

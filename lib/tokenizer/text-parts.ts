/** Parts of a text that are normalized (NFC) each for itself. */
import { decodeUtf8, encodeUtf8 } from './utf8';

/** Characters that neither compose with one before them nor move before it: ASCII, ideographs and their punctuation, full-width forms. */
export function beginsNormalization(codePoint: number): boolean {
  return (
    codePoint < 0x80 ||
    (codePoint >= 0x4e00 && codePoint <= 0x9fff) ||
    (codePoint >= 0x3001 && codePoint <= 0x3029) ||
    (codePoint >= 0xff01 && codePoint <= 0xff5e)
  );
}

/** A stretch in NFC, and where its parts came from. */
export interface NormalizedStretch {
  readonly text: Uint8Array;
  /** Place in the original text by place in the normalized one, where normalization begins anew. */
  readonly origins: ReadonlyMap<number, number>;
}

/** null if the stretch is in NFC already. */
export function normalizedStretch(text: Uint8Array, start: number, end: number): NormalizedStretch | null {
  const string = decodeUtf8(text.subarray(start, end));
  if (string.normalize('NFC') === string) return null;
  const origins = new Map<number, number>();
  const parts: Uint8Array[] = [];
  let origin = start;
  let length = 0;
  for (const part of partsOf(string)) {
    origins.set(length, origin);
    const normalized = encodeUtf8(part.normalize('NFC'));
    parts.push(normalized);
    origin += encodeUtf8(part).length;
    length += normalized.length;
  }
  const joined = new Uint8Array(length);
  parts.reduce((at, part) => (joined.set(part, at), at + part.length), 0);
  return { text: joined, origins };
}

/** A text cut before every character that begins normalization. */
function partsOf(text: string): string[] {
  const parts: string[] = [];
  let start = 0;
  for (let at = 0; at < text.length;) {
    const codePoint = text.codePointAt(at)!;
    if (at > start && beginsNormalization(codePoint)) {
      parts.push(text.slice(start, at));
      start = at;
    }
    at += codePoint > 0xffff ? 2 : 1;
  }
  parts.push(text.slice(start));
  return parts;
}

import { AlignedWriter, writeChanges } from '../aligned-writer';
import { NormalizedText } from '../normalized-text';
import { type NormalizationForm, normalizeUtf8, normalizeWithChanges } from '../unicode/normalize';
import { characterLength, codePointAt } from '../utf8';
import type { Normalizer } from './normalizer';

/**
 * NFC, NFD, NFKC or NFKD. Only runs of characters beyond ASCII are looked at, each with the ASCII character before it, which may combine with
 * what follows; ASCII itself never changes, and never combines with what stands before it.
 */
export class UnicodeForm implements Normalizer {
  constructor(private readonly form: NormalizationForm) {}

  normalize(text: NormalizedText): NormalizedText {
    return text.tracked ? this.normalizeTracked(text) : this.normalizeUntracked(text);
  }

  private normalizeUntracked(text: NormalizedText): NormalizedText {
    const bytes = normalizeUtf8(this.form, text.bytes);
    return bytes === text.bytes ? text : new NormalizedText(bytes, 'none', text.origin);
  }

  private normalizeTracked(text: NormalizedText): NormalizedText {
    const { bytes } = text;
    let writer: AlignedWriter | null = null;
    let copied = 0;
    for (let start = nextNonAscii(bytes, 0); start < bytes.length;) {
      const runStart = start === 0 ? 0 : start - 1;
      const runEnd = nextAscii(bytes, start);
      const run = decode(bytes, runStart, runEnd);
      const result = normalizeWithChanges(this.form, run);
      if (!isSame(run, result.codePoints)) {
        writer ??= new AlignedWriter(text, bytes.length + (bytes.length >> 1) + 16);
        writer.copy(copied, runStart);
        writeChanges(writer, bytes, runStart, result.codePoints, result.changes);
        copied = runEnd;
      }
      start = nextNonAscii(bytes, runEnd);
    }
    if (writer === null) return text;
    writer.copy(copied, bytes.length);
    return writer.finish();
  }
}

function nextNonAscii(bytes: Uint8Array, from: number): number {
  let at = from;
  while (at < bytes.length && bytes[at] < 0x80) at++;
  return at;
}

function nextAscii(bytes: Uint8Array, from: number): number {
  let at = from;
  while (at < bytes.length && bytes[at] >= 0x80) at++;
  return at;
}

function decode(bytes: Uint8Array, start: number, end: number): Uint32Array {
  const codePoints = new Uint32Array(end - start);
  let count = 0;
  for (let at = start; at < end; at += characterLength(bytes[at])) codePoints[count++] = codePointAt(bytes, at);
  return codePoints.subarray(0, count);
}

function isSame(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

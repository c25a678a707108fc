/** Builds a rewritten text from a source, keeping track of what each new byte stands for. */
import { type Alignment, NormalizedText } from './normalized-text';
import { characterLength, codePointAt, writeCodePoint } from './utf8';

/** The place of text that stands for nothing: it was put before the first character by a pattern that matched nothing. */
export const NOWHERE = -1;

export class AlignedWriter {
  private bytes: Uint8Array;
  private alignment: Alignment | null;
  private written = 0;

  constructor(
    private readonly source: NormalizedText,
    capacity: number,
  ) {
    this.bytes = new Uint8Array(capacity);
    this.alignment = source.tracked ? { starts: new Uint32Array(capacity), ends: new Uint32Array(capacity) } : null;
  }

  /** Bytes written so far. */
  get length(): number {
    return this.written;
  }

  /** Copies a range of the source, on character boundaries, with its alignment. */
  copy(start: number, end: number): void {
    if (start >= end) return;
    this.reserve(end - start);
    this.bytes.set(this.source.bytes.subarray(start, end), this.written);
    if (this.alignment !== null) this.source.writeAlignment(start, end, this.alignment, this.written);
    this.written += end - start;
  }

  /** Writes a character that stands for what the source's byte `at` stands for (or `NOWHERE`). */
  put(codePoint: number, at: number): void {
    this.reserve(4);
    const end = writeCodePoint(this.bytes, this.written, codePoint);
    this.align(end, at);
    this.written = end;
  }

  /** Writes a byte that stands for what the source's byte `at` stands for. It need not be a character's: see model-text.ts. */
  putByte(byte: number, at: number): void {
    this.reserve(1);
    this.bytes[this.written] = byte;
    this.align(this.written + 1, at);
    this.written++;
  }

  /** Writes text that stands for what the source's byte `at` stands for (or `NOWHERE`). */
  putBytes(text: Uint8Array, at: number): void {
    this.reserve(text.length);
    this.bytes.set(text, this.written);
    this.align(this.written + text.length, at);
    this.written += text.length;
  }

  finish(): NormalizedText {
    const { alignment, written, source } = this;
    const used = alignment && { starts: alignment.starts.subarray(0, written), ends: alignment.ends.subarray(0, written) };
    return new NormalizedText(this.bytes.subarray(0, written), used ?? 'none', source.origin);
  }

  private align(end: number, at: number): void {
    const { alignment, source, written } = this;
    if (alignment === null) return;
    const start = at === NOWHERE ? source.origin : source.originalStart(at);
    alignment.starts.fill(start, written, end);
    alignment.ends.fill(at === NOWHERE ? start : source.originalEnd(at), written, end);
  }

  private reserve(count: number): void {
    const needed = this.written + count;
    if (needed <= this.bytes.length) return;
    const capacity = Math.max(needed, 2 * this.bytes.length);
    this.bytes = grown(this.bytes, new Uint8Array(capacity));
    if (this.alignment !== null) {
      const { starts, ends } = this.alignment;
      this.alignment = { starts: grown(starts, new Uint32Array(capacity)), ends: grown(ends, new Uint32Array(capacity)) };
    }
  }
}

function grown<Values extends Uint8Array | Uint32Array>(values: Values, target: Values): Values {
  target.set(values);
  return target;
}

/**
 * Writes characters with Hugging Face's `changes`, from the source's byte `offset` on: 0 replaces the next source character; 1 is a new one,
 * which stands for what the one before stands for; −n replaces the next one and removes n behind it. Returns the offset behind the last.
 */
export function writeChanges(
  writer: AlignedWriter,
  source: Uint8Array,
  offset: number,
  codePoints: ArrayLike<number>,
  changes: ArrayLike<number>,
): number {
  let at = offset;
  for (let i = 0; i < codePoints.length; i++) {
    const change = changes[i];
    if (change > 0) {
      writer.put(codePoints[i], at === 0 ? NOWHERE : at - 1);
      continue;
    }
    writer.put(codePoints[i], at);
    for (let consumed = change; consumed <= 0 && at < source.length; consumed++) at += characterLength(source[at]);
  }
  return at;
}

/** What becomes of one character: itself, another one, nothing (−1), or several. */
export type CharacterRewrite = (codePoint: number) => number | readonly number[];

/** Rewrites a text character by character; whatever a character becomes stands for what it stood for. The same object if nothing changes. */
export function rewriteCharacters(text: NormalizedText, rewrite: CharacterRewrite): NormalizedText {
  const { bytes } = text;
  let writer: AlignedWriter | null = null;
  let copied = 0;
  for (let at = 0; at < bytes.length;) {
    const codePoint = codePointAt(bytes, at);
    const next = at + characterLength(bytes[at]);
    const result = rewrite(codePoint);
    if (result !== codePoint) {
      writer ??= new AlignedWriter(text, bytes.length + 16);
      writer.copy(copied, at);
      if (typeof result === 'object') for (const part of result) writer.put(part, at);
      else if (result >= 0) writer.put(result, at);
      copied = next;
    }
    at = next;
  }
  if (writer === null) return text;
  writer.copy(copied, bytes.length);
  return writer.finish();
}

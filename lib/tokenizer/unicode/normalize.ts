/**
 * NFC, NFD, NFKC and NFKD exactly as Hugging Face's normalizers give them: with the tables of Unicode 9, which the crate
 * unicode-normalization-alignments carries. (The host's `String.prototype.normalize` is newer.)
 *
 * Linear in the text: marks are put in order by counting their classes, so a megabyte of them costs no more than other text.
 */

import { formData, type FormData, type NormalizationData, normalizationData } from './normalization-data';
import { HANGUL, MAY_CHANGE, type NormalizationForm } from './normalization-layout';
import { characterLength, codePointAt, writeCodePoint } from '../utf8';

export type { NormalizationForm } from './normalization-layout';

export interface NormalizedCodePoints {
  readonly codePoints: Uint32Array;
  /**
   * For each code point what it stands for, in the crate's terms: 0 replaces one code point of the source, 1 is inserted,
   * −n replaces one and removes the n behind it. Where marks change places, their changes go with them.
   */
  readonly changes: Int32Array;
}

const NO_STARTER = -1;

/** Normalizes stretches of code points into buffers that it keeps. */
class Normalization {
  codePoints = new Uint32Array(64);
  changes = new Int32Array(64);
  length = 0;

  private classes = new Uint8Array(64);
  private readonly data = normalizationData();

  constructor(private readonly form: FormData) {}

  run(source: Uint32Array, count: number): void {
    this.length = 0;
    for (let i = 0; i < count; i++) this.decompose(source[i]);
    this.orderMarks();
    if (this.form.composes) this.compose();
  }

  private decompose(codePoint: number): void {
    const sequence = this.form.decompose(codePoint);
    if (sequence === undefined) {
      this.push(codePoint, 0);
      return;
    }
    for (let i = 0; i < sequence.length; i++) this.push(sequence[i], i === 0 ? 0 : 1);
  }

  private push(codePoint: number, change: number): void {
    const at = this.length++;
    if (at === this.codePoints.length) this.grow();
    this.codePoints[at] = codePoint;
    this.changes[at] = change;
    this.classes[at] = this.data.classes.get(codePoint);
  }

  private grow(): void {
    const { codePoints, changes, classes } = this;
    this.codePoints = new Uint32Array(2 * codePoints.length);
    this.codePoints.set(codePoints);
    this.changes = new Int32Array(2 * changes.length);
    this.changes.set(changes);
    this.classes = new Uint8Array(2 * classes.length);
    this.classes.set(classes);
  }

  /** Canonical ordering: each run of marks is sorted by class, stably. */
  private orderMarks(): void {
    const { classes, length } = this;
    for (let i = 0; i < length; i++) {
      if (classes[i] === 0) continue;
      const start = i;
      let ordered = true;
      for (i++; i < length && classes[i] !== 0; i++) ordered &&= classes[i] >= classes[i - 1];
      if (!ordered) this.sortRun(start, i);
    }
  }

  private sortRun(start: number, end: number): void {
    const codePoints = this.codePoints.slice(start, end);
    const changes = this.changes.slice(start, end);
    const classes = this.classes.slice(start, end);
    const next = new Uint32Array(256);
    for (const rank of classes) next[rank]++;
    for (let rank = 0, at = start; rank < next.length; rank++) {
      const count = next[rank];
      next[rank] = at;
      at += count;
    }
    for (let i = 0; i < classes.length; i++) {
      const to = next[classes[i]]++;
      this.codePoints[to] = codePoints[i]!;
      this.changes[to] = changes[i]!;
      this.classes[to] = classes[i]!;
    }
  }

  private compose(): void {
    const { codePoints, changes, classes, length } = this;
    let written = 0;
    let starter = NO_STARTER;
    /** Class of the last mark behind the starter that did not compose, 0 if there is none. */
    let lastClass = 0;
    for (let i = 0; i < length; i++) {
      const codePoint = codePoints[i];
      const rank = classes[i];
      if (starter !== NO_STARTER && (lastClass === 0 || lastClass < rank)) {
        const composite = composePair(codePoints[starter], codePoint, this.data.compositions);
        if (composite !== undefined) {
          codePoints[starter] = composite;
          changes[starter] += changes[i] - 1;
          continue;
        }
      }
      if (rank === 0) starter = written;
      lastClass = rank;
      codePoints[written] = codePoint;
      changes[written] = changes[i]!;
      written++;
    }
    this.length = written;
  }
}

function composePair(first: number, second: number, compositions: NormalizationData['compositions']): number | undefined {
  const v = second - HANGUL.vBase;
  const l = first - HANGUL.lBase;
  if (v >= 0 && v < HANGUL.vCount) {
    return l >= 0 && l < HANGUL.lCount ? HANGUL.sBase + (l * HANGUL.vCount + v) * HANGUL.tCount : undefined;
  }
  const t = second - HANGUL.tBase;
  if (t > 0 && t < HANGUL.tCount) {
    const s = first - HANGUL.sBase;
    return s >= 0 && s < HANGUL.sCount && s % HANGUL.tCount === 0 ? first + t : undefined;
  }
  return compositions.get(second)?.get(first);
}

/** Normalizes code points, saying what each of the result stands for. Lone surrogates are left as they are. */
export function normalizeWithChanges(form: NormalizationForm, codePoints: Uint32Array): NormalizedCodePoints {
  const work = new Normalization(formData(form));
  work.run(codePoints, codePoints.length);
  return { codePoints: work.codePoints.slice(0, work.length), changes: work.changes.slice(0, work.length) };
}

/** Finds the stretches of a text that may not be in a form. */
class StretchFinder {
  /** The stretch, in bytes: it begins at a code point where text may be cut, or at the start of the search. */
  start = 0;
  end = 0;
  codePoints = new Uint32Array(64);
  count = 0;

  constructor(
    private readonly form: FormData,
    private readonly bytes: Uint8Array,
  ) {}

  /** Looks for the next stretch from `end` on. */
  next(): boolean {
    const { bytes } = this;
    const { quick } = this.form;
    let lastClass = 0;
    this.start = this.end;
    for (let at = this.end; at < bytes.length;) {
      const lead = bytes[at];
      const entry = lead < 0x80 ? 0 : quick.get(codePointAt(bytes, at));
      if (entry >= MAY_CHANGE || (entry !== 0 && entry < lastClass)) {
        this.extend(at);
        return true;
      }
      if (entry === 0) this.start = at;
      lastClass = entry;
      at += characterLength(lead);
    }
    return false;
  }

  /** From `at`, which belongs to the stretch, to the next place where text may be cut. */
  private extend(at: number): void {
    const { bytes } = this;
    const { quick } = this.form;
    this.end = at;
    do this.end += characterLength(bytes[this.end]);
    while (this.end < bytes.length && quick.get(codePointAt(bytes, this.end)) !== 0);
    if (this.codePoints.length < this.end - this.start) this.codePoints = new Uint32Array(2 * (this.end - this.start));
    this.count = 0;
    for (let from = this.start; from < this.end; from += characterLength(bytes[from])) {
      this.codePoints[this.count++] = codePointAt(bytes, from);
    }
  }
}

/** Normalized text as growing UTF-8, with stretches of the source copied between. */
class Utf8Builder {
  private bytes: Uint8Array;
  private length = 0;

  constructor(private readonly source: Uint8Array) {
    this.bytes = new Uint8Array(source.length + (source.length >> 2) + 64);
  }

  copy(start: number, end: number): void {
    this.reserve(end - start);
    this.bytes.set(this.source.subarray(start, end), this.length);
    this.length += end - start;
  }

  put(codePoints: Uint32Array, count: number): void {
    this.reserve(4 * count);
    for (let i = 0; i < count; i++) this.length = writeCodePoint(this.bytes, this.length, codePoints[i]);
  }

  finish(): Uint8Array {
    return this.bytes.subarray(0, this.length);
  }

  private reserve(count: number): void {
    if (this.length + count <= this.bytes.length) return;
    const grown = new Uint8Array(2 * (this.length + count));
    grown.set(this.bytes);
    this.bytes = grown;
  }
}

/**
 * Normalizes well-formed UTF-8. Only stretches around characters that may not be in the form are worked on.
 * @returns the very same array if the text is in the form already.
 */
export function normalizeUtf8(form: NormalizationForm, bytes: Uint8Array): Uint8Array {
  const tables = formData(form);
  const stretch = new StretchFinder(tables, bytes);
  const work = new Normalization(tables);
  let builder: Utf8Builder | undefined;
  let copied = 0;
  while (stretch.next()) {
    work.run(stretch.codePoints, stretch.count);
    if (isSame(stretch, work)) continue;
    builder ??= new Utf8Builder(bytes);
    builder.copy(copied, stretch.start);
    builder.put(work.codePoints, work.length);
    copied = stretch.end;
  }
  if (builder === undefined) return bytes;
  builder.copy(copied, bytes.length);
  return builder.finish();
}

function isSame(before: StretchFinder, after: Normalization): boolean {
  if (before.count !== after.length) return false;
  for (let i = 0; i < after.length; i++) if (before.codePoints[i] !== after.codePoints[i]) return false;
  return true;
}

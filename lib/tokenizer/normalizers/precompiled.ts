import { AlignedWriter, writeChanges } from '../aligned-writer';
import type { NormalizedText } from '../normalized-text';
import { graphemeEnd } from '../unicode/graphemes';
import { characterLength, codePointAt } from '../utf8';
import type { Charsmap } from './charsmap';
import type { Normalizer } from './normalizer';

/** Longer grapheme clusters are never looked up whole, in bytes. */
const LONGEST_CLUSTER = 5;

/**
 * SentencePiece's precompiled character map, with Hugging Face's rule: each grapheme cluster of up to five bytes is looked up whole;
 * otherwise, and for longer ones, each of its characters is.
 */
export class Precompiled implements Normalizer {
  constructor(private readonly charsmap: Charsmap) {}

  normalize(text: NormalizedText): NormalizedText {
    const changes = new ChangeList();
    let modified = false;
    const { bytes } = text;
    for (let start = 0; start < bytes.length;) {
      const end = graphemeEnd(bytes, start);
      const whole = end - start <= LONGEST_CLUSTER ? this.charsmap.lookUp(bytes, start, end) : null;
      if (whole !== null) {
        changes.replace(bytes, start, end, whole);
        modified = true;
      } else if (this.replaceCharacters(bytes, start, end, changes)) {
        modified = true;
      }
      start = end;
    }
    if (!modified) return text;
    const writer = new AlignedWriter(text, bytes.length + 16);
    writeChanges(writer, bytes, 0, changes.codePoints, changes.changes);
    return writer.finish();
  }

  private replaceCharacters(bytes: Uint8Array, start: number, end: number, changes: ChangeList): boolean {
    let modified = false;
    for (let at = start; at < end;) {
      const next = at + characterLength(bytes[at]);
      const replacement = this.charsmap.lookUp(bytes, at, next);
      if (replacement === null) changes.keep(codePointAt(bytes, at));
      else changes.replace(bytes, at, next, replacement);
      modified ||= replacement !== null;
      at = next;
    }
    return modified;
  }
}

/** New characters and what they stand for, in Hugging Face's terms (see `writeChanges`), in which its offsets are defined. */
class ChangeList {
  readonly codePoints: number[] = [];
  readonly changes: number[] = [];

  keep(codePoint: number): void {
    this.codePoints.push(codePoint);
    this.changes.push(0);
  }

  replace(bytes: Uint8Array, start: number, end: number, replacement: Uint8Array): void {
    for (let at = 0; at < replacement.length; at += characterLength(replacement[at])) this.keep(codePointAt(replacement, at));
    const difference = countCharacters(replacement, 0, replacement.length) - countCharacters(bytes, start, end);
    const { changes } = this;
    if (difference > 0) changes.fill(1, changes.length - difference);
    // The last character written so far takes what is removed along, whatever it was itself; before the first there is none to do so.
    else if (difference < 0 && changes.length > 0) changes[changes.length - 1] += difference;
  }
}

function countCharacters(bytes: Uint8Array, start: number, end: number): number {
  let count = 0;
  for (let at = start; at < end; at += characterLength(bytes[at])) count++;
  return count;
}

import type { BpeModel } from './bpe-model';
import type { IdBuffer } from './id-buffer';
import { CACHED_ID_LIMIT, LONGEST_CACHED_PIECE, PieceCache } from './piece-cache';
import { SafeCuts } from './safe-cuts';
import { characterLength, isContinuation } from '../../tokenizer/utf8';
import type { TextView } from './text-view';

/** Masks for the two words of a piece of 0 … 8 bytes. */
const LOW_WORD_MASKS = Int32Array.of(0, 0xff, 0xffff, 0xffffff, -1, -1, -1, -1, -1);
const HIGH_WORD_MASKS = Int32Array.of(0, 0, 0, 0, 0, 0xff, 0xffff, 0xffffff, -1);
/** Pieces up to here are keyed by their bytes. */
const MEDIUM_BYTES = 16;
/** In a tag: the piece was cut out of a longer one, so the model's rule "whole tokens first" does not hold for it. */
const PART_TAG = 16;
/** Cuts of a long piece that are found at a time. */
const CUT_BATCH = 256;

/** Pieces to ids: through the cache, and through the model where the cache does not know. */
export class PieceEncoder {
  readonly model: BpeModel;
  /** Where pieces may be cut before merging; null: nowhere. */
  readonly cuts: SafeCuts | null;
  private readonly cache: PieceCache;
  private readonly cacheable: boolean;
  /** Tag of pieces that were cut out of longer ones. */
  private readonly partTag: number;
  private readonly partEnds = new Int32Array(CUT_BATCH);

  constructor(model: BpeModel, cacheBytes: number) {
    this.model = model;
    this.cuts = SafeCuts.create(model);
    this.cache = new PieceCache(cacheBytes);
    this.cacheable = model.spec.tokenOffsets.length - 1 <= CACHED_ID_LIMIT;
    this.partTag = model.spec.ignoreMerges ? PART_TAG : 0;
  }

  /**
   * Appends the ids of pieces that follow one another: the first begins at `start`, each ends where `ends` says.
   * `parts`: they come from `cuts`, so they are no pieces of their own to a model that takes whole tokens first.
   */
  encode(text: TextView, start: number, ends: Int32Array, count: number, parts: boolean, out: IdBuffer): void {
    if (count === 0) return;
    const { bytes, words } = text;
    const { short } = this.cache;
    const partTag = parts ? this.partTag : 0;
    const lastWholeRead = bytes.length - MEDIUM_BYTES;
    // One id too many may be written: it is overwritten by the next, or ignored.
    out.reserve(this.model.maxIds(ends[count - 1] - start, count) + 1);
    let { values, length } = out;
    for (let i = 0; i < count; i++) {
      const end = ends[i];
      const size = end - start;
      if (size <= 8 && start <= lastWholeRead) {
        const word0 = words.getInt32(start, true) & LOW_WORD_MASKS[size];
        const word1 = words.getInt32(start + 4, true) & HIGH_WORD_MASKS[size];
        const at = short.find(word0, word1, size | partTag);
        if (at >= 0) {
          const head = short.words[at + 2];
          const ids = (head >>> 24) & 7;
          if (ids <= 2) {
            values[length] = head & 0xffffff;
            values[length + 1] = short.words[at + 3];
            length += ids;
            start = end;
            continue;
          }
        }
      }
      out.length = length;
      this.encodePiece(text, start, end, parts, out);
      ({ values, length } = out);
      start = end;
    }
    out.length = length;
  }

  /** Appends the ids of one piece. There is room for them. */
  private encodePiece(text: TextView, start: number, end: number, part: boolean, out: IdBuffer): void {
    const size = end - start;
    if (size === 0) return;
    if (size <= 8) this.encodeShort(text, start, end, part, out);
    else if (size <= MEDIUM_BYTES) this.encodeMedium(text, start, end, part, out);
    else this.encodeLong(text, start, end, part, out);
  }

  private encodeShort(text: TextView, start: number, end: number, part: boolean, out: IdBuffer): void {
    const { short } = this.cache;
    const word0 = readWord(text, start, end);
    const word1 = readWord(text, start + 4, end);
    const tag = (end - start) | (part ? this.partTag : 0);
    const at = short.find(word0, word1, tag);
    if (at >= 0) {
      this.appendEntry(short.words, at + 2, out);
      return;
    }
    const count = this.compute(text.bytes, start, end, part);
    if (this.cacheable) this.cache.addShort(word0, word1, tag, this.model.ids, count);
    this.appendComputed(count, out);
  }

  private encodeMedium(text: TextView, start: number, end: number, part: boolean, out: IdBuffer): void {
    const { medium } = this.cache;
    const word0 = text.words.getInt32(start, true);
    const word1 = text.words.getInt32(start + 4, true);
    const word2 = readWord(text, start + 8, end);
    const word3 = readWord(text, start + 12, end);
    const tag = ((end - start) & 15) | (part ? this.partTag : 0);
    const at = medium.find(word0, word1, word2, word3, tag);
    if (at >= 0) {
      this.appendEntry(medium.words, at + 4, out);
      return;
    }
    const count = this.compute(text.bytes, start, end, part);
    if (this.cacheable) this.cache.addMedium(word0, word1, word2, word3, tag, this.model.ids, count);
    this.appendComputed(count, out);
  }

  private encodeLong(text: TextView, start: number, end: number, part: boolean, out: IdBuffer): void {
    if (!part && this.cuts !== null && hasWholeCharacters(text.bytes, start, end)) {
      const whole = this.model.wholeToken(text.bytes, start, end);
      if (whole >= 0) out.push(whole);
      else this.encodeParts(text, start, end, this.cuts, out);
      return;
    }
    const { bytes } = text;
    const size = end - start;
    const cacheable = this.cacheable && size <= LONGEST_CACHED_PIECE;
    const tag = (size & 15) | (part ? this.partTag : 0);
    const at = cacheable ? this.cache.findLong(bytes, start, end, tag) : -1;
    if (at >= 0) {
      this.appendEntry(this.cache.long.words, at + 2, out);
      return;
    }
    const count = this.compute(bytes, start, end, part);
    if (cacheable && count <= LONGEST_CACHED_PIECE) this.cache.addLong(bytes, start, end, tag, this.model.ids, count);
    this.appendComputed(count, out);
  }

  private encodeParts(text: TextView, start: number, end: number, cuts: SafeCuts, out: IdBuffer): void {
    while (start < end) {
      const count = cuts.scan(text.bytes, start, end, this.partEnds);
      this.encode(text, start, this.partEnds, count, true, out);
      start = this.partEnds[count - 1];
    }
  }

  /** Runs the model; the ids are in `model.ids`. */
  private compute(text: Uint8Array, start: number, end: number, part: boolean): number {
    const { model } = this;
    const whole = part ? -1 : model.wholeToken(text, start, end);
    if (whole < 0) return model.merge(text, start, end);
    model.ids[0] = whole;
    return 1;
  }

  private appendComputed(count: number, out: IdBuffer): void {
    const { ids } = this.model;
    for (let i = 0; i < count; i++) out.values[out.length++] = ids[i];
  }

  /** Appends the ids of a cache entry whose head is words[head]. */
  private appendEntry(words: Int32Array, head: number, out: IdBuffer): void {
    const count = (words[head] >>> 24) & 7;
    const first = words[head] & 0xffffff;
    if (count < 7) {
      out.values[out.length++] = first;
      for (let i = 1; i < count; i++) out.values[out.length++] = words[head + i];
    } else {
      const { overflow } = this.cache;
      for (let i = first + 1, end = i + overflow[first]; i < end; i++) out.values[out.length++] = overflow[i];
    }
  }
}

/** The bytes of text[at, at + 4) that stand before `end`, as a word. */
function readWord({ bytes, words }: TextView, at: number, end: number): number {
  if (at + 4 <= end) return words.getInt32(at, true);
  let word = 0;
  for (let i = end - 1; i >= at; i--) word = (word << 8) | bytes[i];
  return word;
}

/** False if a piece of a text, which is not empty, begins or ends within a character: splits over the byte alphabet make such. */
function hasWholeCharacters(text: Uint8Array, start: number, end: number): boolean {
  let last = end - 1;
  while (last > start && isContinuation(text[last])) last--;
  return !isContinuation(text[start]) && last + characterLength(text[last]) === end;
}

import type { BpeSpec } from '../kernels';
import { characterLength, codePointAt } from '../../tokenizer/utf8';
import type { TokenMap } from './token-map';

/** Cuts pieces into the symbols that merging begins with, as `merge_word` of Hugging Face's BPE model does. */
export interface SymbolReader {
  /** Upper bound for the number of symbols of a piece of this many bytes. */
  maxSymbols(bytes: number): number;
  /**
   * Writes the symbols of text[start, end) and, unless null, how many bytes of the text each stands for. Returns their number.
   * The arrays have room for `maxSymbols`.
   */
  read(text: Uint8Array, start: number, end: number, ids: Int32Array, lengths: Int32Array | null): number;
}

/** `tokens` is needed for models with a prefix or suffix only. */
export function createSymbolReader(spec: BpeSpec, tokens: () => TokenMap): SymbolReader {
  if (spec.unit === 'byte') return new ByteSymbols(spec);
  if (spec.continuingPrefix.length === 0 && spec.endOfWordSuffix.length === 0) return new CharacterSymbols(spec);
  return new AffixedCharacterSymbols(spec, tokens());
}

/** One symbol per byte. */
class ByteSymbols implements SymbolReader {
  private readonly byteIds: Int32Array;
  private readonly unknown: UnknownSymbols;

  constructor(spec: BpeSpec) {
    this.byteIds = spec.byteIds;
    this.unknown = new UnknownSymbols(spec);
  }

  maxSymbols(bytes: number): number {
    return bytes;
  }

  read(text: Uint8Array, start: number, end: number, ids: Int32Array, lengths: Int32Array | null): number {
    const { byteIds, unknown } = this;
    let count = 0;
    for (let i = start; i < end; i++) {
      const id = byteIds[text[i]];
      if (id < 0) {
        count = unknown.meet(1, ids, lengths, count);
        continue;
      }
      if (unknown.pending) count = unknown.flush(ids, lengths, count);
      ids[count] = id;
      if (lengths !== null) lengths[count] = 1;
      count++;
    }
    return unknown.pending ? unknown.flush(ids, lengths, count) : count;
  }
}

/** One symbol per character, or its bytes, or the unknown token. */
class CharacterSymbols implements SymbolReader {
  private readonly characters: CharacterTable;
  private readonly byteIds: Int32Array | null;
  private readonly unknown: UnknownSymbols;

  constructor(spec: BpeSpec) {
    this.characters = new CharacterTable(spec);
    this.byteIds = spec.byteFallback ? spec.byteIds : null;
    this.unknown = new UnknownSymbols(spec);
  }

  maxSymbols(bytes: number): number {
    return bytes;
  }

  read(text: Uint8Array, start: number, end: number, ids: Int32Array, lengths: Int32Array | null): number {
    const { characters, byteIds, unknown } = this;
    let count = 0;
    for (let i = start; i < end;) {
      const length = characterLength(text[i]);
      const id = characters.find(codePointAt(text, i));
      if (id >= 0) {
        if (unknown.pending) count = unknown.flush(ids, lengths, count);
        ids[count] = id;
        if (lengths !== null) lengths[count] = length;
        count++;
      } else if (byteIds !== null && haveTokens(byteIds, text, i, i + length)) {
        count = pushBytes(byteIds, text, i, i + length, ids, lengths, count);
      } else {
        count = unknown.meet(length, ids, lengths, count);
      }
      i += length;
    }
    return unknown.pending ? unknown.flush(ids, lengths, count) : count;
  }
}

/** Characters that are looked up with a prefix (all but the first) and a suffix (the last). */
class AffixedCharacterSymbols implements SymbolReader {
  private readonly spec: BpeSpec;
  private readonly tokens: TokenMap;
  private readonly unknown: UnknownSymbols;
  /** The character with its prefix and suffix. */
  private readonly affixed: Uint8Array;

  constructor(spec: BpeSpec, tokens: TokenMap) {
    this.spec = spec;
    this.tokens = tokens;
    this.unknown = new UnknownSymbols(spec);
    this.affixed = new Uint8Array(spec.continuingPrefix.length + 4 + spec.endOfWordSuffix.length);
  }

  maxSymbols(bytes: number): number {
    const { byteFallback, continuingPrefix, endOfWordSuffix } = this.spec;
    return byteFallback ? bytes * (1 + continuingPrefix.length) + endOfWordSuffix.length : bytes;
  }

  read(text: Uint8Array, start: number, end: number, ids: Int32Array, lengths: Int32Array | null): number {
    const { tokens, unknown, affixed } = this;
    const { byteFallback, byteIds } = this.spec;
    let count = 0;
    for (let i = start; i < end;) {
      const length = characterLength(text[i]);
      const size = this.affix(text, i, i + length, i === start, i + length >= end);
      const id = tokens.find(affixed, 0, size);
      if (id >= 0) {
        if (unknown.pending) count = unknown.flush(ids, lengths, count);
        ids[count] = id;
        if (lengths !== null) lengths[count] = length;
        count++;
      } else if (byteFallback && haveTokens(byteIds, affixed, 0, size)) {
        count = pushBytes(byteIds, affixed, 0, size, ids, lengths, count);
      } else {
        count = unknown.meet(length, ids, lengths, count);
      }
      i += length;
    }
    return unknown.pending ? unknown.flush(ids, lengths, count) : count;
  }

  private affix(text: Uint8Array, start: number, end: number, first: boolean, last: boolean): number {
    const { continuingPrefix, endOfWordSuffix } = this.spec;
    let size = 0;
    if (!first) {
      this.affixed.set(continuingPrefix);
      size = continuingPrefix.length;
    }
    while (start < end) this.affixed[size++] = text[start++];
    if (last) {
      this.affixed.set(endOfWordSuffix, size);
      size += endOfWordSuffix.length;
    }
    return size;
  }
}

/**
 * What is not in the vocabulary. An unknown is held back until a known token comes (byte tokens do not count: a quirk of Hugging Face),
 * so that its neighbours can join it.
 */
class UnknownSymbols {
  pending = false;
  private readonly id: number;
  private readonly fuse: boolean;
  private length = 0;

  constructor(spec: BpeSpec) {
    this.id = spec.unkId;
    this.fuse = spec.fuseUnk;
  }

  /** Takes an unknown character of `length` bytes; returns the new number of symbols. */
  meet(length: number, ids: Int32Array, lengths: Int32Array | null, count: number): number {
    if (this.id < 0) return count;
    if (this.pending && this.fuse) {
      this.length += length;
      return count;
    }
    if (this.pending) count = this.flush(ids, lengths, count);
    this.pending = true;
    this.length = length;
    return count;
  }

  flush(ids: Int32Array, lengths: Int32Array | null, count: number): number {
    ids[count] = this.id;
    if (lengths !== null) lengths[count] = this.length;
    this.pending = false;
    return count + 1;
  }
}

function haveTokens(byteIds: Int32Array, bytes: Uint8Array, start: number, end: number): boolean {
  while (start < end) if (byteIds[bytes[start++]] < 0) return false;
  return true;
}

function pushBytes(
  byteIds: Int32Array,
  bytes: Uint8Array,
  start: number,
  end: number,
  ids: Int32Array,
  lengths: Int32Array | null,
  count: number,
): number {
  for (; start < end; start++, count++) {
    ids[count] = byteIds[bytes[start]];
    if (lengths !== null) lengths[count] = 1;
  }
  return count;
}

/** Tokens of one character, by code point. */
export class CharacterTable {
  /** For each block of 256 code points, where its page begins; page 0 is all −1. */
  private readonly pageStarts = new Int32Array(0x1100);
  private readonly pages: Int32Array;

  constructor(spec: BpeSpec) {
    const { tokenBytes, tokenOffsets } = spec;
    const found: Array<[codePoint: number, id: number]> = [];
    for (let id = tokenOffsets.length - 2; id >= 0; id--) {
      const length = tokenOffsets[id + 1] - tokenOffsets[id];
      if (length === 0 || length > 4 || length !== characterLength(tokenBytes[tokenOffsets[id]])) continue;
      found.push([codePointAt(tokenBytes, tokenOffsets[id]), id]);
    }
    const blocks = [...new Set(found.map(([codePoint]) => codePoint >> 8))];
    blocks.forEach((block, index) => (this.pageStarts[block] = (index + 1) << 8));
    this.pages = new Int32Array((blocks.length + 1) << 8).fill(-1);
    for (const [codePoint, id] of found) this.pages[this.pageStarts[codePoint >> 8] + (codePoint & 0xff)] = id;
  }

  /** The character's token, or −1. */
  find(codePoint: number): number {
    return this.pages[this.pageStarts[codePoint >> 8] + (codePoint & 0xff)];
  }
}

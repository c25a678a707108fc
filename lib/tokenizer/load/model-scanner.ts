/**
 * Reads the vocabulary and the merges of a tokenizer.json straight from the file's bytes, several times faster than parsing the JSON and going through
 * its objects: these two are all but a few hundred bytes of the file.
 *
 * Only for files as libraries write them. Whatever is out of the ordinary (and every fault) gives null, and the file is read the slow way, which
 * has the words for it.
 */
import type { Kernels, ModelScannerKernels } from '../../backend/kernels';
import { isWellFormed } from '../well-formed';
import type { TokenTable } from '../token-table';
import { decodeUtf8, encodeUtf8 } from '../utf8';
import { PackedVocabulary } from '../vocabulary';
import { TokenIndex } from './token-index';

const enum Ascii {
  Tab = 0x09,
  LineFeed = 0x0a,
  Return = 0x0d,
  Space = 0x20,
  Quote = 0x22,
  Comma = 0x2c,
  Zero = 0x30,
  Nine = 0x39,
  Colon = 0x3a,
  OpenBracket = 0x5b,
  Backslash = 0x5c,
  CloseBracket = 0x5d,
  OpenBrace = 0x7b,
  CloseBrace = 0x7d,
}

const MAX_ID_DIGITS = 8;
const LONE_SURROGATE = /[\ud800-\udfff]/u;
const VERSION_LINE = encodeUtf8('#version');

export interface ScannedTokenizer {
  /** The parsed JSON, with an empty vocabulary and no merges in its model. */
  readonly json: unknown;
  readonly vocabulary: PackedVocabulary;
  readonly merges: Uint32Array;
}

/** What makes a file not ordinary. */
class Irregular extends Error {}

export function scanTokenizerJson(bytes: Uint8Array, kernels: Kernels | null = null): ScannedTokenizer | null {
  if (!isWellFormed(bytes)) return null;
  try {
    return new ModelScanner(bytes, kernels?.modelScanner ?? null).scan();
  } catch (error) {
    if (error instanceof Irregular || error instanceof SyntaxError) return null;
    throw error;
  }
}

/** A string of the file: its bytes in `source`, which is the file or, if the string has escapes, a copy. */
interface Token {
  source: Uint8Array;
  start: number;
  end: number;
}

/** A part of the file that was read, and what stands for it when the rest is parsed. */
interface Section<Value> {
  readonly start: number;
  readonly end: number;
  readonly empty: string;
  readonly value: Value;
}

class ModelScanner {
  private at = 0;
  private readonly index = new TokenIndex();
  private vocab: Section<PackedVocabulary> | null = null;
  private merges: Section<Uint32Array> | null = null;
  /** What the backend has read the vocabulary to. */
  private table: TokenTable | null = null;
  private readonly left: Token;
  private readonly right: Token;

  constructor(
    private readonly bytes: Uint8Array,
    private readonly kernels: ModelScannerKernels | null,
  ) {
    this.left = { source: bytes, start: 0, end: 0 };
    this.right = { source: bytes, start: 0, end: 0 };
  }

  scan(): ScannedTokenizer {
    this.readMembers((name) => (name === 'model' ? this.readModel() : this.skipValue()));
    const { vocab, merges } = this;
    if (vocab === null || merges === null) throw new Irregular();
    const [first, second] = vocab.start < merges.start ? [vocab, merges] : [merges, vocab];
    const rest = [
      this.text(0, first.start),
      first.empty,
      this.text(first.end, second.start),
      second.empty,
      this.text(second.end, this.bytes.length),
    ];
    return { json: JSON.parse(rest.join('')), vocabulary: vocab.value, merges: merges.value };
  }

  private readModel(): void {
    // Merges are about the vocabulary, and wait for it if they come first.
    let waiting = -1;
    this.readMembers((name) => {
      if (name === 'vocab') {
        if (this.vocab !== null) throw new Irregular();
        this.vocab = this.section('{}', () => this.readVocab());
      } else if (name === 'merges') {
        if (this.merges !== null || waiting >= 0) throw new Irregular();
        if (this.vocab !== null) this.merges = this.section('[]', () => this.readMerges());
        else {
          waiting = this.at;
          this.skipValue();
        }
      } else if (name === 'continuing_subword_prefix') {
        const start = this.at;
        this.skipValue();
        if (!['null', '""'].includes(this.text(start, this.at).trim())) throw new Irregular();
      } else this.skipValue();
    });
    if (waiting < 0) return;
    const end = this.at;
    this.at = waiting;
    this.merges = this.section('[]', () => this.readMerges());
    this.at = end;
  }

  private section<Value>(empty: string, read: () => Value): Section<Value> {
    const start = this.at;
    const value = read();
    return { start, end: this.at, empty, value };
  }

  /** Calls `readValue` at each value of the object that begins here. */
  private readMembers(readValue: (name: string) => void): void {
    this.expect(Ascii.OpenBrace);
    if (this.skip(Ascii.CloseBrace)) return;
    do {
      this.readString(this.left);
      const { source, start, end } = this.left;
      this.expect(Ascii.Colon);
      this.skipSpaces();
      readValue(decodeUtf8(source.subarray(start, end)));
    } while (this.skip(Ascii.Comma));
    this.expect(Ascii.CloseBrace);
  }

  /** Goes behind a value without a look at what is in it but strings and brackets. */
  private skipValue(): void {
    const { bytes } = this;
    let depth = 0;
    for (; this.at < bytes.length; this.at++) {
      switch (bytes[this.at]) {
        case Ascii.Quote:
          this.skipString();
          if (depth === 0) return;
          this.at--;
          break;
        case Ascii.OpenBrace:
        case Ascii.OpenBracket:
          depth++;
          break;
        case Ascii.CloseBrace:
        case Ascii.CloseBracket:
          if (depth === 0) return;
          if (--depth === 0) {
            this.at++;
            return;
          }
          break;
        case Ascii.Comma:
          if (depth === 0) return;
      }
    }
  }

  private skipString(): void {
    const { bytes } = this;
    for (let at = this.at + 1; at < bytes.length; at++) {
      if (bytes[at] === Ascii.Backslash) at++;
      else if (bytes[at] === Ascii.Quote) {
        this.at = at + 1;
        return;
      }
    }
    throw new Irregular();
  }

  private readVocab(): PackedVocabulary {
    if (this.kernels === null) return this.readTokens();
    const vocabulary = this.kernels.vocabulary(this.bytes, this.at);
    if (vocabulary === null) throw new Irregular();
    this.at = vocabulary.end;
    this.table = { tokenBytes: vocabulary.tokenBytes, tokenOffsets: vocabulary.tokenOffsets };
    return new PackedVocabulary(this.table);
  }

  private readTokens(): PackedVocabulary {
    let idBound = 0;
    this.expect(Ascii.OpenBrace);
    if (!this.skip(Ascii.CloseBrace)) {
      do {
        this.readString(this.left);
        this.expect(Ascii.Colon);
        const id = this.readId();
        const { source, start: from, end: to } = this.left;
        if (to === from || !this.index.add(source, from, to, id)) throw new Irregular();
        idBound = Math.max(idBound, id + 1);
      } while (this.skip(Ascii.Comma));
      this.expect(Ascii.CloseBrace);
    }
    return this.packed(idBound);
  }

  /** Ids that stand twice leave fewer tokens than there were. */
  private packed(idBound: number): PackedVocabulary {
    if (idBound > 4 * this.index.size + 1024) throw new Irregular();
    const vocabulary = new PackedVocabulary(this.index.byId(idBound), this.index);
    if (vocabulary.size !== this.index.size) throw new Irregular();
    return vocabulary;
  }

  private readId(): number {
    this.skipSpaces();
    const { bytes } = this;
    const start = this.at;
    let id = 0;
    while (bytes[this.at] >= Ascii.Zero && bytes[this.at] <= Ascii.Nine) id = 10 * id + bytes[this.at++] - Ascii.Zero;
    const digits = this.at - start;
    if (digits === 0 || digits > MAX_ID_DIGITS || (bytes[start] === Ascii.Zero && digits > 1)) throw new Irregular();
    return id;
  }

  private readMerges(): Uint32Array {
    const { kernels, table } = this;
    if (kernels === null || table === null) return this.readPairs();
    const merges = kernels.merges(this.bytes, this.at, table.tokenBytes, table.tokenOffsets);
    if (merges === null) throw new Irregular();
    this.at = merges.end;
    return merges.merges;
  }

  private readPairs(): Uint32Array {
    let triples = new Uint32Array(1 << 16);
    let end = 0;
    this.expect(Ascii.OpenBracket);
    if (this.skip(Ascii.CloseBracket)) return triples.slice(0, 0);
    do {
      this.readPair();
      const { left, right, index } = this;
      const leftId = index.id(left.source, left.start, left.end);
      const rightId = index.id(right.source, right.start, right.end);
      const product = index.idOfPair(left.source, left.start, left.end, right.source, right.start, right.end);
      if (leftId < 0 || rightId < 0 || product < 0) throw new Irregular();
      if (end + 3 > triples.length) {
        const larger = new Uint32Array(2 * triples.length);
        larger.set(triples);
        triples = larger;
      }
      triples[end++] = leftId;
      triples[end++] = rightId;
      triples[end++] = product;
    } while (this.skip(Ascii.Comma));
    this.expect(Ascii.CloseBracket);
    return triples.slice(0, end);
  }

  /** ["a", "b"] or "a b". */
  private readPair(): void {
    if (this.skip(Ascii.OpenBracket)) {
      this.readString(this.left);
      this.expect(Ascii.Comma);
      this.readString(this.right);
      this.expect(Ascii.CloseBracket);
      return;
    }
    this.readString(this.left);
    const { source, start, end } = this.left;
    const space = source.indexOf(Ascii.Space, start);
    if (space < 0 || space >= end || source.subarray(space + 1, end).includes(Ascii.Space)) throw new Irregular();
    if (VERSION_LINE.every((byte, i) => source[start + i] === byte)) throw new Irregular();
    this.left.end = space;
    this.right.source = source;
    this.right.start = space + 1;
    this.right.end = end;
  }

  private readString(token: Token): void {
    this.expect(Ascii.Quote);
    const { bytes } = this;
    const start = this.at;
    let at = start;
    while (bytes[at] !== Ascii.Quote && bytes[at] !== Ascii.Backslash && bytes[at] >= Ascii.Space) at++;
    if (bytes[at] === Ascii.Quote) {
      token.source = bytes;
      token.start = start;
      token.end = at;
      this.at = at + 1;
      return;
    }
    this.at = start - 1;
    this.skipString();
    const text = JSON.parse(this.text(start - 1, this.at)) as string;
    if (LONE_SURROGATE.test(text)) throw new Irregular();
    token.source = encodeUtf8(text);
    token.start = 0;
    token.end = token.source.length;
  }

  private expect(byte: Ascii): void {
    if (!this.skip(byte)) throw new Irregular();
  }

  /** Goes behind a byte if it comes next. */
  private skip(byte: Ascii): boolean {
    this.skipSpaces();
    if (this.bytes[this.at] !== byte) return false;
    this.at++;
    return true;
  }

  private skipSpaces(): void {
    const { bytes } = this;
    for (;;) {
      const byte = bytes[this.at];
      if (byte !== Ascii.Space && byte !== Ascii.LineFeed && byte !== Ascii.Return && byte !== Ascii.Tab) return;
      this.at++;
    }
  }

  private text(start: number, end: number): string {
    return decodeUtf8(this.bytes.subarray(start, end));
  }
}

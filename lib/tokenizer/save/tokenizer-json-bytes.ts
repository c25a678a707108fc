/**
 * The bytes of tokenizer.json as Hugging Face writes it: tokens in the order of their ids, which an object would not keep (keys that look like
 * numbers come first in one). The two long parts are written as bytes: as strings, hundreds of thousands of little ones, they take five times as long.
 */
import type { TokenizerDefinition } from '../definition';
import { encodeUtf8 } from '../utf8';
import { tokenizerFile, type TokenizerFile } from './tokenizer-json';

const INDENT = 2;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const ZERO = 0x30;

/** Throws UNSUPPORTED for what the format has no place for. */
export function tokenizerJsonBytes(definition: TokenizerDefinition, pretty: boolean): Uint8Array {
  const file = tokenizerFile(definition);
  const text = JSON.stringify(file.outer, null, pretty ? INDENT : undefined);
  const vocabAt = text.lastIndexOf('{}', text.lastIndexOf('"merges"'));
  const mergesAt = text.lastIndexOf('[]');
  const quoted = new QuotedTokens(file.tokens);
  const out = new ByteWriter();
  out.text(text.slice(0, vocabAt));
  writeVocabulary(file, quoted, pretty, out);
  out.text(text.slice(vocabAt + 2, mergesAt));
  writeMerges(file.merges, quoted, pretty, out);
  out.text(text.slice(mergesAt + 2));
  return out.written();
}

function writeVocabulary({ tokens, specials }: TokenizerFile, quoted: QuotedTokens, pretty: boolean, out: ByteWriter): void {
  const colon = encodeUtf8(pretty ? ': ' : ':');
  const entries = new Entries('{', '}', pretty, out);
  for (let id = 0; id < tokens.length; id++) {
    if (tokens[id] === undefined) continue;
    entries.next();
    quoted.write(id, out);
    out.bytes(colon);
    out.integer(id);
  }
  for (const { content, id } of specials) {
    entries.next();
    out.text(JSON.stringify(content));
    out.bytes(colon);
    out.integer(id);
  }
  entries.end();
}

function writeMerges(merges: Uint32Array, quoted: QuotedTokens, pretty: boolean, out: ByteWriter): void {
  const [open, middle, close] = (pretty ? ['[\n        ', ',\n        ', '\n      ]'] : ['[', ',', ']']).map(encodeUtf8);
  const entries = new Entries('[', ']', pretty, out);
  for (let i = 0; i < merges.length; i += 3) {
    entries.next();
    out.bytes(open);
    quoted.write(merges[i], out);
    out.bytes(middle);
    quoted.write(merges[i + 1], out);
    out.bytes(close);
  }
  entries.end();
}

/** What stands around the entries of a field of the model. */
class Entries {
  private separator: Uint8Array;
  private readonly further: Uint8Array;
  private any = false;

  constructor(
    private readonly open: string,
    private readonly close: string,
    private readonly pretty: boolean,
    private readonly out: ByteWriter,
  ) {
    this.separator = encodeUtf8(pretty ? `${open}\n      ` : open);
    this.further = encodeUtf8(pretty ? ',\n      ' : ',');
  }

  /** Before each entry. */
  next(): void {
    this.out.bytes(this.separator);
    this.separator = this.further;
    this.any = true;
  }

  end(): void {
    if (!this.any) this.out.text(this.open);
    this.out.text(this.any && this.pretty ? `\n    ${this.close}` : this.close);
  }
}

/** Tokens as JSON has them, found in the text of one array. */
class QuotedTokens {
  private readonly json: Uint8Array;
  private readonly starts: Uint32Array;
  private readonly ends: Uint32Array;

  constructor(tokens: ReadonlyArray<string | undefined>) {
    this.json = encodeUtf8(JSON.stringify(tokens.map((token) => token ?? '')));
    this.starts = new Uint32Array(tokens.length);
    this.ends = new Uint32Array(tokens.length);
    for (let id = 0, at = 1; id < tokens.length; id++, at++) {
      this.starts[id] = at++;
      for (; this.json[at] !== QUOTE; at++) if (this.json[at] === BACKSLASH) at++;
      this.ends[id] = ++at;
    }
  }

  write(id: number, out: ByteWriter): void {
    out.bytes(this.json, this.starts[id], this.ends[id]);
  }
}

class ByteWriter {
  private out = new Uint8Array(1 << 16);
  private at = 0;

  text(text: string): void {
    this.bytes(encodeUtf8(text));
  }

  bytes(bytes: Uint8Array, from = 0, to = bytes.length): void {
    this.reserve(to - from);
    for (let i = from; i < to; i++) this.out[this.at++] = bytes[i];
  }

  integer(value: number): void {
    let digits = 1;
    for (let bound = 10; value >= bound; bound *= 10) digits++;
    this.reserve(digits);
    for (let i = this.at + digits - 1, rest = value; i >= this.at; i--, rest = Math.floor(rest / 10)) this.out[i] = ZERO + (rest % 10);
    this.at += digits;
  }

  written(): Uint8Array {
    return this.out.subarray(0, this.at);
  }

  private reserve(count: number): void {
    if (this.at + count <= this.out.length) return;
    const larger = new Uint8Array(2 * (this.at + count));
    larger.set(this.out.subarray(0, this.at));
    this.out = larger;
  }
}

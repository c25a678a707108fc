/** Tokens and merges as tokenizer.json has them. */
import type { TokenJson, TokenJsonSpec } from '../kernels';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const ZERO = 0x30;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function tokenJson({ tokenBytes, tokenOffsets, ids, merges, pretty }: TokenJsonSpec): TokenJson {
  const quoted = new QuotedTokens(tokenBytes, tokenOffsets);
  return {
    vocabulary: writeVocabulary(ids ?? Uint32Array.from({ length: tokenOffsets.length - 1 }, (_, id) => id), quoted, pretty),
    merges: writeMerges(merges, quoted, pretty),
  };
}

function writeVocabulary(ids: Uint32Array, quoted: QuotedTokens, pretty: boolean): Uint8Array {
  const out = new ByteWriter();
  const colon = encoder.encode(pretty ? ': ' : ':');
  const entries = new Entries('{', '}', pretty, out);
  for (const id of ids) {
    entries.next();
    quoted.write(id, out);
    out.bytes(colon);
    out.integer(id);
  }
  entries.end();
  return out.written();
}

function writeMerges(merges: Uint32Array, quoted: QuotedTokens, pretty: boolean): Uint8Array {
  const out = new ByteWriter();
  const [open, middle, close] = (pretty ? ['[\n        ', ',\n        ', '\n      ]'] : ['[', ',', ']']).map((text) =>
    encoder.encode(text),
  );
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
  return out.written();
}

/** What stands around the entries of a list. */
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
    this.separator = encoder.encode(pretty ? `${open}\n      ` : open);
    this.further = encoder.encode(pretty ? ',\n      ' : ',');
  }

  /** Before each entry. */
  next(): void {
    this.out.bytes(this.separator);
    this.separator = this.further;
    this.any = true;
  }

  end(): void {
    if (!this.any) this.out.bytes(encoder.encode(this.open));
    this.out.bytes(encoder.encode(this.any && this.pretty ? `\n    ${this.close}` : this.close));
  }
}

/** Tokens as JSON has them, found in the text of one array: as strings, hundreds of thousands of little ones, they take five times as long. */
class QuotedTokens {
  private readonly json: Uint8Array;
  private readonly starts: Uint32Array;
  private readonly ends: Uint32Array;

  constructor(tokenBytes: Uint8Array, tokenOffsets: Uint32Array) {
    const count = tokenOffsets.length - 1;
    const tokens = Array.from({ length: count }, (_, id) => decoder.decode(tokenBytes.subarray(tokenOffsets[id], tokenOffsets[id + 1])));
    this.json = encoder.encode(JSON.stringify(tokens));
    this.starts = new Uint32Array(count);
    this.ends = new Uint32Array(count);
    for (let id = 0, at = 1; id < count; id++, at++) {
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

/** Token strings and their ids. */
import { bytesToAlphabet, writeAlphabetBytes } from './byte-alphabet';
import { TokenIndex } from './load/token-index';
import type { TokenTable } from './token-table';
import { decodeUtf8 } from './utf8';

const encoder = new TextEncoder();
const LONE_SURROGATE = /[\ud800-\udfff]/u;

/** The tokens of a model, without those that were added on top. */
export interface Vocabulary {
  /** Number of tokens. */
  readonly size: number;
  /** Largest id + 1; larger than `size` if ids are missing in between. */
  readonly idBound: number;
  has(id: number): boolean;
  id(token: string): number | undefined;
  token(id: number): string | undefined;
}

/** A vocabulary whose tokens are text, as in tokenizer.json. */
export interface TextVocabulary extends Vocabulary {
  /** All tokens in UTF-8. */
  utf8(): TokenTable;
}

/** A vocabulary of strings. */
export class StringVocabulary implements TextVocabulary {
  constructor(
    private readonly ids: ReadonlyMap<string, number>,
    /** By id; undefined where an id has no token. */
    private readonly tokens: ReadonlyArray<string | undefined>,
  ) {}

  get size(): number {
    return this.ids.size;
  }

  get idBound(): number {
    return this.tokens.length;
  }

  has(id: number): boolean {
    return this.tokens[id] !== undefined;
  }

  id(token: string): number | undefined {
    return this.ids.get(token);
  }

  token(id: number): string | undefined {
    return this.tokens[id];
  }

  utf8(): TokenTable {
    let bound = 0;
    for (const token of this.tokens) if (token !== undefined) bound += token.length * 3;
    const bytes = new Uint8Array(bound);
    const tokenOffsets = new Uint32Array(this.tokens.length + 1);
    let end = 0;
    for (let id = 0; id < this.tokens.length; id++) {
      const token = this.tokens[id];
      if (token !== undefined) end += encoder.encodeInto(token, bytes.subarray(end)).written;
      tokenOffsets[id + 1] = end;
    }
    return { tokenBytes: bytes.slice(0, end), tokenOffsets };
  }
}

/** A vocabulary in UTF-8. Its strings are made when they are asked for, and kept. */
export class PackedVocabulary implements TextVocabulary {
  private readonly strings: Array<string | undefined> = [];

  constructor(
    private readonly table: TokenTable,
    /** Made when it is needed, if it is not there yet. */
    private index: TokenIndex | null = null,
    /** Counted when it is needed, if it is not known. */
    private sizeMemo: number | null = null,
  ) {}

  get size(): number {
    return (this.sizeMemo ??= tokenCount(this.table));
  }

  get idBound(): number {
    return this.table.tokenOffsets.length - 1;
  }

  has(id: number): boolean {
    return holds(this.table, id);
  }

  id(token: string): number | undefined {
    this.index ??= TokenIndex.of(this.table);
    const bytes = encoder.encode(token);
    const id = LONE_SURROGATE.test(token) ? -1 : this.index.id(bytes, 0, bytes.length);
    return id < 0 ? undefined : id;
  }

  token(id: number): string | undefined {
    return (this.strings[id] ??= this.decode(id));
  }

  utf8(): TokenTable {
    return this.table;
  }

  private decode(id: number): string | undefined {
    const { tokenBytes, tokenOffsets } = this.table;
    return this.has(id) ? decodeUtf8(tokenBytes.subarray(tokenOffsets[id], tokenOffsets[id + 1])) : undefined;
  }
}

function holds({ tokenOffsets }: TokenTable, id: number): boolean {
  return tokenOffsets[id + 1] > tokenOffsets[id];
}

function tokenCount({ tokenOffsets }: TokenTable): number {
  let count = 0;
  for (let id = 0; id + 1 < tokenOffsets.length; id++) if (tokenOffsets[id + 1] > tokenOffsets[id]) count++;
  return count;
}

/**
 * A vocabulary of byte strings, as in .tiktoken files. Its token strings are the bytes in GPT-2's printable alphabet,
 * the form they have in tokenizer.json too; they are made when they are asked for, and kept.
 */
export class ByteVocabulary implements Vocabulary {
  private sizeMemo: number | null = null;
  private index: TokenIndex | null = null;
  private readonly strings: Array<string | undefined> = [];

  constructor(private readonly table: TokenTable) {}

  get size(): number {
    return (this.sizeMemo ??= tokenCount(this.table));
  }

  get idBound(): number {
    return this.table.tokenOffsets.length - 1;
  }

  has(id: number): boolean {
    return holds(this.table, id);
  }

  id(token: string): number | undefined {
    this.index ??= TokenIndex.of(this.table);
    const bytes = new Uint8Array(token.length);
    const length = writeAlphabetBytes(token, bytes, 0);
    const id = length <= 0 ? -1 : this.index.id(bytes, 0, length);
    return id < 0 ? undefined : id;
  }

  token(id: number): string | undefined {
    return (this.strings[id] ??= this.write(id));
  }

  private write(id: number): string | undefined {
    const { tokenBytes, tokenOffsets } = this.table;
    return this.has(id) ? bytesToAlphabet(tokenBytes.subarray(tokenOffsets[id], tokenOffsets[id + 1])) : undefined;
  }
}

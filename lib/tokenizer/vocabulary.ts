/** Token strings and their ids. */
import { bytesToAlphabet } from './byte-alphabet';

/** The tokens of a model, without those that were added on top. */
export interface Vocabulary {
  /** Number of tokens. */
  readonly size: number;
  /** Largest id + 1; larger than `size` if ids are missing in between. */
  readonly idBound: number;
  id(token: string): number | undefined;
  token(id: number): string | undefined;
}

/** A vocabulary of strings, as in tokenizer.json. */
export class StringVocabulary implements Vocabulary {
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

  id(token: string): number | undefined {
    return this.ids.get(token);
  }

  token(id: number): string | undefined {
    return this.tokens[id];
  }
}

/**
 * A vocabulary of byte strings, as in .tiktoken files. Its token strings are the bytes in GPT-2's printable alphabet,
 * the form they have in tokenizer.json too; they are made when they are asked for.
 */
export class ByteVocabulary implements Vocabulary {
  readonly size: number;
  private ids: Map<string, number> | null = null;

  constructor(
    private readonly tokenBytes: Uint8Array,
    private readonly tokenOffsets: Uint32Array,
  ) {
    let size = 0;
    for (let id = 0; id + 1 < tokenOffsets.length; id++) if (tokenOffsets[id + 1]! > tokenOffsets[id]!) size++;
    this.size = size;
  }

  get idBound(): number {
    return this.tokenOffsets.length - 1;
  }

  id(token: string): number | undefined {
    if (this.ids === null) {
      this.ids = new Map();
      for (let id = 0; id < this.idBound; id++) {
        const string = this.token(id);
        if (string !== undefined) this.ids.set(string, id);
      }
    }
    return this.ids.get(token);
  }

  token(id: number): string | undefined {
    const start = this.tokenOffsets[id];
    const end = this.tokenOffsets[id + 1];
    if (start === undefined || end === undefined || start === end) return undefined;
    return bytesToAlphabet(this.tokenBytes.subarray(start, end));
  }
}

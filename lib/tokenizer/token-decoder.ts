/** From ids to text. */
import {
  type DecoderHandle,
  type DecoderSpec,
  type Kernels,
  PARTIAL_TOKEN as PARTIAL,
  SPECIAL_TOKEN as SPECIAL,
  UNKNOWN_TOKEN as UNKNOWN,
} from '../backend/kernels';
import { invalidArgument, MerganserError } from '../errors';
import type { Decoder } from './decoders/decoder';
import type { Sink } from './decoders/stage';
import type { TokenizerDefinition } from './definition';
import type { TokenStrings } from './token-strings';
import { decodeUtf8, encodeUtf8 } from './utf8';
import type { TokenTable } from './token-table';

export type Ids = Uint32Array | readonly number[];

/** Decodes ids that come little by little; each call returns the text that is certain now. */
export interface OpenDecoder {
  write(ids: Ids): string;
  end(): string;
}

const MAX_ID = 0xffff_ffff;

export class TokenDecoder {
  private readonly traits: Uint8Array;
  private handle: DecoderHandle | null = null;

  constructor(
    private readonly kernels: Kernels,
    private readonly decoder: Decoder,
    private readonly strings: TokenStrings,
    private readonly flavor: TokenizerDefinition['flavor'],
    /** The bytes of the model's own tokens where the model reads bytes, empty where they are to be asked for; null if it reads text. */
    private readonly modelTokens: TokenTable | null,
  ) {
    this.traits = new Uint8Array(strings.idBound);
    for (let id = 0; id < this.traits.length; id++) if (!strings.has(id)) this.traits[id] = UNKNOWN;
    for (const { id } of strings.addedTokens) if (strings.isSpecial(strings.token(id)!)) this.traits[id] |= SPECIAL;
  }

  get skipsSpecialByDefault(): boolean {
    return this.flavor === 'huggingface';
  }

  decode(ids: Ids, skipSpecialTokens: boolean): string {
    const all = checkedIds(ids);
    const { concatenation } = this.decoder;
    if (concatenation !== null) {
      const text = this.kernels.decodeText(this.concatenator(), all, skipSpecialTokens);
      if (text !== null) return concatenation.finish(text);
    }
    const known = this.select(all, skipSpecialTokens);
    if (concatenation !== null && !concatenation.fallsBack) return concatenation.finish(decodeUtf8(this.concatenate(known)));
    const output = new TextCollector();
    const input = this.decoder.pipe(output);
    for (const id of known) input.write(this.strings.token(id)!);
    input.end();
    return output.take();
  }

  /** The bytes behind the text, where tokens are bytes; elsewhere the text in UTF-8. */
  decodeBytes(ids: Ids): Uint8Array {
    const all = checkedIds(ids);
    const { concatenation, byteLevel } = this.decoder;
    if (byteLevel) return this.kernels.decode(this.concatenator(), all, false) ?? this.concatenate(this.select(all, false));
    const bytes = concatenation === null ? null : this.kernels.decodeWellFormed(this.concatenator(), all, false);
    return bytes === null ? encodeUtf8(this.decode(all, false)) : concatenation!.finishBytes(bytes);
  }

  /** A decoder for ids that come little by little. */
  open(skipSpecialTokens: boolean): OpenDecoder {
    if (this.decoder.byteLevel) return this.openBytes(skipSpecialTokens);
    const output = new TextCollector();
    const input: Sink = this.decoder.pipe(output);
    return {
      write: (ids) => {
        for (const id of this.select(checkedIds(ids), skipSpecialTokens)) input.write(this.strings.token(id)!);
        return output.take();
      },
      end: () => {
        input.end();
        return output.take();
      },
    };
  }

  private openBytes(skipSpecialTokens: boolean): OpenDecoder {
    const text = new TextDecoder('utf-8', { ignoreBOM: true });
    return {
      write: (ids) => text.decode(this.concatenate(this.select(checkedIds(ids), skipSpecialTokens)), { stream: true }),
      end: () => text.decode(),
    };
  }

  dispose(): void {
    if (this.handle !== null) this.kernels.dispose(this.handle);
    this.handle = null;
  }

  /**
   * The ids that are to be decoded. Ids without a token are left out, as Hugging Face does,
   * or refused with UNKNOWN_TOKEN, as tiktoken does.
   */
  private select(all: Uint32Array, skipSpecialTokens: boolean): Uint32Array {
    let traits = 0;
    for (let i = 0; i < all.length; i++) traits |= this.traits[all[i]] ?? UNKNOWN;
    const unwanted = UNKNOWN | (skipSpecialTokens ? SPECIAL : 0);
    if ((traits & unwanted) === 0) return all;
    if ((traits & UNKNOWN) !== 0 && this.flavor === 'tiktoken') {
      const unknown = all.find((id) => ((this.traits[id] ?? UNKNOWN) & UNKNOWN) !== 0);
      throw new MerganserError('UNKNOWN_TOKEN', `Expected ids of this vocabulary, but no token has the id ${unknown}.`);
    }
    return all.filter((id) => ((this.traits[id] ?? UNKNOWN) & unwanted) === 0);
  }

  /** Whether a token of the model need not be found through its string: it decodes to the bytes that the model has for it. */
  private isOfModel(id: number): boolean {
    if (this.modelTokens === null || !this.decoder.byteLevel || this.strings.isAdded(id)) return false;
    const { tokenOffsets } = this.modelTokens;
    return id + 1 < tokenOffsets.length && tokenOffsets[id + 1] > tokenOffsets[id];
  }

  private concatenator(): DecoderHandle {
    return (this.handle ??= this.kernels.createDecoder(this.decoderSpec()));
  }

  /** The bytes of ids that all have a token. */
  private concatenate(known: Uint32Array): Uint8Array {
    return this.kernels.decode(this.concatenator(), known, false)!;
  }

  private decoderSpec(): DecoderSpec {
    // Special tokens of tiktoken are not written in the printable alphabet.
    const bytesOf = (token: string | undefined): Uint8Array | null => {
      if (token === undefined) return null;
      return this.flavor === 'tiktoken' && this.strings.isSpecial(token) ? encodeUtf8(token) : this.decoder.concatenation!.bytes(token);
    };
    const tokens = new TokenBytes(this.traits.length);
    const traits = this.traits.slice();
    for (let id = 0; id < this.traits.length;) {
      const start = id;
      while (id < this.traits.length && this.isOfModel(id)) id++;
      if (id > start) tokens.addRun(this.modelTokens!, start, id);
      else {
        const bytes = bytesOf(this.strings.token(id));
        // Of a decoder to text, bytes by themselves are all that is not UTF-8.
        if (bytes?.length === 1 && bytes[0] >= 0x80) traits[id] |= PARTIAL;
        tokens.add(id++, bytes);
      }
    }
    return { ...tokens.finished(), traits };
  }
}

/** Bytes of token after token. */
class TokenBytes {
  private readonly tokenOffsets: Uint32Array;
  private tokenBytes: Uint8Array;
  private end = 0;

  constructor(count: number) {
    this.tokenOffsets = new Uint32Array(count + 1);
    this.tokenBytes = new Uint8Array(count * 8 + 64);
  }

  /** The bytes of the next id; null for none. */
  add(id: number, bytes: Uint8Array | null): void {
    if (bytes !== null) this.append(bytes);
    this.tokenOffsets[id + 1] = this.end;
  }

  /** The ids from `start` to before `stop`, the next ones, as they stand in a table. */
  addRun({ tokenBytes, tokenOffsets }: TokenTable, start: number, stop: number): void {
    const shift = this.end - tokenOffsets[start];
    this.append(tokenBytes.subarray(tokenOffsets[start], tokenOffsets[stop]));
    for (let id = start; id < stop; id++) this.tokenOffsets[id + 1] = tokenOffsets[id + 1] + shift;
  }

  finished(): Pick<DecoderSpec, 'tokenBytes' | 'tokenOffsets'> {
    return { tokenBytes: this.tokenBytes.slice(0, this.end), tokenOffsets: this.tokenOffsets };
  }

  private append(bytes: Uint8Array): void {
    if (this.end + bytes.length > this.tokenBytes.length) {
      const larger = new Uint8Array(2 * (this.end + bytes.length));
      larger.set(this.tokenBytes.subarray(0, this.end));
      this.tokenBytes = larger;
    }
    this.tokenBytes.set(bytes, this.end);
    this.end += bytes.length;
  }
}

function checkedIds(ids: Ids): Uint32Array {
  if (Object.prototype.toString.call(ids) === '[object Uint32Array]') return ids as Uint32Array;
  if (!Array.isArray(ids)) throw invalidArgument('ids', 'a Uint32Array or an array of ids', ids);
  const checked = new Uint32Array(ids.length);
  for (let i = 0; i < ids.length; i++) {
    const id: unknown = ids[i];
    if (typeof id !== 'number' || !Number.isInteger(id) || id < 0 || id > MAX_ID) throw invalidArgument(`ids[${i}]`, 'a token id', id);
    checked[i] = id;
  }
  return checked;
}

/** Where decoded text arrives. */
class TextCollector implements Sink {
  private text = '';

  write(text: string): void {
    this.text += text;
  }

  end(): void {}

  /** What came since the last call. */
  take(): string {
    const { text } = this;
    this.text = '';
    return text;
  }
}

/** From what users pass as text to well-formed UTF-8. */
import { invalidArgument, MerganserError } from '../errors';
import type { ChunkedTexts } from '../backend/kernels';
import type { TextInput } from './types';
import { encodeUtf8 } from './utf8';
import { type InvalidUtf8, isShared, wellFormedBytes, wellFormedBytesInTurns } from './well-formed';

/** Offsets have 32 bits. */
const MOST_BYTES = 0xffff_ffff;

/** A Uint8Array of any realm, Node's Buffer included. */
export function isBytes(value: unknown): value is Uint8Array {
  return ArrayBuffer.isView(value) && Object.prototype.toString.call(value) === '[object Uint8Array]';
}

export function checkText(text: unknown, name = 'text'): asserts text is TextInput {
  if (typeof text !== 'string' && !isBytes(text)) throw invalidArgument(name, 'a string or a Uint8Array', text);
  if (text.length > MOST_BYTES)
    throw new MerganserError(
      'INVALID_ARGUMENT',
      `Expected ${name} to have less than 4 GiB, but it has ${text.length} bytes; encode it as a stream.`,
    );
}

/** A text as the kernels take it: strings as they are. */
export function kernelText(text: TextInput, invalidUtf8: InvalidUtf8): TextInput {
  return typeof text === 'string' ? text : wellFormedBytes(text, invalidUtf8);
}

/** A text in UTF-8. */
export function textBytes(text: TextInput, invalidUtf8: InvalidUtf8): Uint8Array {
  return typeof text === 'string' ? encodeUtf8(text) : wellFormedBytes(text, invalidUtf8);
}

/** Texts back to back, in UTF-8. */
export interface JoinedTexts {
  readonly bytes: Uint8Array;
  /** n + 1 entries. */
  readonly offsets: Uint32Array;
}

const encoder = new TextEncoder();

/** Joins texts; the n-th must be a string or a Uint8Array. */
export function joinTexts(texts: readonly TextInput[], invalidUtf8: InvalidUtf8, name = 'texts'): JoinedTexts {
  const { chunks, offsets } = chunkTexts(texts, invalidUtf8, Infinity, name);
  return { bytes: chunks[0], offsets };
}

/** The same, where arrays of at least `ownChunkBytes` bytes stay where they are, and are not checked. */
export function chunkTexts(texts: readonly TextInput[], invalidUtf8: InvalidUtf8, ownChunkBytes: number, name = 'texts'): ChunkedTexts {
  const joiner = new TextJoiner(texts, invalidUtf8, ownChunkBytes, name);
  // So many texts are to be converted each by itself, as those before were not all ASCII.
  let alone = 0;
  for (let index = 0; index < texts.length;) {
    const end = alone > 0 ? index + 1 : joiner.groupEnd(index);
    const together = end > index + 1 && joiner.addAscii(index, end);
    if (!together) for (let i = index; i < end; i++) joiner.add(i);
    if (alone > 0) alone--;
    else if (!together && end > index + 1) alone = ALONE;
    index = end;
  }
  return joiner.joined();
}

/** As many neighbouring strings are converted in one call, which costs much more than the characters of short ones. */
const GROUP = 64;
const GROUP_UNITS = 1 << 14;
const ALONE = 256;

class TextJoiner {
  readonly #offsets: Uint32Array;
  readonly #chunks: Uint8Array[] = [];
  #checked = true;
  #bytes: Uint8Array;
  /** Where the chunk at hand begins and ends in `#bytes`. */
  #start = 0;
  #end = 0;

  constructor(
    readonly texts: readonly TextInput[],
    readonly invalidUtf8: InvalidUtf8,
    readonly ownChunkBytes: number,
    readonly name: string,
  ) {
    this.#offsets = new Uint32Array(texts.length + 1);
    this.#bytes = new Uint8Array(Math.max(64, this.#lowerBound()));
  }

  #lowerBound(): number {
    let bound = 0;
    for (let index = 0; index < this.texts.length; index++) {
      const text = this.texts[index];
      checkText(text, `${this.name}[${index}]`);
      if (!this.#staysApart(text)) bound += text.length;
    }
    return bound;
  }

  /** Memory that may shrink, or that other threads may write to, is copied. */
  #staysApart(text: TextInput): text is Uint8Array {
    if (typeof text === 'string' || text.length < this.ownChunkBytes) return false;
    const memory = text.buffer as ArrayBufferLike & { readonly resizable?: boolean };
    return !isShared(memory) && memory.resizable !== true;
  }

  joined(): ChunkedTexts {
    this.#endChunk();
    if (this.#chunks.length === 0) this.#chunks.push(new Uint8Array(0));
    return { chunks: this.#chunks, offsets: this.#offsets, checked: this.#checked };
  }

  #endChunk(): void {
    if (this.#start < this.#end) this.#chunks.push(this.#bytes.subarray(this.#start, this.#end));
    this.#start = this.#end;
  }

  /** Behind the strings from `start` on that may go together; `start` + 1 at least. */
  groupEnd(start: number): number {
    const most = Math.min(this.texts.length, start + GROUP);
    let units = 0;
    let end = start;
    for (; end < most; end++) {
      const text = this.texts[end];
      if (typeof text !== 'string' || (units += text.length) > GROUP_UNITS) break;
    }
    return Math.max(end, start + 1);
  }

  /** Strings of which every unit becomes one byte; false, and nothing done, if they are not such. */
  addAscii(start: number, end: number): boolean {
    const joined = this.texts.slice(start, end).join('');
    const { read, written } = encoder.encodeInto(joined, this.#room(joined.length));
    if (read !== joined.length || written !== read) return false;
    for (let i = start; i < end; i++) this.#close(i, this.texts[i].length);
    return true;
  }

  add(index: number): void {
    const text = this.texts[index];
    if (this.#staysApart(text)) {
      this.#endChunk();
      this.#chunks.push(text);
      this.#checked = false;
      this.#close(index, text.length, false);
    } else if (typeof text === 'string') {
      // A UTF-16 unit takes three bytes at most.
      this.#close(index, encoder.encodeInto(text, this.#room(text.length * 3)).written);
    } else {
      const bytes = wellFormedBytes(text, this.invalidUtf8);
      this.#room(bytes.length).set(bytes);
      this.#close(index, bytes.length);
    }
  }

  #room(bytes: number): Uint8Array {
    if (this.#end + bytes > this.#bytes.length) this.#bytes = grown(this.#bytes, this.#end, this.#end + bytes);
    return this.#bytes.subarray(this.#end);
  }

  /** The text with so many bytes ends here; `joined`: they stand in `#bytes`. */
  #close(index: number, bytes: number, joined = true): void {
    if (joined) this.#end += bytes;
    const end = this.#offsets[index] + bytes;
    checkTotal(end, this.name);
    this.#offsets[index + 1] = end;
  }
}

/** Unchecked texts as UTF-8 at this time; the same object if they are. Others have their turns meanwhile. Rejects as {@link wellFormedBytesInTurns} does. */
export async function wellFormedTexts(texts: ChunkedTexts, invalidUtf8: InvalidUtf8, signal?: AbortSignal): Promise<ChunkedTexts> {
  if (texts.checked) return texts;
  const chunks: Uint8Array[] = [];
  for (const chunk of texts.chunks) chunks.push(await wellFormedBytesInTurns(chunk, invalidUtf8, signal));
  if (chunks.every((chunk, i) => chunk === texts.chunks[i])) return texts;
  checkTotal(
    chunks.reduce((sum, chunk) => sum + chunk.length, 0),
    'the texts, with U+FFFD for what is malformed,',
  );
  // Only chunks of one text change, and so by how much the texts behind them are further on.
  const offsets = texts.offsets.slice();
  let chunk = 0;
  let before = 0;
  let after = 0;
  for (let i = 1; i < offsets.length; i++) {
    while (chunk < chunks.length && texts.offsets[i] > before + texts.chunks[chunk].length) {
      before += texts.chunks[chunk].length;
      after += chunks[chunk++].length;
    }
    const ends = chunk < chunks.length && texts.offsets[i] === before + texts.chunks[chunk].length;
    offsets[i] = ends ? after + chunks[chunk].length : texts.offsets[i] - before + after;
  }
  // Those that were left as they are, are still the caller's.
  return { chunks, offsets, checked: false };
}

function checkTotal(bytes: number, name: string): void {
  if (bytes > MOST_BYTES)
    throw new MerganserError('INVALID_ARGUMENT', `Expected ${name} to have less than 4 GiB in all; encode them in several batches.`);
}

function grown(bytes: Uint8Array, used: number, needed: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(Math.max(needed, Math.ceil(bytes.length * 1.5)));
  larger.set(bytes.subarray(0, used));
  return larger;
}

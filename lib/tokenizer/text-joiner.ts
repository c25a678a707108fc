/** Many texts back to back in UTF-8. */
import { yieldToEventLoop } from '../backend/js/event-loop';
import type { ChunkedTexts } from '../backend/kernels';
import { aborted } from '../errors';
import { isShared } from '../own-array';
import { checkText, checkTotal } from './text-input';
import type { TextInput } from './types';
import { type InvalidUtf8, wellFormedBytes } from './well-formed';

/** Texts back to back, in UTF-8. */
export interface JoinedTexts {
  readonly bytes: Uint8Array;
  /** n + 1 entries. */
  readonly offsets: Uint32Array;
}

/** Joins texts; the n-th must be a string or a Uint8Array. */
export function joinTexts(texts: readonly TextInput[], invalidUtf8: InvalidUtf8, name = 'texts'): JoinedTexts {
  const joiner = new TextJoiner(texts, invalidUtf8, null, name);
  joiner.addUntil(Infinity);
  const { chunks, offsets } = joiner.joined();
  return { bytes: chunks[0], offsets };
}

/** Texts in several arrays. */
export interface Chunking {
  /** Arrays of at least so many bytes stay where they are, and are not checked. */
  readonly ownChunkBytes: number;
  /** Gives memory for other texts. */
  readonly allocate: (bytes: number) => Uint8Array;
}

/**
 * The same, in several arrays if that is wanted. Where all texts are strings, which nobody can change meanwhile, converting them takes turns of the event loop; the promise
 * rejects with ABORTED.
 */
export function chunkTexts(
  texts: readonly TextInput[],
  invalidUtf8: InvalidUtf8,
  chunking: Chunking | null,
  signal: AbortSignal | undefined,
  name = 'texts',
): ChunkedTexts | Promise<ChunkedTexts> {
  const joiner = new TextJoiner(texts, invalidUtf8, chunking, name);
  return joiner.addUntil(joiner.mayWait ? performance.now() + TURN_MS : Infinity) ? joiner.joined() : restInTurns(joiner, signal);
}

async function restInTurns(joiner: TextJoiner, signal: AbortSignal | undefined): Promise<ChunkedTexts> {
  do {
    await yieldToEventLoop();
    if (signal?.aborted) throw aborted(signal);
  } while (!joiner.addUntil(performance.now() + TURN_MS));
  return joiner.joined();
}

const TURN_MS = 4;
/** Converted before it is asked for the time. */
const UNITS_OF_A_GLANCE = 1 << 16;

/** As many neighbouring strings are converted in one call, which costs much more than the characters of short ones. */
const GROUP = 64;
const GROUP_UNITS = 1 << 14;
/** So many texts are converted each by itself where those before were not all ASCII. */
const ALONE = 256;
/** Of a long string, in one call. */
const PART_UNITS = 1 << 18;
const CHUNK_BYTES = 1 << 24;

class TextJoiner {
  readonly #texts: readonly TextInput[];
  readonly #offsets: Uint32Array;
  readonly #chunks: Uint8Array[] = [];
  readonly mayWait: boolean;
  #checked = true;
  /** The text to be added next, and how much of it was converted: units, and the bytes that they became. */
  #index = 0;
  #units = 0;
  #written = 0;
  #alone = 0;
  /** Units and bytes of the texts that are left to be put into `#bytes`. */
  #left: number;
  #bytes: Uint8Array;
  /** Where the chunk at hand begins in `#bytes`, and its last whole text ends. */
  #start = 0;
  #end = 0;

  constructor(
    texts: readonly TextInput[],
    readonly invalidUtf8: InvalidUtf8,
    readonly chunking: Chunking | null,
    readonly name: string,
  ) {
    this.#left = 0;
    let mayWait = true;
    for (let index = 0; index < texts.length; index++) {
      const text = texts[index];
      checkText(text, `${name}[${index}]`);
      mayWait &&= typeof text === 'string';
      if (!this.#staysApart(text)) this.#left += text.length;
    }
    this.mayWait = mayWait;
    // It may be changed while strings wait.
    this.#texts = mayWait ? texts.slice() : texts;
    this.#offsets = new Uint32Array(texts.length + 1);
    this.#bytes = this.#memory(64);
  }

  /** Memory that may shrink, or that other threads may write to, is copied. */
  #staysApart(text: TextInput): text is Uint8Array {
    if (this.chunking === null || typeof text === 'string' || text.length < this.chunking.ownChunkBytes) return false;
    const memory = text.buffer as ArrayBufferLike & { readonly resizable?: boolean };
    return !isShared(text) && memory.resizable !== true;
  }

  /** For what is left, or a chunk of it. */
  #memory(least: number): Uint8Array {
    if (this.chunking === null) return new Uint8Array(Math.max(least, this.#left));
    const bytes = Math.max(least, Math.min(CHUNK_BYTES, this.#left));
    return bytes < CHUNK_BYTES ? new Uint8Array(bytes) : this.chunking.allocate(bytes);
  }

  /** Adds texts until that time, as performance.now() has it; whether all were added. */
  addUntil(time: number): boolean {
    for (let units = 0; this.#index < this.#texts.length;) {
      units += this.#addNext();
      if (units < UNITS_OF_A_GLANCE) continue;
      units = 0;
      if (performance.now() >= time) break;
    }
    return this.#index === this.#texts.length;
  }

  joined(): ChunkedTexts {
    this.#endChunk();
    if (this.#chunks.length === 0) this.#chunks.push(new Uint8Array(0));
    return { chunks: this.#chunks, offsets: this.#offsets, checked: this.#checked };
  }

  /** Adds some texts, or a part of one; how much that was, about. */
  #addNext(): number {
    const first = this.#index;
    if (this.#alone === 0) {
      const end = this.#groupEnd(first);
      if (end > first + 1) {
        if (this.#addAscii(end)) return this.#offsets[end] - this.#offsets[first] + end - first;
        this.#alone = end - first + ALONE;
      }
    }
    const units = this.#add(this.#texts[first]);
    if (this.#index > first && this.#alone > 0) this.#alone--;
    return units + 1;
  }

  /** Behind the strings from `start` on that may go together; `start` + 1 at least. */
  #groupEnd(start: number): number {
    const most = Math.min(this.#texts.length, start + GROUP);
    let units = 0;
    let end = start;
    for (; end < most; end++) {
      const text = this.#texts[end];
      if (typeof text !== 'string' || (units += text.length) > GROUP_UNITS) break;
    }
    return Math.max(end, start + 1);
  }

  /** The strings up to `end` if every unit of them becomes one byte; false, and nothing done, if they are not such. */
  #addAscii(end: number): boolean {
    const joined = this.#texts.slice(this.#index, end).join('');
    this.#reserve(joined.length);
    const { read, written } = encoder.encodeInto(joined, this.#bytes.subarray(this.#end));
    if (read !== joined.length || written !== read) return false;
    while (this.#index < end) this.#close(this.#texts[this.#index].length);
    return true;
  }

  #add(text: TextInput): number {
    if (typeof text === 'string') return this.#addPart(text);
    if (this.#staysApart(text)) {
      this.#endChunk();
      this.#chunks.push(text);
      this.#checked = false;
      this.#close(text.length, false);
    } else {
      const bytes = wellFormedBytes(text, this.invalidUtf8);
      this.#reserve(bytes.length);
      this.#bytes.set(bytes, this.#end);
      this.#close(bytes.length);
    }
    return text.length;
  }

  /** Of a string, what there is room for; the rest next time. */
  #addPart(text: string): number {
    const from = this.#units;
    // Memory that is not written to costs nothing; to move much would hold up the event loop.
    if (from === 0) this.#reserve(text.length * (this.chunking !== null && text.length > PART_UNITS ? 3 : 1));
    let to = Math.min(text.length, from + PART_UNITS);
    // A pair of surrogates stays together.
    if (to < text.length && (text.charCodeAt(to - 1) & 0xfc00) === 0xd800) to--;
    const part = to - from === text.length ? text : text.slice(from, to);
    const { read, written } = encoder.encodeInto(part, this.#bytes.subarray(this.#end + this.#written));
    this.#units += read;
    this.#written += written;
    if (this.#units === text.length) this.#close(this.#written);
    else if (read < part.length) this.#makeRoom(this.#written + 3 * (text.length - this.#units));
    return read;
  }

  #reserve(bytes: number): void {
    if (this.#end + bytes > this.#bytes.length) this.#makeRoom(bytes);
  }

  /** So that the text at hand may have so many bytes. Texts before it stay where they are, but where there is one array only. */
  #makeRoom(bytes: number): void {
    const held = this.#bytes.subarray(this.chunking === null ? 0 : this.#end, this.#end + this.#written);
    if (this.chunking === null) {
      this.#bytes = new Uint8Array(Math.max(this.#end + bytes, Math.ceil(this.#bytes.length * 1.5)));
    } else {
      this.#endChunk();
      this.#bytes = this.#memory(bytes);
      this.#start = this.#end = 0;
    }
    this.#bytes.set(held);
  }

  #endChunk(): void {
    if (this.#start < this.#end) this.#chunks.push(this.#bytes.subarray(this.#start, this.#end));
    this.#start = this.#end;
  }

  /** The text at hand has so many bytes; `joined`: they stand in `#bytes`. */
  #close(bytes: number, joined = true): void {
    if (joined) {
      this.#end += bytes;
      this.#left -= this.#texts[this.#index].length;
    }
    const end = this.#offsets[this.#index] + bytes;
    checkTotal(end, this.name);
    this.#offsets[++this.#index] = end;
    this.#units = this.#written = 0;
  }
}

const encoder = new TextEncoder();

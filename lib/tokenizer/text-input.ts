/** From what users pass as text to well-formed UTF-8. */
import { invalidArgument, MerganserError } from '../errors';
import type { ChunkedTexts } from '../backend/kernels';
import type { TextInput } from './types';
import { decodeUtf8, encodeUtf8 } from './utf8';

/** Offsets have 32 bits. */
const MOST_BYTES = 0xffff_ffff;

export type InvalidUtf8 = 'replace' | 'error';

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

/** Node's check, which makes no string; undefined where there is none. */
const isUtf8: ((bytes: Uint8Array) => boolean) | undefined =
  typeof process === 'undefined' ? undefined : process.getBuiltinModule?.('node:buffer')?.isUtf8;

const strictDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Whether bytes are UTF-8. */
export function isWellFormed(bytes: Uint8Array): boolean {
  if (isUtf8 !== undefined) return isUtf8(bytes);
  try {
    strictDecoder.decode(bytes);
    return true;
  } catch {
    return false;
  }
}

/** The same bytes if they are UTF-8, or a copy of those that other threads may write to; otherwise U+FFFD for what is malformed, or INVALID_UTF8. */
export function wellFormedBytes(bytes: Uint8Array, invalidUtf8: InvalidUtf8): Uint8Array {
  if (isShared(bytes.buffer)) return wellFormedBytes(bytes.slice(), invalidUtf8);
  if (isWellFormed(bytes)) return bytes;
  if (invalidUtf8 === 'error') throw new MerganserError('INVALID_UTF8', 'Expected the text to be UTF-8, but it holds malformed bytes.');
  return encodeUtf8(decodeUtf8(bytes));
}

/** A text as the kernels take it: strings as they are. */
export function kernelText(text: TextInput, invalidUtf8: InvalidUtf8): TextInput {
  return typeof text === 'string' ? text : wellFormedBytes(text, invalidUtf8);
}

/** A text in UTF-8. */
export function textBytes(text: TextInput, invalidUtf8: InvalidUtf8): Uint8Array {
  return typeof text === 'string' ? encodeUtf8(text) : wellFormedBytes(text, invalidUtf8);
}

/** Unchecked texts as UTF-8 at this time; the same object if they are. */
export function wellFormedTexts(texts: ChunkedTexts, invalidUtf8: InvalidUtf8): ChunkedTexts {
  if (texts.checked) return texts;
  const chunks = texts.chunks.map((chunk) => wellFormedBytes(chunk, invalidUtf8));
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

/** Refuses more than offsets can tell. */
export function checkTotal(bytes: number, name: string): void {
  if (bytes > MOST_BYTES)
    throw new MerganserError('INVALID_ARGUMENT', `Expected ${name} to have less than 4 GiB in all; encode them in several batches.`);
}

/** Whether other threads may write to it. */
export function isShared(memory: ArrayBufferLike): boolean {
  return Object.prototype.toString.call(memory) === '[object SharedArrayBuffer]';
}

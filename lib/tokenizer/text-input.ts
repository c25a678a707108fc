/** From what users pass as text to well-formed UTF-8. */
import { invalidArgument, MerganserError } from '../errors';
import { type ChunkedTexts, TakenAway } from '../backend/kernels';
import type { TextInput } from './types';
import { encodeUtf8 } from './utf8';
import { type InvalidUtf8, wellFormedBytes, wellFormedBytesInTurns } from './well-formed';

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

/** Unchecked texts as UTF-8 at this time; the same object if they are. Others have their turns meanwhile. Rejects as {@link wellFormedBytesInTurns} does. */
export async function wellFormedTexts(texts: ChunkedTexts, invalidUtf8: InvalidUtf8, signal?: AbortSignal): Promise<ChunkedTexts> {
  if (texts.checked) return texts;
  const lengths = texts.chunks.map((chunk) => chunk.length);
  if (lengths.reduce((sum, length) => sum + length, 0) !== texts.offsets[texts.offsets.length - 1]) throw new TakenAway();
  const chunks: Uint8Array[] = [];
  for (const [i, chunk] of texts.chunks.entries()) {
    if (chunk.length !== lengths[i]) throw new TakenAway();
    chunks.push(await wellFormedBytesInTurns(chunk, invalidUtf8, signal));
  }
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

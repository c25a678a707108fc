/** From what users pass as text to well-formed UTF-8. */
import { invalidArgument, MerganserError } from '../errors';
import type { TextInput } from './types';
import { decodeUtf8, encodeUtf8 } from './utf8';

export type InvalidUtf8 = 'replace' | 'error';

/** A Uint8Array of any realm, Node's Buffer included. */
export function isBytes(value: unknown): value is Uint8Array {
  return ArrayBuffer.isView(value) && Object.prototype.toString.call(value) === '[object Uint8Array]';
}

export function checkText(text: unknown, name = 'text'): asserts text is TextInput {
  if (typeof text !== 'string' && !isBytes(text)) throw invalidArgument(name, 'a string or a Uint8Array', text);
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

/** The same bytes if they are UTF-8; otherwise U+FFFD for what is malformed, or INVALID_UTF8. */
export function wellFormedBytes(bytes: Uint8Array, invalidUtf8: InvalidUtf8): Uint8Array {
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

/** Texts back to back, in UTF-8. */
export interface JoinedTexts {
  readonly bytes: Uint8Array;
  /** n + 1 entries. */
  readonly offsets: Uint32Array;
}

const encoder = new TextEncoder();

/** Joins texts; the n-th must be a string or a Uint8Array. */
export function joinTexts(texts: readonly TextInput[], invalidUtf8: InvalidUtf8, name = 'texts'): JoinedTexts {
  const units = new Uint32Array(texts.length + 1);
  let end = 0;
  let strings = 0;
  for (let index = 0; index < texts.length; index++) {
    const text = texts[index];
    if (typeof text === 'string') strings++;
    else checkText(text, `${name}[${index}]`);
    end += text.length;
    units[index + 1] = end;
  }
  const ascii = strings === texts.length && strings > 1 && end <= JOINED_UNITS ? joinAscii(texts as readonly string[], end) : null;
  return ascii === null ? joinOneByOne(texts, end, invalidUtf8, name) : { bytes: ascii, offsets: units };
}

/** Texts of more units than this are not made one string first. */
const JOINED_UNITS = 1 << 26;

/** One conversion for all is many times faster than one for each; where every unit becomes one byte, offsets stay what they are. Else null. */
function joinAscii(texts: readonly string[], units: number): Uint8Array | null {
  const joined = texts.join('');
  const bytes = new Uint8Array(units);
  const { read, written } = encoder.encodeInto(joined, bytes);
  return read === units && written === units ? bytes : null;
}

function joinOneByOne(texts: readonly TextInput[], lowerBound: number, invalidUtf8: InvalidUtf8, name: string): JoinedTexts {
  const offsets = new Uint32Array(texts.length + 1);
  let bytes = new Uint8Array(Math.max(64, lowerBound));
  let end = 0;
  for (let index = 0; index < texts.length; index++) {
    const text = texts[index];
    const source = typeof text === 'string' ? text : wellFormedBytes(text, invalidUtf8);
    // A UTF-16 unit takes three bytes at most.
    const room = typeof source === 'string' ? source.length * 3 : source.length;
    if (end + room > bytes.length) bytes = grown(bytes, end, end + room);
    if (typeof source === 'string') end += encoder.encodeInto(source, bytes.subarray(end)).written;
    else {
      bytes.set(source, end);
      end += source.length;
    }
    if (end > 0xffff_ffff)
      throw new MerganserError('INVALID_ARGUMENT', `Expected ${name} to have less than 4 GiB in all; encode them in several batches.`);
    offsets[index + 1] = end;
  }
  return { bytes: bytes.subarray(0, end), offsets };
}

function grown(bytes: Uint8Array, used: number, needed: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(Math.max(needed, Math.ceil(bytes.length * 1.5)));
  larger.set(bytes.subarray(0, used));
  return larger;
}

import { characterLength } from '../../../tokenizer/utf8';
import { ASCII_CLASSES, classAt, LETTER, NEWLINE, NON_ASCII, NUMBER, SPACE } from './character-classes';

/** End of the run of characters from `at` on that have one of the class bits. */
export function runEnd(text: Uint8Array, at: number, end: number, bits: number): number {
  while (at < end) {
    const ascii = ASCII_CLASSES[text[at]];
    if ((ascii & bits) !== 0) at++;
    else if (ascii === NON_ASCII && (classAt(text, at) & bits) !== 0) at += characterLength(text[at]);
    else break;
  }
  return at;
}

/** End of the run of characters from `at` on that have none of the class bits. */
export function runEndWithout(text: Uint8Array, at: number, end: number, bits: number): number {
  const stop = bits | NON_ASCII;
  while (at < end) {
    const ascii = ASCII_CLASSES[text[at]];
    if ((ascii & stop) === 0) at++;
    else if (ascii === NON_ASCII && (classAt(text, at) & bits) === 0) at += characterLength(text[at]);
    else break;
  }
  return at;
}

/** End of the run of numbers from `at` on, at most `limit` of them (0: no limit). */
export function digitsEnd(text: Uint8Array, at: number, end: number, limit: number): number {
  if (limit === 0) return runEnd(text, at, end, NUMBER);
  for (let digits = 0; digits < limit && at < end; digits++) {
    if ((classIn(text, at) & NUMBER) === 0) break;
    at += characterLength(text[at]);
  }
  return at;
}

/** Class of the character at `at`. */
export function classIn(text: Uint8Array, at: number): number {
  const ascii = ASCII_CLASSES[text[at]];
  return ascii === NON_ASCII ? classAt(text, at) : ascii;
}

/** `\s+(?!\S)|\s+`: white space that begins at `at`; before other text it leaves the last character alone. */
export function spaceEnd(text: Uint8Array, at: number, end: number): number {
  const stop = runEnd(text, at, end, SPACE);
  if (stop === end) return stop;
  const last = lastCharacter(text, stop);
  return last === at ? stop : last;
}

/** `\s*[\r\n]+|\s+(?!\S)|\s+`, or with `trailing` `\s++$|\s*[\r\n]|\s+(?!\S)|\s`: as `spaceEnd`, but a piece ends behind the last newline. */
export function linesEnd(text: Uint8Array, at: number, end: number, trailing: boolean): number {
  const stop = runEnd(text, at, end, SPACE);
  if (trailing && stop === end) return stop;
  for (let i = stop - 1; i >= at; i--) if ((ASCII_CLASSES[text[i]] & NEWLINE) !== 0) return i + 1;
  if (stop === end) return stop;
  const last = lastCharacter(text, stop);
  return last === at ? stop : last;
}

/** Start of the character that ends at `stop`. */
function lastCharacter(text: Uint8Array, stop: number): number {
  do stop--;
  while ((text[stop] & 0xc0) === 0x80);
  return stop;
}

/** `[\r\n]*` */
export function newlinesEnd(text: Uint8Array, at: number, end: number): number {
  while (at < end && (ASCII_CLASSES[text[at]] & NEWLINE) !== 0) at++;
  return at;
}

/** End of `'s`, `'t`, `'re`, `'ve`, `'m`, `'ll` or `'d` at `at`, where an apostrophe stands; `at` itself if there is none. */
export function contractionEnd(text: Uint8Array, at: number, end: number, ignoreCase: boolean): number {
  if (at + 1 >= end) return at;
  const first = ignoreCase ? lowerCase(text[at + 1]) : text[at + 1];
  if (first === 0x73 || first === 0x74 || first === 0x6d || first === 0x64) return at + 2; // s t m d
  if (at + 2 >= end) return at;
  const second = ignoreCase ? lowerCase(text[at + 2]) : text[at + 2];
  if (second === 0x65 && (first === 0x72 || first === 0x76)) return at + 3; // re ve
  if (second === 0x6c && first === 0x6c) return at + 3; // ll
  if (ignoreCase && text[at + 1] === 0xc5 && text[at + 2] === 0xbf) return at + 3; // U+017F is an s
  return at;
}

function lowerCase(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte;
}

/** Not white space, letter or number. */
export const NOT_OTHER = SPACE | LETTER | NUMBER;

export const APOSTROPHE = 0x27;
export const BLANK = 0x20;

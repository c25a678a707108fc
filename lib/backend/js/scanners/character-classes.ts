import { CodePointTable } from '../../../tokenizer/unicode/code-point-table';
import { codePointAt } from '../../../tokenizer/utf8';
import { unicodeProperty } from '../../../tokenizer/unicode/properties';

/** What the scanners ask about a character: bits of its class. */
export const LETTER = 1;
export const NUMBER = 2;
export const SPACE = 4;
export const MARK = 8;
/** Lu, Lt, Lm, Lo, M: what may stand in the first part of a word of o200k. */
export const HEAD = 16;
/** Ll, Lm, Lo, M: what may stand in the second part of a word of o200k. */
export const TAIL = 32;
/** P or S. */
export const PUNCTUATION = 64;
/** \r or \n. */
export const NEWLINE = 128;
/** Not a class of characters: the byte is not ASCII, so the class is to be found through `classAt`. */
export const NON_ASCII = 256;

/** Classes of the ASCII characters; NON_ASCII for all other bytes. */
export const ASCII_CLASSES = new Uint16Array(256).fill(NON_ASCII);

const table = new CodePointTable();
let isReady = false;

/** Class of the character that begins at `at`. */
export function classAt(text: Uint8Array, at: number): number {
  return table.get(codePointAt(text, at));
}

/** Fills the tables, once. Scanners call it before they begin. */
export function prepareClasses(): void {
  if (isReady) return;
  isReady = true;
  // Every bound of a range switches its bit; between two bounds all characters are of one class.
  const bounds: number[] = [];
  for (const [bit, properties] of CLASSES) {
    for (const property of properties) for (const bound of unicodeProperty(property)!.ranges) bounds.push(bound * 256 + bit);
  }
  for (const bound of [0x0a, 0x0b, 0x0d, 0x0e]) bounds.push(bound * 256 + NEWLINE);
  let start = 0;
  let classes = 0;
  for (const entry of Float64Array.from(bounds).sort()) {
    const bound = Math.floor(entry / 256);
    table.fill(start, bound, classes);
    start = bound;
    classes ^= entry & 0xff;
  }
  for (let c = 0; c < 0x80; c++) ASCII_CLASSES[c] = table.get(c);
}

/** Properties that share a bit have no character in common. */
const CLASSES: ReadonlyArray<readonly [bit: number, properties: readonly string[]]> = [
  [LETTER, ['L']],
  [NUMBER, ['N']],
  [SPACE, ['White_Space']],
  [MARK, ['M']],
  [HEAD, ['Lu', 'Lt', 'Lm', 'Lo', 'M']],
  [TAIL, ['Ll', 'Lm', 'Lo', 'M']],
  [PUNCTUATION, ['P', 'S']],
];

import { MAX_CODE_POINT } from '../../../tokenizer/unicode/code-point-set';
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

const table = buildTable();

/** Class of the character that begins at `at`. */
export function classAt(text: Uint8Array, at: number): number {
  return table.get(codePointAt(text, at));
}

function buildTable(): CodePointTable {
  const classes = new Uint8Array(MAX_CODE_POINT + 1);
  const mark = (bit: number, ...properties: string[]): void => {
    for (const property of properties) {
      for (const [start, end] of unicodeProperty(property)!) for (let c = start; c < end; c++) classes[c] |= bit;
    }
  };
  mark(LETTER, 'L');
  mark(NUMBER, 'N');
  mark(SPACE, 'White_Space');
  mark(MARK, 'M');
  mark(HEAD, 'Lu', 'Lt', 'Lm', 'Lo', 'M');
  mark(TAIL, 'Ll', 'Lm', 'Lo', 'M');
  mark(PUNCTUATION, 'P', 'S');
  classes[0x0a] |= NEWLINE;
  classes[0x0d] |= NEWLINE;
  ASCII_CLASSES.set(classes.subarray(0, 0x80));
  const table = new CodePointTable();
  for (let start = 0, end = 0; start <= MAX_CODE_POINT; start = end) {
    while (end <= MAX_CODE_POINT && classes[end] === classes[start]) end++;
    table.fill(start, end, classes[start]);
  }
  return table;
}

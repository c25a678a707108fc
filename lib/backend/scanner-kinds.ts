/** The kinds of characters that the native scanners tell apart (native/include/merganser/text/scanner.hpp), as a two-level table. */

import { CodePointTable } from '../tokenizer/unicode/code-point-table';
import { GENERAL_CATEGORIES, GENERAL_CATEGORY_RUNS } from '../tokenizer/unicode/property-tables';
import { forEachRun } from '../tokenizer/unicode/table-codec';

/** In the order of the enumeration `Kind`; what is in none of these is 0. */
const KINDS: ReadonlyArray<readonly string[]> = [
  ['Lu', 'Lt'],
  ['Ll'],
  ['Lm', 'Lo'],
  ['Mn', 'Mc', 'Me'],
  ['Nd', 'Nl', 'No'],
  ['Zs', 'Zl', 'Zp'],
  ['Pc', 'Pd', 'Ps', 'Pe', 'Pi', 'Pf', 'Po', 'Sm', 'Sc', 'Sk', 'So'],
];
/** The control characters that are white space (White_Space), as all separators are. */
const WHITE_CONTROLS: ReadonlyArray<readonly [start: number, end: number]> = [
  [0x09, 0x0e],
  [0x85, 0x86],
];
const WHITE_SPACE = 6;

export interface ScannerKinds {
  /** For each 256 code points, their page. */
  readonly pages: Uint16Array;
  readonly values: Uint8Array;
}

let kinds: ScannerKinds | undefined;

/** Straight from the runs of the categories: sets of them would take five times as long, and programs that count small texts wait for this. */
export function scannerKinds(): ScannerKinds {
  if (kinds === undefined) {
    const table = new CodePointTable();
    const kindOf = GENERAL_CATEGORIES.map((names) => KINDS.findIndex((members) => members.includes(names.split(' ')[1])) + 1);
    forEachRun(GENERAL_CATEGORY_RUNS, (start, end, category) => {
      if (kindOf[category] !== 0) table.fill(start, end, kindOf[category]);
    });
    for (const [start, end] of WHITE_CONTROLS) table.fill(start, end, WHITE_SPACE);
    kinds = table.levels();
  }
  return kinds;
}

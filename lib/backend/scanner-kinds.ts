/** The kinds of characters that the native scanners tell apart (native/include/merganser/text/scanner.hpp), as a two-level table. */

import { CodePointTable } from '../tokenizer/unicode/code-point-table';
import { unicodeProperty } from '../tokenizer/unicode/properties';

/** In the order of the enumeration `Kind`; what is in none of these is 0. */
const KINDS: ReadonlyArray<readonly string[]> = [['Lu', 'Lt'], ['Ll'], ['Lm', 'Lo'], ['M'], ['N'], ['White_Space'], ['P', 'S']];

export interface ScannerKinds {
  /** For each 256 code points, their page. */
  readonly pages: Uint16Array;
  readonly values: Uint8Array;
}

let kinds: ScannerKinds | undefined;

export function scannerKinds(): ScannerKinds {
  if (kinds === undefined) {
    const table = new CodePointTable();
    KINDS.forEach((properties, i) => {
      for (const property of properties) for (const [start, end] of unicodeProperty(property)!) table.fill(start, end, i + 1);
    });
    kinds = table.levels();
  }
  return kinds;
}

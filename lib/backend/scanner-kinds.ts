/** The kinds of characters that the native scanners tell apart (native/include/merganser/text/scanner.hpp). */
import { GENERAL_CATEGORIES, GENERAL_CATEGORY_RUNS } from '../tokenizer/unicode/property-tables';
import { tableBytes } from '../tokenizer/unicode/table-codec';

/** In the order of the enumeration `Kind`; what is in none of these is 0. White space is what separates, and a few control characters that the addon knows. */
const KINDS: ReadonlyArray<readonly string[]> = [
  ['Lu', 'Lt'],
  ['Ll'],
  ['Lm', 'Lo'],
  ['Mn', 'Mc', 'Me'],
  ['Nd', 'Nl', 'No'],
  ['Zs', 'Zl', 'Zp'],
  ['Pc', 'Pd', 'Ps', 'Pe', 'Pi', 'Pf', 'Po', 'Sm', 'Sc', 'Sk', 'So'],
];

/** As the addon reads them: making a table of all code points in JavaScript takes longer than all else that loading does there. */
export interface ScannerKinds {
  /** Runs of code points: length and category, as varints. */
  readonly runs: Uint8Array;
  /** The kind of each category. */
  readonly kinds: Uint8Array;
}

let kinds: ScannerKinds | undefined;

export function scannerKinds(): ScannerKinds {
  return (kinds ??= {
    runs: tableBytes(GENERAL_CATEGORY_RUNS),
    kinds: Uint8Array.from(
      GENERAL_CATEGORIES,
      (names) => KINDS.findIndex((categories) => categories.some((name) => names.split(' ').includes(name))) + 1,
    ),
  });
}

/**
 * The code points that tests ask about: all that text can hold if MERGANSER_FUZZ_RUNS is set. Else, to be quick, every 61st of the large blocks
 * of ideographs, syllables, private use and nothing, and all others.
 */

import { scalarValues } from '../../../scripts/unicode/oracle';

const UNIFORM_BLOCKS = [
  [0x3400, 0xa000],
  [0xac00, 0xd7a4],
  [0xe000, 0xf900],
  [0x17000, 0x18d00],
  [0x20000, 0x2f800],
  [0x30000, 0xe0000],
  [0xe0200, 0x110000],
] as const;

function isSampled(codePoint: number): boolean {
  return codePoint % 61 === 0 || !UNIFORM_BLOCKS.some(([start, end]) => codePoint > start && codePoint < end - 1);
}

export const SAMPLE: readonly number[] =
  process.env['MERGANSER_FUZZ_RUNS'] === undefined ? [...scalarValues()].filter(isSampled) : [...scalarValues()];

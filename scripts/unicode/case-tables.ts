/** lib/tokenizer/unicode/case-tables.ts: Unicode 16.0's CaseFolding.txt, statuses C, S and F. */

import { readMap } from './unicode-data';
import { encodeMapping, exportString } from './table-writer';

export async function caseTables(): Promise<string> {
  const simple = new Map([...(await readMap<number>('Case_Folding/C')), ...(await readMap<number>('Case_Folding/S'))]);
  const full = await readMap<number[]>('Case_Folding/F');
  return [
    exportString('Simple case folding.', 'SIMPLE_FOLDING', encodeMapping(new Map([...simple].map(([from, to]) => [from, [to]])))),
    exportString('Full case folding where it gives several code points.', 'LONG_FOLDING', encodeMapping(full)),
  ].join('\n');
}

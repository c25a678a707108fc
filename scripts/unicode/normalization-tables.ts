/** lib/tokenizer/unicode/normalization-tables.ts */

import { MAX_CODE_POINT } from '../../lib/tokenizer/unicode/code-point-set';
import type { NormalizationFacts } from './normalization-facts';
import { encodeMapping, encodePartition, exportString } from './table-writer';

export function normalizationTables(facts: NormalizationFacts): string {
  const ranks = new Uint8Array(MAX_CODE_POINT + 1);
  for (const [cp, rank] of facts.classRanks) ranks[cp] = rank;
  return [
    exportString(
      'Partition of all code points by combining class; classes are numbered by their order, 0 is class 0.',
      'COMBINING_CLASSES',
      encodePartition(ranks),
    ),
    exportString('Primary composites: composite, [first, second].', 'COMPOSITIONS', encodeMapping(facts.compositions)),
    exportString(
      'Full canonical decompositions of code points that are not primary composites. Without Hangul.',
      'CANONICAL_DECOMPOSITIONS',
      encodeMapping(facts.canonical),
    ),
    exportString(
      'Full compatibility decompositions where they differ from the canonical ones.',
      'COMPATIBILITY_DECOMPOSITIONS',
      encodeMapping(facts.compatibility),
    ),
  ].join('\n');
}

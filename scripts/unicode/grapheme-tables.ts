/** lib/tokenizer/unicode/grapheme-tables.ts */

import { GraphemeKind } from '../../lib/tokenizer/unicode/grapheme-kind';
import { MAX_CODE_POINT } from '../../lib/tokenizer/unicode/code-point-set';
import { encodePartition, exportString } from './table-writer';
import { readSet } from './unicode-data';

/** Which property makes which kind; later lines override earlier ones. */
const SOURCES: ReadonlyArray<readonly [path: string, kind: GraphemeKind]> = [
  ['Binary_Property/Extended_Pictographic', GraphemeKind.ExtendedPictographic],
  ['Indic_Conjunct_Break/Consonant', GraphemeKind.ConjunctConsonant],
  ['Grapheme_Cluster_Break/CR', GraphemeKind.CR],
  ['Grapheme_Cluster_Break/LF', GraphemeKind.LF],
  ['Grapheme_Cluster_Break/Control', GraphemeKind.Control],
  ['Grapheme_Cluster_Break/Prepend', GraphemeKind.Prepend],
  ['Grapheme_Cluster_Break/Extend', GraphemeKind.Extend],
  ['Indic_Conjunct_Break/Extend', GraphemeKind.ConjunctExtend],
  ['Indic_Conjunct_Break/Linker', GraphemeKind.ConjunctLinker],
  ['Grapheme_Cluster_Break/ZWJ', GraphemeKind.ZWJ],
  ['Grapheme_Cluster_Break/SpacingMark', GraphemeKind.SpacingMark],
  ['Grapheme_Cluster_Break/Regional_Indicator', GraphemeKind.RegionalIndicator],
  ['Grapheme_Cluster_Break/L', GraphemeKind.L],
  ['Grapheme_Cluster_Break/V', GraphemeKind.V],
  ['Grapheme_Cluster_Break/T', GraphemeKind.T],
  ['Grapheme_Cluster_Break/LV', GraphemeKind.LV],
  ['Grapheme_Cluster_Break/LVT', GraphemeKind.LVT],
];

export async function graphemeTables(): Promise<string> {
  const kinds = new Uint8Array(MAX_CODE_POINT + 1).fill(GraphemeKind.Other);
  for (const [path, kind] of SOURCES) {
    for (const [start, end] of await readSet(path, '17.0.0')) kinds.fill(kind, start, end);
  }
  return exportString('Partition of all code points by GraphemeKind, Unicode 17.0.', 'GRAPHEME_KINDS', encodePartition(kinds));
}

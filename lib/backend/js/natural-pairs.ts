import type { BpeSpec } from '../kernels';
import { Merger } from './merge';
import { PairTable } from './pair-table';

/**
 * The merges of a tiktoken model, whose rule is: two neighbours merge if their concatenation is a token, the lowest id first.
 *
 * Two neighbours that merge into t are what BPE makes of t's own text just before its last step: until then nothing merged across their borders, and
 * inside them the same merges were made in the same order. So only one of the many ways to cut t in two ever fires, its natural pair. It is found by
 * running BPE on t's text with the tokens that are shorter than t; those are all that can take part.
 */
export function naturalPairs(spec: BpeSpec): PairTable {
  const { tokenBytes, tokenOffsets, byteIds } = spec;
  const pairs = new PairTable(tokenOffsets.length - 1);
  const merger = new Merger(pairs);
  const byLength = tokensByLength(tokenOffsets);
  const symbols = new Int32Array(byLength.length === 0 ? 0 : tokenLength(tokenOffsets, byLength[byLength.length - 1]));
  for (const id of byLength) {
    const start = tokenOffsets[id];
    const length = tokenLength(tokenOffsets, id);
    if (length < 2) continue;
    let known = true;
    for (let i = 0; i < length; i++) {
      symbols[i] = byteIds[tokenBytes[start + i]];
      if (symbols[i] < 0) known = false;
    }
    if (known && merger.merge(symbols, length) === 2) pairs.set(id, symbols[0], symbols[1], id);
  }
  return pairs;
}

/** All ids, short tokens first, in order of id among equals. */
function tokensByLength(offsets: Uint32Array): Uint32Array {
  const count = offsets.length - 1;
  let longest = 0;
  for (let id = 0; id < count; id++) longest = Math.max(longest, tokenLength(offsets, id));
  const next = new Uint32Array(longest + 2);
  for (let id = 0; id < count; id++) next[tokenLength(offsets, id) + 1]++;
  for (let length = 1; length < next.length; length++) next[length] += next[length - 1];
  const sorted = new Uint32Array(count);
  for (let id = 0; id < count; id++) sorted[next[tokenLength(offsets, id)]++] = id;
  return sorted;
}

function tokenLength(offsets: Uint32Array, id: number): number {
  return offsets[id + 1] - offsets[id];
}

import { Merger } from '../merge';
import { PairTable } from '../pair-table';
import type { WordCells } from './word-cells';

/**
 * Makes merges again that an earlier training made, so that it can be carried on. Word by word, the first merge first, which gives the same as merge by merge
 * over all words where each makes a new token. `merges`: left, right, product, in order. All cells of a token hold its id then.
 */
export function replayMerges({ cells, lengths }: WordCells, merges: Uint32Array): void {
  if (merges.length === 0) return;
  const merger = new Merger(PairTable.fromMerges(merges));
  // The words lie one behind the other, each with a wall before it.
  for (let word = 0, begin = 1; word < lengths.length && lengths[word] > 0; begin += lengths[word++] + 1) {
    const ids = cells.slice(begin, begin + lengths[word]);
    const sizes = new Int32Array(ids.length).fill(1);
    const left = merger.mergeWithLengths(ids, sizes, ids.length);
    for (let i = 0, at = begin; i < left; at += sizes[i++]) cells.fill(ids[i], at, at + sizes[i]);
  }
}

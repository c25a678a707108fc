/** The merges of a model that has ranks instead. */
import { TokenIndex } from '../load/token-index';
import type { TokenTable } from '../token-table';

const NONE = -1;

/**
 * Every pair of tokens whose concatenation is a token, as (left, right, product) ids in order of the product's rank: with them Hugging Face's rule (the
 * pair of lowest rank first) does what tiktoken's does (the pair whose concatenation has the lowest rank).
 */
export function tiktokenMerges(table: TokenTable): Uint32Array {
  const { tokenOffsets } = table;
  const { prefixes, suffixes } = longestParts(table);
  const lengthOf = (id: number) => tokenOffsets[id + 1] - tokenOffsets[id];
  const merges: number[] = [];
  /** Of the token at hand. */
  const prefixOfLength: number[] = [];
  for (let id = 0; id < prefixes.length; id++) {
    const length = lengthOf(id);
    prefixOfLength.length = 0;
    for (let cut = 0; cut < length; cut++) prefixOfLength.push(NONE);
    for (let prefix = prefixes[id]; prefix !== NONE; prefix = prefixes[prefix]) prefixOfLength[lengthOf(prefix)] = prefix;
    for (let suffix = suffixes[id]; suffix !== NONE; suffix = suffixes[suffix]) {
      const prefix = prefixOfLength[length - lengthOf(suffix)];
      if (prefix !== NONE) merges.push(prefix, suffix, id);
    }
  }
  return Uint32Array.from(merges);
}

/**
 * The longest tokens that each token begins and ends with, itself excepted. All others are found from there: the next shorter token at the beginning
 * is the longest at the beginning of the longest.
 */
function longestParts({ tokenBytes, tokenOffsets }: TokenTable): { prefixes: Int32Array; suffixes: Int32Array } {
  const index = TokenIndex.of({ tokenBytes, tokenOffsets });
  const prefixes = new Int32Array(tokenOffsets.length - 1).fill(NONE);
  const suffixes = prefixes.slice();
  for (let id = 0; id < prefixes.length; id++) {
    const start = tokenOffsets[id];
    const end = tokenOffsets[id + 1];
    for (let cut = end - 1; cut > start && prefixes[id] === NONE; cut--) prefixes[id] = index.id(tokenBytes, start, cut);
    for (let cut = start + 1; cut < end && suffixes[id] === NONE; cut++) suffixes[id] = index.id(tokenBytes, cut, end);
  }
  return { prefixes, suffixes };
}

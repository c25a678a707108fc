/** The merges of a model that has ranks instead. */
import type { Vocabulary } from '../vocabulary';

/**
 * Every pair of tokens whose concatenation is a token, in order of the product's rank: with them Hugging Face's rule (the pair of lowest rank first)
 * does what tiktoken's does (the pair whose concatenation has the lowest rank).
 */
export function tiktokenMerges(vocabulary: Vocabulary): Array<[string, string]> {
  const merges: Array<[string, string]> = [];
  for (let id = 0; id < vocabulary.idBound; id++) {
    const token = vocabulary.token(id);
    if (token === undefined) continue;
    // One character of the printable alphabet is one byte and one UTF-16 unit.
    for (let cut = 1; cut < token.length; cut++) {
      const left = token.slice(0, cut);
      const right = token.slice(cut);
      if (vocabulary.id(left) !== undefined && vocabulary.id(right) !== undefined) merges.push([left, right]);
    }
  }
  return merges;
}

/** From the tokens of the start and merges to a vocabulary. */
import { StringVocabulary } from '../tokenizer/vocabulary';

/** All tokens: those of the start, and what merges made of them. */
export function grownVocabulary(start: readonly string[], merges: Uint32Array, prefix = ''): string[] {
  const tokens = [...start];
  for (let i = 0; i < merges.length; i += 3) {
    if (merges[i + 2] < tokens.length) continue;
    const right = tokens[merges[i + 1]];
    tokens.push(tokens[merges[i]] + (prefix !== '' && right.startsWith(prefix) ? right.slice(prefix.length) : right));
  }
  return tokens;
}

export function vocabularyOf(tokens: readonly string[]): StringVocabulary {
  return new StringVocabulary(new Map(tokens.map((token, id) => [token, id])), tokens);
}

/** A pair can be merged again after what it makes was made by another pair too. The reference's model knows the last time only. */
export function lastOfEach(merges: Uint32Array): Uint32Array {
  const last = new Map<number, number>();
  for (let i = 0; i < merges.length; i += 3) last.set(merges[i] * 2 ** 24 + merges[i + 1], i);
  if (last.size * 3 === merges.length) return merges;
  return merges.filter((_, i) => {
    const first = i - (i % 3);
    return last.get(merges[first] * 2 ** 24 + merges[first + 1]) === first;
  });
}

/** From the tokens of the start and merges to a vocabulary. */
import { PackedVocabulary, StringVocabulary, type TokenTable } from '../tokenizer/vocabulary';

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

/** The same without strings, which take longer to make than merges take to find. No token may be empty. */
export function packedVocabulary(start: TokenTable, merges: Uint32Array, prefix: Uint8Array): PackedVocabulary {
  const first = start.tokenOffsets.length - 1;
  const tokenOffsets = new Uint32Array(first + merges.length / 3 + 1);
  tokenOffsets.set(start.tokenOffsets);
  const bytes = new Uint8Array(start.tokenBytes.length + bytesOfProducts(start, merges));
  bytes.set(start.tokenBytes);
  let count = first;
  for (let i = 0; i < merges.length; i += 3) {
    if (merges[i + 2] < count) continue;
    const [left, right] = [merges[i], merges[i + 1]];
    let end = tokenOffsets[count];
    for (let at = tokenOffsets[left]; at < tokenOffsets[left + 1]; at++) bytes[end++] = bytes[at];
    const rest = tokenOffsets[right] + (startsWith(bytes, tokenOffsets[right], tokenOffsets[right + 1], prefix) ? prefix.length : 0);
    for (let at = rest; at < tokenOffsets[right + 1]; at++) bytes[end++] = bytes[at];
    tokenOffsets[++count] = end;
  }
  return new PackedVocabulary({ tokenBytes: bytes.slice(0, tokenOffsets[count]), tokenOffsets: tokenOffsets.slice(0, count + 1) });
}

/** At most, as nothing is taken off. */
function bytesOfProducts({ tokenOffsets }: TokenTable, merges: Uint32Array): number {
  const first = tokenOffsets.length - 1;
  const lengths = new Uint32Array(first + merges.length / 3);
  for (let id = 0; id < first; id++) lengths[id] = tokenOffsets[id + 1] - tokenOffsets[id];
  let sum = 0;
  for (let i = 0, count = first; i < merges.length; i += 3) {
    if (merges[i + 2] < count) continue;
    sum += lengths[count++] = lengths[merges[i]] + lengths[merges[i + 1]];
  }
  return sum;
}

function startsWith(bytes: Uint8Array, from: number, to: number, prefix: Uint8Array): boolean {
  return to - from >= prefix.length && prefix.every((byte, i) => bytes[from + i] === byte);
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

/** Which merges make words whole: those by which the word that is spelt as the product becomes one token. */

const KEY_FACTOR = 2 ** 24;

/**
 * For each merge, 1 if the word that is spelt as its product is one token from then on. That is the merge that makes the token, but for tokens that several
 * merges make: there it is the one that comes last when the word is encoded. `start`: number of tokens that no merge makes.
 */
export function completingMerges(triples: Uint32Array, start: number): Uint8Array {
  const count = triples.length / 3;
  const completes = new Uint8Array(count);
  const makers = new Map<number, number[]>();
  for (let merge = 0; merge < count; merge++) {
    const product = triples[3 * merge + 2];
    const others = makers.get(product);
    if (others === undefined) makers.set(product, [merge]);
    else others.push(merge);
  }
  for (const [product, merges] of makers) {
    const last = merges.length === 1 && product >= start ? merges[0] : lastMerge(product, triples, makers, start);
    if (last >= 0) completes[last] = 1;
  }
  return completes;
}

/** The merge that is made last when the text of a token is encoded, −1 if the token does not come out. */
function lastMerge(token: number, triples: Uint32Array, makers: ReadonlyMap<number, readonly number[]>, start: number): number {
  const ranks = new Map<number, number>();
  for (let merge = triples.length / 3 - 1; merge >= 0; merge--) ranks.set(triples[3 * merge] * KEY_FACTOR + triples[3 * merge + 1], merge);
  const ids = symbolsOf(token, triples, makers, start);
  for (let last = -1; ;) {
    if (ids.length === 1) return ids[0] === token ? last : -1;
    let at = -1;
    let lowest = Infinity;
    for (let i = 0; i + 1 < ids.length; i++) {
      const rank = ranks.get(ids[i] * KEY_FACTOR + ids[i + 1]) ?? Infinity;
      if (rank < lowest) [lowest, at] = [rank, i];
    }
    if (at < 0) return -1;
    ids.splice(at, 2, triples[3 * lowest + 2]);
    last = lowest;
  }
}

/** The characters of a token. */
function symbolsOf(token: number, triples: Uint32Array, makers: ReadonlyMap<number, readonly number[]>, start: number): number[] {
  const [merge] = makers.get(token) ?? [-1];
  if (merge < 0) return [token];
  return [...symbolsOf(triples[3 * merge], triples, makers, start), ...symbolsOf(triples[3 * merge + 1], triples, makers, start)];
}

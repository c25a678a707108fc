import { CACHED_ID_LIMIT, PieceCache } from '../../../lib/backend/js/piece-cache';

const MAX_BYTES = 50_000;
const PIECES = 3_000;

/** Deterministic, different ids for each piece. */
function idsOf(seed: number): Int32Array {
  return Int32Array.from({ length: seed % 7 }, (_, i) => Math.imul(seed + i, 0x9e3779b1) & (CACHED_ID_LIMIT - 1));
}

/** The ids of an entry whose head is words[head]. */
function read(cache: PieceCache, words: Int32Array, head: number): number[] {
  const count = (words[head] >>> 24) & 7;
  const first = words[head] & 0xffffff;
  if (count === 7) return Array.from(cache.overflow.subarray(first + 1, first + 1 + cache.overflow[first]));
  return [first, ...words.subarray(head + 1, head + count)];
}

describe('PieceCache', () => {
  test('gives back what was put in, and stays within its bound', () => {
    const cache = new PieceCache(MAX_BYTES);
    let remembered = 0;
    for (let seed = 1; seed <= PIECES; seed++) {
      const text = new TextEncoder().encode(`${seed}`.padStart(17 + (seed % 200), '·'));
      const ids = idsOf(seed);
      cache.addShort(seed, -seed, seed % 31, ids, ids.length);
      expect(read(cache, cache.short.words, cache.short.find(seed, -seed, seed % 31) + 2)).toEqual(Array.from(ids));
      cache.addMedium(seed, 0, -seed, 1, seed % 31, ids, ids.length);
      expect(read(cache, cache.medium.words, cache.medium.find(seed, 0, -seed, 1, seed % 31) + 4)).toEqual(Array.from(ids));
      if (text.length > 255) continue;
      cache.addLong(text, 0, text.length, text.length & 15, ids, ids.length);
      expect(read(cache, cache.long.words, cache.findLong(text, 0, text.length, text.length & 15) + 2)).toEqual(Array.from(ids));
      expect(cache.bytes).toBeLessThanOrEqual(MAX_BYTES);
      if (cache.short.find(1, -1, 1) >= 0) remembered = seed;
    }
    // It forgot the first piece, but not before it was full.
    expect(remembered).toBeGreaterThan(30);
    expect(remembered).toBeLessThan(PIECES);
  });

  test('tells pieces with equal words apart by their tag', () => {
    const cache = new PieceCache(MAX_BYTES);
    cache.addShort(0, 0, 1, Int32Array.of(5), 1);
    expect(cache.short.find(0, 0, 2)).toBe(-1);
    cache.addShort(0, 0, 2, Int32Array.of(6, 7), 2);
    expect(read(cache, cache.short.words, cache.short.find(0, 0, 1) + 2)).toEqual([5]);
    expect(read(cache, cache.short.words, cache.short.find(0, 0, 2) + 2)).toEqual([6, 7]);
  });
});

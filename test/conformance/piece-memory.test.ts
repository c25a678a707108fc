/** Ids and offsets from `encodeFull` where the text has more different pieces than the model's memory keeps: it forgets, and answers as before. */
import { Tokenizer } from '../../lib/index';
import { TiktokenOracle } from '../oracles/tiktoken';
import { BACKENDS } from './backends';

/** Of which few stand in the memory at a time with `CACHE_BYTES`. */
const WORDS = 80_000;
const CACHE_BYTES = 4 << 20;

/** Different words of letters that no vocabulary holds, none too long to be kept. */
function words(): string[] {
  const letter = (number: number) => String.fromCharCode(0x61 + (number % 26));
  return Array.from(
    { length: WORDS },
    (_, i) => ` q${letter(i)}${letter((i / 26) | 0)}x${letter((i / 676) | 0)}${letter((i / 17_576) | 0)}${'zj'.repeat(i % 12)}`,
  );
}

test.each(BACKENDS)('many different pieces, twice (%s)', async (backend) => {
  const pieces = words();
  expect(new Set(pieces).size).toBe(WORDS);
  const text = pieces.join('');
  const oracle = new TiktokenOracle('cl100k_base');
  const expected = Uint32Array.from(oracle.encodeOrdinary(text));
  oracle.dispose();
  const tokenizer = await Tokenizer.forEncoding('cl100k_base', { backend, cacheBytes: CACHE_BYTES });
  for (let run = 0; run < 2; run++) {
    const { ids, offsets } = tokenizer.encodeFull(text);
    expect(Buffer.compare(Buffer.from(ids.buffer), Buffer.from(expected.buffer))).toBe(0);
    // All bytes belong to one token each, and each token stands for its own bytes.
    const covered = Array.from(ids, (id, i) => tokenizer.decode([id]) === text.slice(offsets[2 * i], offsets[2 * i + 1]));
    expect(covered.indexOf(false)).toBe(-1);
    expect(offsets.at(-1)).toBe(text.length);
  }
  tokenizer.dispose();
});

/** Pieces of random letters, of 200 bytes to 10 KB. */
function longPieces(): string[] {
  let state = 1;
  const random = (bound: number): number => (state = (state * 48_271) % 0x7fffffff) % bound;
  return Array.from({ length: 24 }, (_, i) =>
    Array.from({ length: 200 + random(i % 4 === 0 ? 10_000 : 600) }, () => String.fromCharCode(0x61 + random(26))).join(''),
  );
}

test.each(BACKENDS)('long pieces that come again, of which not all are remembered (%s)', async (backend) => {
  const pieces = longPieces();
  const oracle = new TiktokenOracle('cl100k_base');
  const tokenizer = await Tokenizer.forEncoding('cl100k_base', { backend, cacheBytes: CACHE_BYTES / 4 });
  const expected = pieces.map((piece) => oracle.encodeOrdinary(piece).join());
  oracle.dispose();
  for (const step of [1, 5]) {
    for (let i = 0; i < pieces.length; i++) {
      const at = (step * i) % pieces.length;
      expect(`${at}: ${tokenizer.encode(pieces[at]).join()}`).toBe(`${at}: ${expected[at]}`);
    }
  }
  tokenizer.dispose();
});

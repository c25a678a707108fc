/** Random batches over a small tokenizer, where ties, overlaps and tokens that are made in several ways are frequent. */
import fc from 'fast-check';
import { type DynamicBatch, DynamicTokenizer, type MergeBoundary, type RaggedTokens, Tokenizer } from '../../lib/index';
import { BYTE_CODE_POINTS } from '../../lib/tokenizer/byte-alphabet';
import { BACKENDS } from '../conformance/backends';
import { FUZZ_SEED, fuzzRuns } from '../conformance/fuzz';
import { mergedTexts, MergeOracle } from './merge-oracle';

const SPECIAL = '<|end|>';
const TOKENS = ['a', 'b', 'c', 'ab', 'bc', 'abc', 'Ġ', 'Ġa', 'ĠĠ', 'Ċ', 'ĊĊ', 'ĉ', '.', '-', '1', 'Ã', '©', 'Ã©', "'", "'s", SPECIAL];

const alphabet = Array.from(BYTE_CODE_POINTS, (codePoint) => String.fromCharCode(codePoint));
const tokens = [...new Set([...alphabet, ...TOKENS.filter((token) => token !== SPECIAL)])];
const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true };
const definition = JSON.stringify({
  version: '1.0',
  truncation: null,
  padding: null,
  added_tokens: [
    { id: tokens.length, content: SPECIAL, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true },
  ],
  normalizer: null,
  pre_tokenizer: byteLevel,
  post_processor: null,
  decoder: byteLevel,
  model: { type: 'BPE', vocab: Object.fromEntries(tokens.map((token, id) => [token, id])), merges: [] },
});

const tokenizers = BACKENDS.map((backend) => Tokenizer.fromJSON(definition, { backend }));
const ids = TOKENS.map((token) => tokenizers[0].tokenToId(token)!);

function ragged(sequences: readonly number[][]): RaggedTokens {
  const offsets = new Uint32Array(sequences.length + 1);
  sequences.forEach((sequence, i) => (offsets[i + 1] = offsets[i] + sequence.length));
  return { values: Uint32Array.from(sequences.flat()), offsets };
}

/** Few tokens at a time, so that pairs come again. */
const batches = fc
  .uniqueArray(fc.constantFrom(...ids), { minLength: 1, maxLength: 8 })
  .chain((few) => fc.array(fc.array(fc.constantFrom(...few), { maxLength: 24 }), { maxLength: 6 }))
  .map(ragged);

function plain({ values, offsets, baseStarts, newTokens, merges, mergeOffsets }: DynamicBatch): unknown {
  return [values, offsets, baseStarts, newTokens, merges, mergeOffsets].map((part) => JSON.stringify(part));
}

describe.each<MergeBoundary>(['pretokens', 'word', 'wordHyphen', 'sentence', 'superword'])('random batches, %s', (boundary) => {
  const merging = tokenizers.map((tokenizer) => new DynamicTokenizer(tokenizer, { boundary }));
  const oracle = new MergeOracle(definition, tokenizers[0], true, boundary);
  const limits = fc.record({
    merges: fc.oneof(fc.integer({ min: 0, max: 12 }), fc.constant(1000)),
    minCount: fc.integer({ min: 1, max: 3 }),
    transition: fc.integer({ min: 0, max: 6 }),
  });
  const check = (property: (batch: RaggedTokens, limit: { merges: number; minCount: number; transition: number }) => void): void =>
    fc.assert(fc.property(batches, limits, property), { numRuns: fuzzRuns(300), seed: FUZZ_SEED });

  it("gives what the paper's rules give", () => {
    check((batch, { merges, minCount, transition }) => {
      const superword = boundary === 'superword';
      const expected = oracle.merge(batch, { merges, minCount, ...(superword && { freeAfter: transition }) });
      const results = merging.map((dynamic) => dynamic.mergeSync(batch, { merges, minCount, ...(superword && { transition }) }));
      for (const result of results) expect(mergedTexts(result, oracle)).toEqual(expected);
      for (const result of results) expect(plain(result)).toEqual(plain(results[0]));
    });
  });

  it('merges samples as batches of one', () => {
    check((batch, { merges, minCount }) => {
      for (const dynamic of merging) {
        const together = dynamic.mergeSync(batch, { merges, minCount, perSample: true });
        for (let i = 0; i + 1 < batch.offsets.length; i++) {
          const sample = ragged([Array.from(batch.values.subarray(batch.offsets[i], batch.offsets[i + 1]))]);
          const alone = dynamic.mergeSync(sample, { merges, minCount });
          expect(mergedTexts(together, oracle).sequences[i]).toEqual(mergedTexts(alone, oracle).sequences[0]);
        }
      }
    });
  });

  it('tells which base tokens each token stands for', () => {
    check((batch, { merges }) => {
      for (const dynamic of merging) {
        const merged = dynamic.mergeSync(batch, { merges });
        const texts = mergedTexts(merged, oracle).sequences.flat();
        expect(merged.baseStarts.at(-1)).toBe(batch.values.length);
        texts.forEach((text, i) => {
          const parts = batch.values.subarray(merged.baseStarts[i], merged.baseStarts[i + 1]);
          expect(Array.from(parts, (id) => oracle.token(id).text).join('')).toBe(text);
        });
        for (let i = 0; i < batch.offsets.length; i++) expect(merged.baseStarts[merged.offsets[i]]).toBe(batch.offsets[i]);
      }
    });
  });
});

/** Post-processors, pairs, truncation and padding in all combinations, against Hugging Face. */
import { Tokenizer } from '../../lib/index';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EncodeOptions } from '../../lib/tokenizer/types';
import { HuggingFaceOracle, type OracleEncoding } from '../oracles/hugging-face';
import { describeEachBackend } from './backends';
import { plain } from './compare';
import { definition, PADDINGS, PAIRS, POST_PROCESSORS, TEXTS } from './post-processors';

/** What Python `tokenizers` truncates (scripts/python-oracle/truncation-fixture.ts): the npm release truncates pairs wrongly and loses what overflows. */
const TRUNCATED: { cases: Array<{ processor: string; text: string; options: EncodeOptions; expected: OracleEncoding }> } = JSON.parse(
  readFileSync(join(__dirname, '../fixtures/truncation.json'), 'utf8'),
);

/** The library gives parts of a pair parts of their own, which merely repeat each other; merganser gives one list. */
function withoutNestedOverflow(encoding: OracleEncoding): OracleEncoding {
  return { ...encoding, overflowing: encoding.overflowing.map((part) => ({ ...part, overflowing: [] })) };
}

describeEachBackend('post-processing', (backend) => {
  describe.each(POST_PROCESSORS)('%s', (processor, postProcessor) => {
    const tokenizer = Tokenizer.fromJSON(definition(postProcessor), { backend });
    const oracle = HuggingFaceOracle.fromJson(definition(postProcessor));

    test('singles and pairs, with and without special tokens', async () => {
      for (const text of TEXTS) {
        for (const pair of PAIRS) {
          for (const addSpecialTokens of [true, false]) {
            const options = { addSpecialTokens, ...(pair === undefined ? {} : { pair }) };
            const ours = plain(tokenizer.encodeFull(text, options));
            expect([text, options, ours]).toEqual([text, options, await oracle.encode(text, options)]);
            expect(Array.from(tokenizer.encode(text, options))).toEqual(ours.ids);
            expect(tokenizer.count(text, options)).toBe(ours.ids.length);
          }
        }
      }
    });

    test('truncation by every strategy, stride and direction, with overflow', () => {
      const cases = TRUNCATED.cases.filter((one) => one.processor === processor);
      expect(cases.length).toBeGreaterThan(20);
      for (const { text, options, expected } of cases) {
        const ours = plain(tokenizer.encodeFull(text, options));
        expect([text, options, ours]).toEqual([text, options, withoutNestedOverflow(expected)]);
        expect(Array.from(tokenizer.encode(text, options))).toEqual(ours.ids);
      }
    });

    test('padding', async () => {
      for (const padding of PADDINGS) {
        for (const text of TEXTS) {
          for (const pair of PAIRS.slice(0, 4)) {
            const options = { padding, ...(pair === undefined ? {} : { pair }) };
            const ours = plain(tokenizer.encodeFull(text, options));
            expect([text, options, ours]).toEqual([text, options, await oracle.encode(text, options)]);
            expect(Array.from(tokenizer.encode(text, options))).toEqual(ours.ids);
          }
        }
      }
    });

    test('padding of a batch to its longest', async () => {
      for (const padding of PADDINGS) {
        const expected = await oracle.encodeBatch(TEXTS, { padding });
        expect([padding, tokenizer.encodeFullBatch(TEXTS, { padding }).map(plain)]).toEqual([padding, expected]);
        const batch = tokenizer.encodeBatchSync(TEXTS, { padding });
        expect(TEXTS.map((_, i) => Array.from(batch.values.subarray(batch.offsets[i], batch.offsets[i + 1])))).toEqual(
          expected.map((encoding) => encoding.ids),
        );
      }
    });
  });
});

test('settings in the file are used, overridden, and switched off', async () => {
  const file = {
    ...definition(null),
    truncation: { direction: 'Right', max_length: 3, strategy: 'LongestFirst', stride: 0 },
    padding: { strategy: { Fixed: 5 }, direction: 'Left', pad_to_multiple_of: null, pad_id: 7, pad_type_id: 1, pad_token: '[SEP]' },
  };
  const tokenizer = Tokenizer.fromJSON(file);
  const oracle = HuggingFaceOracle.fromJson(file);
  const { overflowing: _lost, ...ours } = plain(tokenizer.encodeFull('a b c d e'));
  const { overflowing: _theirs, ...theirs } = await oracle.encode('a b c d e');
  expect(ours).toEqual(theirs);
  expect(Array.from(tokenizer.encode('a b c d e'))).toEqual(theirs.ids);
  expect(Array.from(tokenizer.encode('a b c d e', { truncation: false, padding: false }))).toEqual([0, 1, 2, 3, 4]);
  expect(Array.from(tokenizer.encode('a b c d e', { truncation: { maxLength: 4 }, padding: false }))).toEqual([0, 1, 2, 3]);
  expect(Array.from(tokenizer.encode('a', { padding: { length: 2, padId: 6 } }))).toEqual([0, 6]);
});

test.each([
  ['maxLength', { maxLength: -1 }],
  ['maxLength', { maxLength: 1.5 }],
  ['stride', { maxLength: 4, stride: -1 }],
  ['stride', { maxLength: 4, stride: 4 }],
  ['direction', { maxLength: 4, direction: 'up' }],
  ['strategy', { maxLength: 4, strategy: 'random' }],
])('a truncation with a wrong %s is refused: %p', (_name, truncation) => {
  const tokenizer = Tokenizer.fromJSON(definition(null));
  expect(() => tokenizer.encode('a b c d e', { truncation: truncation as never })).toThrow(
    expect.objectContaining({ name: 'MerganserError', code: 'INVALID_ARGUMENT' }),
  );
});

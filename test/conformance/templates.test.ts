/** Post-processors, pairs, truncation and padding in all combinations, against Hugging Face. */
import { Tokenizer } from '../../lib/index';
import type { Padding, Truncation } from '../../lib/tokenizer/types';
import { HuggingFaceOracle } from '../oracles/hugging-face';
import { describeEachBackend } from './backends';
import { plain } from './compare';

const WORDS = ['a', 'b', 'c', 'd', 'e'];

/** One token for each of a few words, special tokens, and the post-processor under test. */
function definition(postProcessor: object | null): object {
  const specials = ['[CLS]', '[SEP]', '[X]'];
  const vocab = Object.fromEntries([...WORDS, ' '].map((word, id) => [word, id]));
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: specials.map((content, i) => ({ id: 6 + i, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true })),
    normalizer: null,
    pre_tokenizer: { type: 'WhitespaceSplit' },
    post_processor: postProcessor,
    decoder: null,
    model: { type: 'BPE', dropout: null, unk_token: null, continuing_subword_prefix: null, end_of_word_suffix: null, fuse_unk: false, byte_fallback: false, ignore_merges: false, vocab, merges: [] },
  };
}

const special = (id: string, type_id: number): object => ({ SpecialToken: { id, type_id } });
const sequence = (id: 'A' | 'B', type_id: number): object => ({ Sequence: { id, type_id } });
const SPECIAL_TOKENS = {
  '[CLS]': { id: '[CLS]', ids: [6], tokens: ['[CLS]'] },
  '[SEP]': { id: '[SEP]', ids: [7], tokens: ['[SEP]'] },
  '[XX]': { id: '[XX]', ids: [8, 8], tokens: ['[X]', '[X]'] },
};

const template = (single: object[], pair: object[]): object => ({ type: 'TemplateProcessing', single, pair, special_tokens: SPECIAL_TOKENS });

const POST_PROCESSORS: ReadonlyArray<readonly [string, object | null]> = [
  ['none', null],
  ['Bert', { type: 'BertProcessing', sep: ['[SEP]', 7], cls: ['[CLS]', 6] }],
  ['Roberta', { type: 'RobertaProcessing', sep: ['[SEP]', 7], cls: ['[CLS]', 6], trim_offsets: true, add_prefix_space: false }],
  ['ByteLevel', { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true }],
  ['a template as BERT has it', template([special('[CLS]', 0), sequence('A', 0), special('[SEP]', 0)], [special('[CLS]', 0), sequence('A', 0), special('[SEP]', 0), sequence('B', 1), special('[SEP]', 1)])],
  ['a template with the sequences exchanged', template([sequence('A', 3), special('[SEP]', 2)], [sequence('B', 1), special('[SEP]', 5), sequence('A', 0)])],
  ['a template of several tokens in one', template([special('[XX]', 0), sequence('A', 0)], [special('[XX]', 0), sequence('A', 0), special('[XX]', 1), sequence('B', 1)])],
  ['a sequence of processors', { type: 'Sequence', processors: [{ type: 'ByteLevel', add_prefix_space: true, trim_offsets: false, use_regex: true }, template([special('[CLS]', 0), sequence('A', 0)], [special('[CLS]', 0), sequence('A', 0), sequence('B', 1)])] }],
];

const TEXTS = ['', 'a', 'a b', 'a b c d e a b c', 'a b c d e e d c b a a b c d e', '[SEP] a', 'a [CLS] b'];
const PAIRS = [undefined, '', 'b', 'e d c', 'a a a a a a a a a'];

const TRUNCATIONS: readonly Truncation[] = [];
for (const maxLength of [5, 6, 8, 12]) {
  for (const stride of [0, 1, 2]) {
    for (const direction of ['right', 'left'] as const) {
      for (const strategy of ['longestFirst', 'onlyFirst', 'onlySecond'] as const) (TRUNCATIONS as Truncation[]).push({ maxLength, stride, direction, strategy });
    }
  }
}

const PADDINGS: readonly Padding[] = [
  { length: 10 },
  { length: 10, direction: 'left' },
  { length: 3, padId: 7, padTypeId: 4, padToken: '[SEP]' },
  { length: 5, multipleOf: 4 },
  { length: 'longest', multipleOf: 8, direction: 'left' },
  { length: 'longest' },
  {},
];

/** An answer, or that there was none: what cannot be truncated as asked is refused by both. */
async function outcome<T>(work: () => T | Promise<T>): Promise<T | 'refused'> {
  try {
    return await work();
  } catch {
    return 'refused';
  }
}

describeEachBackend('post-processing', (backend) => {
  describe.each(POST_PROCESSORS)('%s', (_name, postProcessor) => {
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

    test('truncation by every strategy, stride and direction', async () => {
      for (const truncation of TRUNCATIONS) {
        for (const text of TEXTS) {
          for (const pair of PAIRS) {
            const options = { truncation, ...(pair === undefined ? {} : { pair }) };
            const ours = await outcome(() => plain(tokenizer.encodeFull(text, options)));
            const theirs = await outcome(() => oracle.encode(text, options));
            expect([text, options, ours]).toEqual([text, options, theirs]);
            if (ours !== 'refused') expect(Array.from(tokenizer.encode(text, options))).toEqual(ours.ids);
          }
        }
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

    test('padding of what truncation cut', async () => {
      for (const padding of PADDINGS) {
        const options = { padding, truncation: { maxLength: 6, stride: 1 } };
        for (const text of TEXTS) expect([text, options, plain(tokenizer.encodeFull(text, options))]).toEqual([text, options, await oracle.encode(text, options)]);
      }
    });

    test('padding of a batch to its longest', async () => {
      for (const padding of PADDINGS) {
        const expected = await oracle.encodeBatch(TEXTS, { padding });
        expect([padding, tokenizer.encodeFullBatch(TEXTS, { padding }).map(plain)]).toEqual([padding, expected]);
        const batch = tokenizer.encodeBatchSync(TEXTS, { padding });
        expect(TEXTS.map((_, i) => Array.from(batch.values.subarray(batch.offsets[i], batch.offsets[i + 1])))).toEqual(expected.map((encoding) => encoding.ids));
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
  expect(() => tokenizer.encode('a b c d e', { truncation: truncation as never })).toThrow(expect.objectContaining({ name: 'MerganserError', code: 'INVALID_ARGUMENT' }));
});

/** Tokenizers that differ in their post-processor only, and what to do with them; shared by the test and the script that makes its fixture. */
import type { Padding, Truncation } from '../../lib/tokenizer/types';

const WORDS = ['a', 'b', 'c', 'd', 'e'];

/** One token for each of a few words, special tokens, and the post-processor under test. */
export function definition(postProcessor: object | null): object {
  const specials = ['[CLS]', '[SEP]', '[X]'];
  const vocab = Object.fromEntries([...WORDS, ' '].map((word, id) => [word, id]));
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: specials.map((content, i) => ({
      id: 6 + i,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: null,
    pre_tokenizer: { type: 'WhitespaceSplit' },
    post_processor: postProcessor,
    decoder: null,
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab,
      merges: [],
    },
  };
}

const special = (id: string, type_id: number): object => ({ SpecialToken: { id, type_id } });
const sequence = (id: 'A' | 'B', type_id: number): object => ({ Sequence: { id, type_id } });
const SPECIAL_TOKENS = {
  '[CLS]': { id: '[CLS]', ids: [6], tokens: ['[CLS]'] },
  '[SEP]': { id: '[SEP]', ids: [7], tokens: ['[SEP]'] },
  '[XX]': { id: '[XX]', ids: [8, 8], tokens: ['[X]', '[X]'] },
};

const template = (single: object[], pair: object[]): object => ({
  type: 'TemplateProcessing',
  single,
  pair,
  special_tokens: SPECIAL_TOKENS,
});

export const POST_PROCESSORS: ReadonlyArray<readonly [string, object | null]> = [
  ['none', null],
  ['Bert', { type: 'BertProcessing', sep: ['[SEP]', 7], cls: ['[CLS]', 6] }],
  ['Roberta', { type: 'RobertaProcessing', sep: ['[SEP]', 7], cls: ['[CLS]', 6], trim_offsets: true, add_prefix_space: false }],
  ['ByteLevel', { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true }],
  [
    'a template as BERT has it',
    template(
      [special('[CLS]', 0), sequence('A', 0), special('[SEP]', 0)],
      [special('[CLS]', 0), sequence('A', 0), special('[SEP]', 0), sequence('B', 1), special('[SEP]', 1)],
    ),
  ],
  [
    'a template with the sequences exchanged',
    template([sequence('A', 3), special('[SEP]', 2)], [sequence('B', 1), special('[SEP]', 5), sequence('A', 0)]),
  ],
  [
    'a template of several tokens in one',
    template([special('[XX]', 0), sequence('A', 0)], [special('[XX]', 0), sequence('A', 0), special('[XX]', 1), sequence('B', 1)]),
  ],
  [
    'a sequence of processors',
    {
      type: 'Sequence',
      processors: [
        { type: 'ByteLevel', add_prefix_space: true, trim_offsets: false, use_regex: true },
        template([special('[CLS]', 0), sequence('A', 0)], [special('[CLS]', 0), sequence('A', 0), sequence('B', 1)]),
      ],
    },
  ],
];

export const TEXTS = ['', 'a', 'a b', 'a b c d e a b c', 'a b c d e e d c b a a b c d e', '[SEP] a', 'a [CLS] b'];
export const PAIRS = [undefined, '', 'b', 'e d c', 'a a a a a a a a a'];

export const TRUNCATIONS: readonly Truncation[] = truncations();

function truncations(): Truncation[] {
  const all: Truncation[] = [];
  for (const maxLength of [5, 6, 8, 12]) {
    for (const stride of [0, 1, 2]) {
      for (const direction of ['right', 'left'] as const) {
        for (const strategy of ['longestFirst', 'onlyFirst', 'onlySecond'] as const) all.push({ maxLength, stride, direction, strategy });
      }
    }
  }
  return all;
}

export const PADDINGS: readonly Padding[] = [
  { length: 10 },
  { length: 10, direction: 'left' },
  { length: 3, padId: 7, padTypeId: 4, padToken: '[SEP]' },
  { length: 5, multipleOf: 4 },
  { length: 'longest', multipleOf: 8, direction: 'left' },
  { length: 'longest' },
  {},
];

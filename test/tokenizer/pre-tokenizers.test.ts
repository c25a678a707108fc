import { Tokenizer as HuggingFaceTokenizer } from 'tokenizers';
import { createJsKernels } from '../../lib/backend/js/kernels';
import { cutText } from '../../lib/tokenizer/general-path';
import { createPreTokenizer } from '../../lib/tokenizer/pre-tokenizers/create-pre-tokenizer';
import { decodeUtf8, encodeUtf8 } from '../../lib/tokenizer/utf8';
import { samples } from '../conformance/fuzz';
import { anyText, nastyStrings, wellFormed } from '../oracles/strings';
import { addedToken, definitionOf, expectSameResults, expectSameTokens, generalParts } from './character-tokenizer';

const BEHAVIORS = ['Removed', 'Isolated', 'MergedWithPrevious', 'MergedWithNext', 'Contiguous'];
const LLAMA3 =
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

const split = (pattern: object, behavior: string, invert: boolean): object => ({ type: 'Split', pattern, behavior, invert });
const metaspace = (fields: object): object => ({ type: 'Metaspace', replacement: '\u2581', ...fields });
const byteLevel = (add_prefix_space: boolean, use_regex: boolean): object => ({
  type: 'ByteLevel',
  add_prefix_space,
  trim_offsets: true,
  use_regex,
});
const sequence = (...pretokenizers: object[]): object => ({ type: 'Sequence', pretokenizers });

const PRE_TOKENIZERS: object[] = [
  ...['Whitespace', 'WhitespaceSplit', 'BertPreTokenizer', 'UnicodeScripts', 'Punctuation', 'FixedLength'].map((type) => ({ type })),
  ...BEHAVIORS.map((behavior) => ({ type: 'Punctuation', behavior })),
  ...BEHAVIORS.flatMap((behavior) => [true, false].map((invert) => split({ String: ' ' }, behavior, invert))),
  ...BEHAVIORS.flatMap((behavior) => [true, false].map((invert) => split({ Regex: LLAMA3 }, behavior, invert))),
  ...BEHAVIORS.map((behavior) => split({ Regex: 'a*' }, behavior, false)),
  split({ String: '' }, 'MergedWithNext', false),
  { type: 'Digits', individual_digits: true },
  { type: 'Digits', individual_digits: false },
  { type: 'FixedLength', length: 2 },
  { type: 'CharDelimiterSplit', delimiter: 'é' },
  ...['always', 'first', 'never'].flatMap((prepend_scheme) => [true, false].map((splits) => metaspace({ prepend_scheme, split: splits }))),
  metaspace({ replacement: '_' }),
  metaspace({ add_prefix_space: true }),
  metaspace({ add_prefix_space: false, prepend_scheme: 'never' }),
  ...[true, false].flatMap((prefix) => [true, false].map((regex) => byteLevel(prefix, regex))),
  sequence(),
  sequence(byteLevel(true, true), byteLevel(true, true)),
  sequence({ type: 'WhitespaceSplit' }, metaspace({ prepend_scheme: 'first' })),
  sequence({ type: 'Punctuation' }, metaspace({ prepend_scheme: 'always' })),
  sequence({ type: 'UnicodeScripts' }, sequence({ type: 'Digits', individual_digits: true }, byteLevel(true, false))),
  sequence(split({ Regex: '\\p{N}{1,3}' }, 'Isolated', false), split({ Regex: '[一-龥]+' }, 'Isolated', false), byteLevel(false, false)),
];

const TEXTS = [...nastyStrings(), ...samples(anyText([' \u2581', 'アー漢 ', 'é']), 80)];

describe.each(PRE_TOKENIZERS.map((definition): [string, object] => [JSON.stringify(definition).slice(0, 120), definition]))(
  '%s',
  (_name, definition) => {
    test('places and words as Hugging Face', () => expectSameTokens(definitionOf({ preTokenizer: definition }), TEXTS));

    test('places and words between added tokens as Hugging Face', () =>
      expectSameTokens(
        definitionOf({
          normalizer: { type: 'NFKC' },
          preTokenizer: definition,
          addedTokens: [addedToken('<s>'), addedToken('a', { rstrip: true })],
        }),
        TEXTS.filter((_, i) => i % 3 === 0),
      ));

    test('pieces as Hugging Face', () => {
      const json = definitionOf({ preTokenizer: definition });
      const oracle = HuggingFaceTokenizer.fromString(JSON.stringify(json)).getPreTokenizer()!;
      const parts = {
        ...generalParts(json),
        preTokenizer: createPreTokenizer(definition, { kernels: createJsKernels(), rawBytes: false }),
      };
      const nonEmpty = TEXTS.map(wellFormed).filter((text) => text !== '');
      expectSameResults(nonEmpty, (text) => {
        const { pieces } = cutText(parts, encodeUtf8(text), { full: true, actions: null });
        const { bounds } = pieces;
        const strings = Array.from({ length: bounds.length / 2 }, (_, i) =>
          decodeUtf8(pieces.text.bytes.subarray(bounds[2 * i], bounds[2 * i + 1])),
        );
        return [{ strings }, { strings: oracle.preTokenizeString(text).map(([piece]) => piece) }];
      });
    });
  },
);

describe('definitions', () => {
  const context = { kernels: createJsKernels(), rawBytes: false };

  test.each([
    ['an unknown type', { type: 'Syllables' }, 'UNSUPPORTED'],
    ['a ByteLevel without its fields', { type: 'ByteLevel', add_prefix_space: true }, 'INVALID_TOKENIZER'],
    ['a behaviour that is none', split({ String: ' ' }, 'isolated', false), 'INVALID_TOKENIZER'],
    ['a split without invert', { type: 'Split', pattern: { String: ' ' }, behavior: 'Isolated' }, 'INVALID_TOKENIZER'],
    ['a pattern that is none', split({ Regex: '[a' }, 'Isolated', false), 'INVALID_PATTERN'],
    ['a delimiter of two characters', { type: 'CharDelimiterSplit', delimiter: 'ab' }, 'INVALID_TOKENIZER'],
    ['a length of nothing', { type: 'FixedLength', length: 0 }, 'INVALID_TOKENIZER'],
    ['a prepend scheme that is none', metaspace({ prepend_scheme: 'last' }), 'INVALID_TOKENIZER'],
    [
      'prefix space and scheme that contradict each other',
      metaspace({ add_prefix_space: false, prepend_scheme: 'always' }),
      'INVALID_TOKENIZER',
    ],
    ['an unknown step', sequence({ type: 'Syllables' }), 'UNSUPPORTED'],
  ])('refuses %s', (_name, definition, code) => {
    expect(() => createPreTokenizer(definition, context)).toThrow(expect.objectContaining({ code }));
  });
});

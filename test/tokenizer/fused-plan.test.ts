/** The fused path, where there is one, gives the ids of the general path, whatever the tokenizer. */
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import type { Kernels } from '../../lib/backend/kernels';
import { selectKernels } from '../../lib/backend/select';
import { planEncoding } from '../../lib/tokenizer/fused-plan';
import { encodeGeneral } from '../../lib/tokenizer/general-path';
import { readTokenizerJson } from '../../lib/tokenizer/load/tokenizer-json';
import { encodeUtf8 } from '../../lib/tokenizer/utf8';
import { BACKENDS } from '../conformance/backends';
import { samples } from '../conformance/fuzz';
import { byteLevelTokenizer, characterTokenizer, randomAlphabetText, type RandomTokenizer } from '../oracles/random-tokenizers';
import { realTokenizerPath } from '../oracles/real-tokenizers';
import { anyText, nastyStrings, wellFormed } from '../oracles/strings';
import { addedToken, definitionOf, generalParts } from './character-tokenizer';

const TIMEOUT = 120_000;

/** Compares both paths; false if the tokenizer has only the general one. */
function expectSamePaths(json: object, texts: readonly string[], kernels: Kernels): boolean {
  const { model, fused } = planEncoding(readTokenizerJson(json));
  if (fused === null) return false;
  const encoder = kernels.createEncoder({ ...fused, model, cacheBytes: 1 << 20 });
  const parts = generalParts(json);
  for (const text of texts.map(wellFormed)) {
    const bytes = encodeUtf8(text);
    const expected = { text, ids: [...encodeGeneral(parts, bytes, { full: false, actions: null }).ids] };
    expect({ text, ids: [...kernels.encode(encoder, bytes, { actions: null })] }).toEqual(expected);
  }
  kernels.dispose(encoder);
  return true;
}

describe.each(BACKENDS)('both paths agree (%s)', (backend) => {
  const kernels = selectKernels(backend);
  const bounded = fc.oneof(randomAlphabetText, anyText(['\u2581', ' \u2581', '<x>'], 6));

  test.each<[string, fc.Arbitrary<RandomTokenizer>]>([
    ['random byte-level tokenizers', byteLevelTokenizer],
    ['random character tokenizers', characterTokenizer],
  ])(
    '%s',
    (_name, arbitrary) => {
      const texts = samples(bounded, 60);
      const fusedCount = samples(arbitrary, 120).filter((json) => expectSamePaths(json, texts, kernels)).length;
      expect(fusedCount).toBeGreaterThan(0);
    },
    TIMEOUT,
  );

  const alphabet = Object.fromEntries(
    [...'ab \u2581é1.x', '<unk>', '\u2581a', ' a', '\u2581\u2581', 'a ', '<0x20>', '<0xE2>', '<0x96>', '<0x81>'].map((token, id) => [
      token,
      id,
    ]),
  );
  const merges = [
    ['\u2581', 'a'],
    [' ', 'a'],
    ['\u2581', '\u2581'],
    ['a', ' '],
  ];
  const replace = { type: 'Replace', pattern: { String: ' ' }, content: '\u2581' };
  const split = { type: 'Split', pattern: { String: ' ' }, behavior: 'MergedWithPrevious', invert: false };
  const sequence = (...pretokenizers: object[]): object => ({ type: 'Sequence', pretokenizers });

  test.each<[string, object | null, object | null]>([
    ['Prepend and Replace', { type: 'Sequence', normalizers: [{ type: 'Prepend', prepend: '\u2581' }, replace] }, null],
    ['Prepend of a space and Replace', { type: 'Sequence', normalizers: [{ type: 'Prepend', prepend: ' ' }, replace] }, null],
    ['NFC and Replace', { type: 'Sequence', normalizers: [{ type: 'NFC' }, replace] }, split],
    [
      'Replace, then splits that know U+2581',
      replace,
      sequence(split, { ...split, pattern: { String: '\u2581' } }, { type: 'Digits', individual_digits: true }, { type: 'Punctuation' }),
    ],
    ...['always', 'first', 'never'].map((prepend_scheme): [string, null, object] => [
      `Metaspace ${prepend_scheme}`,
      null,
      { type: 'Metaspace', replacement: '\u2581', prepend_scheme, split: prepend_scheme !== 'first' },
    ]),
    [
      'splits without spaces replaced',
      null,
      sequence({ type: 'Whitespace' }, { type: 'Digits', individual_digits: false }, { type: 'FixedLength', length: 2 }),
    ],
    ['BertPreTokenizer', { type: 'NFC' }, { type: 'BertPreTokenizer' }],
    ['delimiters', null, sequence({ type: 'CharDelimiterSplit', delimiter: '.' }, { type: 'WhitespaceSplit' })],
  ])('%s', (_name, normalizer, pre_tokenizer) => {
    const added_tokens = [
      addedToken('<s>', { special: true }),
      addedToken('\u2581x', { lstrip: true }),
      addedToken('b b', { single_word: true, rstrip: true }),
    ].map((token, i) => ({ id: Object.keys(alphabet).length + i, ...token }));
    for (const byte_fallback of [true, false]) {
      const model = { type: 'BPE', vocab: alphabet, merges, unk_token: '<unk>', fuse_unk: true, byte_fallback };
      const json = { ...definitionOf({}), normalizer, pre_tokenizer, added_tokens, model };
      const texts = [
        ...nastyStrings(['<s>', '\u2581x', 'b b']),
        ...samples(anyText(['a a', '<s> a', '<s>\u2581', 'b b ', ' \u2581x']), 60),
      ];
      expect(expectSamePaths(json, texts, kernels)).toBe(true);
    }
  });
});

describe('what is fused', () => {
  const fused = (parts: object): boolean => planEncoding(readTokenizerJson({ ...definitionOf({}), ...parts })).fused !== null;
  const replace = { type: 'Replace', pattern: { String: ' ' }, content: '\u2581' };
  const token = (content: string, flags = {}): object => ({ id: content.codePointAt(content.length - 1), ...addedToken(content, flags) });

  test.each([
    ['an empty sequence', { normalizer: { type: 'Sequence', normalizers: [] } }, true],
    ['another normalizer', { normalizer: { type: 'NFKC' } }, false],
    ['a normalizer behind Replace', { normalizer: { type: 'Sequence', normalizers: [replace, { type: 'NFC' }] } }, false],
    ['U+2581 put before text whose spaces stay', { normalizer: { type: 'Prepend', prepend: '\u2581' } }, false],
    ['Replace by something else', { normalizer: { ...replace, content: '_' } }, false],
    [
      'a pattern in text whose spaces were replaced',
      { normalizer: replace, pre_tokenizer: { type: 'Split', pattern: { Regex: '\\s' }, behavior: 'Isolated', invert: false } },
      false,
    ],
    [
      'an inverted split at spaces that were replaced',
      { normalizer: replace, pre_tokenizer: { type: 'Split', pattern: { String: ' ' }, behavior: 'Removed', invert: true } },
      false,
    ],
    ['Metaspace with another character', { pre_tokenizer: { type: 'Metaspace', replacement: '_', prepend_scheme: 'never' } }, false],
    [
      'Metaspace behind a split',
      { pre_tokenizer: { type: 'Sequence', pretokenizers: [{ type: 'WhitespaceSplit' }, { type: 'Metaspace', replacement: '\u2581' }] } },
      false,
    ],
    ['UnicodeScripts', { pre_tokenizer: { type: 'UnicodeScripts' } }, false],
    [
      'a split behind ByteLevel',
      {
        pre_tokenizer: {
          type: 'Sequence',
          pretokenizers: [{ type: 'ByteLevel', add_prefix_space: false, trim_offsets: true }, { type: 'Punctuation' }],
        },
      },
      true,
    ],
    [
      'a prefix space for each piece',
      {
        pre_tokenizer: {
          type: 'Sequence',
          pretokenizers: [{ type: 'Punctuation' }, { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true }],
        },
      },
      false,
    ],
    ['normalized tokens with a normalizer', { normalizer: { type: 'NFC' }, added_tokens: [token('<s>', { normalized: true })] }, false],
    ['normalized tokens without one', { added_tokens: [token('<s>', { normalized: true })] }, true],
    ['both kinds of tokens, apart', { added_tokens: [token('<s>'), token('[x]', { normalized: true })] }, true],
    ['a late token that runs into an early one', { added_tokens: [token('<s>'), token('x<', { normalized: true })] }, false],
    ['a late token that holds an early one', { added_tokens: [token('<s>'), token('x<s>y', { normalized: true })] }, false],
    ['a late token that begins with an early one', { added_tokens: [token('<s>'), token('<s>y', { normalized: true })] }, false],
    ['a late token that an early one begins with', { added_tokens: [token('<s>'), token('<', { normalized: true })] }, true],
    ['both kinds of tokens, with flags', { added_tokens: [token('<s>', { lstrip: true }), token('[x]', { normalized: true })] }, false],
  ])('%s', (_name, parts, expected) => expect(fused(parts)).toBe(expected));

  test('spaces are not exchanged where U+2581 falls back to its bytes', () => {
    const model = (vocab: object): object => ({
      type: 'BPE',
      unk_token: '<unk>',
      byte_fallback: true,
      vocab: { '<unk>': 0, '<0xE2>': 1, '<0x96>': 2, '<0x81>': 3, '<0x20>': 4, ...vocab },
      merges: [],
    });
    expect(fused({ normalizer: replace, model: model({}) })).toBe(false);
    expect(fused({ normalizer: replace, model: model({ '\u2581': 5 }) })).toBe(true);
  });
});

/** Real tokenizers are compared in full in test/conformance; here it is enough that they are fused, the ones that should be. */
test.each([
  ['gpt2', true],
  ['llama2', true],
  ['gemma3', true],
  ['deepseek_v3', true],
  ['claude', false],
])('%s', (name, expected) => {
  expect(planEncoding(readTokenizerJson(readFileSync(realTokenizerPath(name), 'utf8'))).fused !== null).toBe(expected);
});

import { createJsKernels } from '../../lib/backend/js/kernels';
import { createNormalizer } from '../../lib/tokenizer/normalizers/create-normalizer';
import { samples } from '../conformance/fuzz';
import { anyText, nastyStrings } from '../oracles/strings';
import { addedToken, definitionOf, expectSameNormalization, expectSameTokens } from './character-tokenizer';
import { buildCharsmap } from './charsmap-builder';

const CHARSMAP = buildCharsmap({
  '\t': ' ',
  '\u00a0': ' ',
  '\u200b': '',
  '\u3000': ' ',
  ﬁ: 'fi',
  '①': '1',
  é: 'e\u0301',
  'e\u0301': 'é',
  Å: 'Å',
  '\u0344': '\u0308\u0301',
  '\u0301': '',
  가: '\u1100\u1161',
  ｱ: 'ア',
  '\u1112\u1161': '하',
  '🙂': ':-)',
  a: 'α',
  ab: 'αβγ',
  '\r\n': '\n',
  '\u{1d400}': 'A',
  '…': '...',
});

const bert = (clean_text: boolean, handle_chinese_chars: boolean, strip_accents: boolean | null, lowercase: boolean): object => ({
  type: 'BertNormalizer',
  clean_text,
  handle_chinese_chars,
  strip_accents,
  lowercase,
});
const replace = (pattern: object, content: string): object => ({ type: 'Replace', pattern, content });
const sequence = (...normalizers: object[]): object => ({ type: 'Sequence', normalizers });

const NORMALIZERS: object[] = [
  ...['NFC', 'NFD', 'NFKC', 'NFKD', 'Lowercase', 'StripAccents', 'Nmt', 'ByteLevel'].map((type) => ({ type })),
  { type: 'Strip', strip_left: true, strip_right: false },
  { type: 'Strip', strip_left: false, strip_right: true },
  { type: 'Strip', strip_left: true, strip_right: true },
  { type: 'Prepend', prepend: '\u2581é' },
  replace({ String: ' ' }, '\u2581'),
  replace({ String: 'aa' }, ''),
  replace({ String: '' }, '-'),
  replace({ Regex: '\\s+' }, ' '),
  replace({ Regex: '(?<=a)' }, '!?'),
  replace({ Regex: '\\p{M}+' }, ''),
  replace({ Regex: 'a*' }, '\u2581'),
  { type: 'Precompiled', precompiled_charsmap: CHARSMAP },
  bert(true, true, null, true),
  bert(true, false, true, false),
  bert(false, true, false, true),
  bert(false, false, null, false),
  sequence(),
  sequence({ type: 'Prepend', prepend: '\u2581' }, replace({ String: ' ' }, '\u2581')),
  sequence({ type: 'NFKD' }, { type: 'StripAccents' }, { type: 'Lowercase' }, replace({ Regex: ' {2,}' }, ' '), {
    type: 'Strip',
    strip_left: true,
    strip_right: true,
  }),
  sequence({ type: 'Precompiled', precompiled_charsmap: CHARSMAP }, { type: 'NFD' }, sequence({ type: 'Nmt' }, { type: 'ByteLevel' })),
  sequence({ type: 'Strip', strip_left: true, strip_right: true }, replace({ String: '' }, '-')),
  sequence({ type: 'Prepend', prepend: 'e\u0301' }, { type: 'NFC' }, { type: 'NFKD' }, { type: 'NFC' }),
];

const TEXTS = [...nastyStrings(), ...samples(anyText(['e\u0301', '\u200b', '\u0344', 'ﬁ', '①\u0301', 'ab']), 100)];

describe.each(NORMALIZERS.map((definition): [string, object] => [JSON.stringify(definition).slice(0, 100), definition]))(
  '%s',
  (_name, definition) => {
    test('normalizes as Hugging Face', () => expectSameNormalization(definition, TEXTS));
    test('aligns as Hugging Face', () => expectSameTokens(definitionOf({ normalizer: definition }), TEXTS));
    test('aligns stretches between added tokens as Hugging Face', () =>
      expectSameTokens(
        definitionOf({ normalizer: definition, addedTokens: [addedToken('<s>', { special: true }), addedToken('a')] }),
        TEXTS,
      ));
  },
);

describe('definitions', () => {
  const context = { kernels: createJsKernels() };

  test.each([
    ['an unknown type', { type: 'Reverse' }, 'UNSUPPORTED'],
    ['no type', { strip_left: true, strip_right: true }, 'INVALID_TOKENIZER'],
    ['a missing field', { type: 'Strip', strip_left: true }, 'INVALID_TOKENIZER'],
    ['a field of another type', { type: 'Prepend', prepend: 3 }, 'INVALID_TOKENIZER'],
    ['a bare pattern', replace('a' as never, 'b'), 'INVALID_TOKENIZER'],
    ['two patterns', replace({ String: 'a', Regex: 'a' }, 'b'), 'INVALID_TOKENIZER'],
    ['a pattern that is none', replace({ Regex: '(' }, 'b'), 'INVALID_PATTERN'],
    ['a sequence without steps', { type: 'Sequence' }, 'INVALID_TOKENIZER'],
    ['a sequence of other things', { type: 'Sequence', normalizers: ['NFC'] }, 'INVALID_TOKENIZER'],
    ['an unknown step', sequence({ type: 'NFC' }, { type: 'Reverse' }), 'UNSUPPORTED'],
    ['a map that is not base64', { type: 'Precompiled', precompiled_charsmap: '%%%' }, 'INVALID_TOKENIZER'],
    ['an empty map', { type: 'Precompiled', precompiled_charsmap: '' }, 'INVALID_TOKENIZER'],
    ['a map shorter than its trie', { type: 'Precompiled', precompiled_charsmap: CHARSMAP.slice(0, 40) }, 'INVALID_TOKENIZER'],
  ])('refuses %s', (_name, definition, code) => {
    expect(() => createNormalizer(definition, context)).toThrow(expect.objectContaining({ code }));
  });

  test('names an unknown type and its place', () => {
    expect(() => createNormalizer(sequence({ type: 'NFC' }, { type: 'Reverse' }), context)).toThrow(/"Reverse".*normalizers\[1\]/);
  });

  test('none is none', () => expect(createNormalizer(null, context)).toBeNull());
});

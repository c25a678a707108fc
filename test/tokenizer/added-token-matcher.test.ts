import fc from 'fast-check';
import { AddedTokenAction, DisallowedAddedToken } from '../../lib/backend/kernels';
import { AddedTokenMatcher } from '../../lib/tokenizer/added-token-matcher';
import { encodeGeneral } from '../../lib/tokenizer/general-path';
import type { AddedToken } from '../../lib/tokenizer/types';
import { encodeUtf8 } from '../../lib/tokenizer/utf8';
import { samples } from '../conformance/fuzz';
import { addedToken, definitionOf, expectSameTokens, generalParts } from './character-tokenizer';

const ALPHABET = [...'aaab<>', ' ', '\u3000', 'é', 'E', '_', '🙂', 'e\u0301'];
const TIMEOUT = 60_000;

/** Tokens begin and end with something visible: the library cannot tell overlapping white space apart and panics. */
const content = fc.string({ unit: fc.constantFrom(...'aab<>', 'é', 'E', '_', '🙂'), minLength: 1, maxLength: 4 });
const flags = fc.record({
  special: fc.boolean(),
  single_word: fc.boolean(),
  lstrip: fc.boolean(),
  rstrip: fc.boolean(),
  normalized: fc.boolean(),
});
/** Contents that differ in case or composition would be the same once normalized, and the library would pick any of them. */
const tokens = fc.uniqueArray(fc.record({ content, flags }), {
  maxLength: 6,
  selector: (token) => token.content.normalize('NFKD').toLowerCase(),
});
const normalizer = fc.constantFrom<object | undefined>(
  undefined,
  { type: 'Lowercase' },
  { type: 'NFD' },
  { type: 'Prepend', prepend: '\u2581' },
  { type: 'Sequence', normalizers: [{ type: 'NFKC' }, { type: 'Replace', pattern: { String: ' ' }, content: '\u2581' }] },
);
const texts = fc.array(fc.string({ unit: fc.constantFrom(...ALPHABET), maxLength: 30 }), { minLength: 12, maxLength: 12 });

test(
  'random tokens with random flags are found as Hugging Face finds them',
  async () => {
    for (const sample of samples(fc.record({ tokens, normalizer, texts }), 250)) {
      const parts = {
        ...(sample.normalizer && { normalizer: sample.normalizer }),
        addedTokens: sample.tokens.map((token) => addedToken(token.content, token.flags)),
      };
      const inserted = sample.texts.map((text, i) => text + (sample.tokens[i % Math.max(1, sample.tokens.length)]?.content ?? '') + text);
      await expectSameTokens(definitionOf(parts), [...sample.texts, ...inserted]);
    }
  },
  TIMEOUT,
);

test('white space that a token takes along is found again by tokens of white space', () =>
  expectSameTokens(definitionOf({ addedTokens: [addedToken('<a>', { rstrip: true }), addedToken(' '), addedToken('   b')] }), [
    'x<a>   b',
    '<a> ',
    '<a>  \u3000 x',
    '  <a>  <a>',
    'a   b<a>    b',
  ]));

test('a discarded match hides what it holds', () =>
  expectSameTokens(definitionOf({ addedTokens: [addedToken('ab', { single_word: true }), addedToken('b')] }), [
    'xab ab abab b',
    'ab',
    'éab',
    'ab_',
    'ab\u0301',
    'ab🙂',
  ]));

describe('actions', () => {
  const json = definitionOf({ addedTokens: [addedToken('<a>', { special: true }), addedToken('<a>b'), addedToken('>')] });
  const parts = generalParts(json);
  const ids = (text: string, actions: number[]): number[] => [
    ...encodeGeneral(parts, encodeUtf8(text), { full: false, actions: Uint8Array.from(actions) }).ids,
  ];
  const { Text, Token, Refuse } = AddedTokenAction;

  test('all recognised', () => expect(ids('x<a>b<a>', [Token, Token, Token])).toEqual([0, 2, 1]));
  test('a token that is ordinary text is as if it did not exist', () => {
    const without = generalParts(definitionOf({ addedTokens: [addedToken('<a>', { special: true }), { ...addedToken('>'), id: 2 }] }));
    const expected = [...encodeGeneral(without, encodeUtf8('x<a>b<a>'), { full: false, actions: null }).ids].map((id) =>
      id === 2 ? 3 : id,
    );
    expect(ids('x<a>b<a>', [Token, Text, Token])).toEqual(expected);
    expect(ids('x<a>b<a>', [Text, Text, Text])).toHaveLength(8);
  });
  test('a refused token stops, wherever it stands', () => {
    expect(() => ids('xé<a>b', [Refuse, Token, Token])).toThrow(expect.objectContaining({ index: 0, offset: 3 }));
    expect(() => ids('<a>', [Token, Token, Refuse])).toThrow(DisallowedAddedToken);
    expect(ids('<a', [Refuse, Refuse, Refuse])).toEqual([0, 0]);
  });
});

describe('normalized contents', () => {
  const token = (id: number, contentOfToken: string): AddedToken => ({
    id,
    content: contentOfToken,
    special: false,
    singleWord: false,
    lstrip: false,
    rstrip: false,
    normalized: true,
  });

  test('are those that differ from the contents', () => {
    const { normalizer: lowercase } = generalParts(definitionOf({ normalizer: { type: 'Lowercase' } }));
    expect([...new AddedTokenMatcher([token(5, 'Ab'), token(6, 'c')], lowercase).normalizedContents]).toEqual([[5, 'ab']]);
  });

  test('must not be empty', () => {
    const { normalizer: strip } = generalParts(definitionOf({ normalizer: { type: 'Strip', strip_left: true, strip_right: true } }));
    expect(() => new AddedTokenMatcher([token(5, '  ')], strip)).toThrow(expect.objectContaining({ code: 'UNSUPPORTED' }));
  });
});

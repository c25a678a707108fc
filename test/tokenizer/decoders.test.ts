/** Decoders, alone and in sequences, against Hugging Face: at once and as streams. */
import fc from 'fast-check';
import { Tokenizer } from '../../lib/index';
import { samples } from '../conformance/fuzz';
import { HuggingFaceOracle } from '../oracles/hugging-face';

const TOKENS = [
  ...[
    'a',
    'b',
    '▁',
    '▁a',
    'b▁',
    '▁▁',
    ' ',
    ' a',
    '  ',
    '##a',
    '##',
    'x</w>',
    '</w>',
    '</w></w>',
    'a.',
    ' .',
    " n't",
    ' do not',
    "'s",
    '|',
    '<pad>',
    'a|b',
    '<pad>a',
  ],
  ...[
    '<0x41>',
    '<0xC3>',
    '<0xA9>',
    '<0xe4>',
    '<0xBD>',
    '<0xA0>',
    '<0xF0>',
    '<0xZZ>',
    '<0x4>',
    '<0x+A>',
    '<0x041>',
    'Ġa',
    'Ã',
    '©',
    'Ċ',
    'é',
    '你',
    '😀',
    'ð',
    'Ł',
    'ĺ',
    'Ģ',
    '<',
    '0x41>',
    '<0x',
  ],
];

const REPLACES = [
  { pattern: { String: '▁' }, content: ' ' },
  { pattern: { String: 'a' }, content: '' },
  { pattern: { String: ' a' }, content: 'aa' },
  { pattern: { String: '</w>' }, content: '$&' },
  { pattern: { Regex: '[ab]+' }, content: '_' },
  { pattern: { Regex: '\\s' }, content: '' },
];

const decoder = fc.oneof(
  fc.constant({ type: 'ByteFallback' }),
  fc.constant({ type: 'Fuse' }),
  fc.constant({ type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true }),
  fc.constantFrom(...REPLACES).map((replace) => ({ type: 'Replace', ...replace })),
  // Hugging Face panics where more is to be stripped from the end than there is.
  fc.record({ type: fc.constant('Strip'), content: fc.constantFrom(' ', 'a', '▁'), start: fc.nat(3), stop: fc.constant(0) }),
  fc
    .constantFrom('always', 'first', 'never')
    .map((prepend_scheme) => ({ type: 'Metaspace', replacement: '▁', prepend_scheme, split: true })),
  fc.boolean().map((cleanup) => ({ type: 'WordPiece', prefix: '##', cleanup })),
  fc.constantFrom('</w>', 'a').map((suffix) => ({ type: 'BPEDecoder', suffix })),
  fc.boolean().map((cleanup) => ({ type: 'CTC', pad_token: '<pad>', word_delimiter_token: '|', cleanup })),
);

const LLAMA = {
  type: 'Sequence',
  decoders: [
    { type: 'Replace', pattern: { String: '▁' }, content: ' ' },
    { type: 'ByteFallback' },
    { type: 'Fuse' },
    { type: 'Strip', content: ' ', start: 1, stop: 0 },
  ],
};

const decoders = fc.oneof(
  fc.constant(null),
  fc.constant(LLAMA),
  decoder,
  fc.array(decoder, { minLength: 1, maxLength: 4 }).map((list) => ({ type: 'Sequence', decoders: list })),
);

function definitionWith(json: object | null): object {
  const vocab = Object.fromEntries(TOKENS.map((token, id) => [token, id]));
  const added = [{ id: 0, content: 'a', single_word: false, lstrip: false, rstrip: false, normalized: false, special: true }];
  return {
    version: '1.0',
    added_tokens: added,
    normalizer: null,
    pre_tokenizer: null,
    post_processor: null,
    decoder: json,
    model: { type: 'BPE', vocab, merges: [] },
  };
}

test('any decoders and any ids', async () => {
  // The library panics on nothing at all with BPEDecoder.
  const sequences = samples(fc.array(fc.nat(TOKENS.length - 1), { minLength: 1, maxLength: 9 }), 40);
  for (const json of samples(decoders, 60)) {
    const tokenizer = Tokenizer.fromJSON(definitionWith(json), { backend: 'js' });
    const oracle = HuggingFaceOracle.fromJson(definitionWith(json));
    for (const skipSpecialTokens of [true, false]) {
      const some = sequences.filter((ids) => !skipSpecialTokens || ids.some((id) => id !== 0));
      const expected = await oracle.decodeBatch(some, skipSpecialTokens);
      expect([json, tokenizer.decodeBatch(some, { skipSpecialTokens })]).toEqual([json, expected]);
      const streamed = some.map((ids) => {
        const stream = tokenizer.decodeStream({ skipSpecialTokens });
        return ids.map((id) => stream.push(id)).join('') + stream.flush();
      });
      expect([json, streamed]).toEqual([json, expected]);
    }
  }
}, 60_000);

test('no ids', () => {
  for (const json of samples(decoders, 60)) expect(Tokenizer.fromJSON(definitionWith(json), { backend: 'js' }).decode([])).toBe('');
});

test('a stream gives text as soon as it is certain', () => {
  const tokenizer = Tokenizer.fromJSON(definitionWith(LLAMA), { backend: 'js' });
  const stream = tokenizer.decodeStream({ skipSpecialTokens: false });
  const push = (token: string): string => stream.push(tokenizer.tokenToId(token)!);
  expect([push('▁a'), push('b'), push('<0xC3>'), push('<0xA9>'), push('b▁')]).toEqual(['a', 'b', '', '', 'éb ']);
  expect([push('<0xC3>'), stream.flush()]).toEqual(['', '\ufffd']);
});

test('ids that are no token are left out, as in Hugging Face', async () => {
  const ids = [1, 5000, 4_294_967_295, 2];
  expect(Tokenizer.fromJSON(definitionWith(LLAMA), { backend: 'js' }).decode(ids)).toBe(
    await HuggingFaceOracle.fromJson(definitionWith(LLAMA)).decode(ids),
  );
});

test.each([
  ['an unknown type', { type: 'Rot13' }, 'UNSUPPORTED'],
  ['no type', {}, 'UNSUPPORTED'],
  ['a missing field', { type: 'WordPiece', prefix: '##' }, 'INVALID_TOKENIZER'],
  ['a wrong field', { type: 'Strip', content: 'ab', start: 1, stop: 0 }, 'INVALID_TOKENIZER'],
  ['a negative number', { type: 'Strip', content: 'a', start: -1, stop: 0 }, 'INVALID_TOKENIZER'],
  ['a broken pattern', { type: 'Replace', pattern: { Regex: '(' }, content: '' }, 'INVALID_PATTERN'],
  ['a fault in a sequence', { type: 'Sequence', decoders: [{ type: 'Fuse' }, { type: 'CTC' }] }, 'INVALID_TOKENIZER'],
])('refused: %s', (_, json, code) => {
  expect(() => Tokenizer.fromJSON(definitionWith(json), { backend: 'js' })).toThrow(
    expect.objectContaining({ name: 'MerganserError', code }),
  );
});

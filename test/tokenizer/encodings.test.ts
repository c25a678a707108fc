/** Names of encodings and models, against npm `tiktoken`. */
import { get_encoding_name_for_model, type TiktokenModel } from 'tiktoken';
import { encodingNameForModel, knownEncoding } from '../../lib/tokenizer/encodings';
import { readTiktokenRanks } from '../oracles/tiktoken';
import { TIKTOKEN_ENCODINGS } from '../oracles/real-tokenizers';

const MODELS = [
  ...[
    'gpt-4o',
    'gpt-4o-2024-05-13',
    'gpt-4',
    'gpt-4-0314',
    'gpt-4-32k',
    'gpt-3.5-turbo',
    'gpt-3.5-turbo-0301',
    'text-embedding-ada-002',
    'text-embedding-3-large',
  ],
  ...[
    'text-davinci-003',
    'text-davinci-002',
    'text-davinci-001',
    'davinci',
    'ada',
    'code-davinci-002',
    'code-cushman-001',
    'text-davinci-edit-001',
    'gpt2',
  ],
  ...['text-similarity-ada-001', 'text-search-curie-doc-001', 'code-search-ada-code-001', 'o1', 'o3-mini', 'gpt-4.1', 'gpt-5'],
];

test.each(MODELS)('the encoding of %s', (model) => {
  expect(encodingNameForModel(model)).toBe(get_encoding_name_for_model(model as TiktokenModel));
});

test.each([
  // tiktoken 0.14 (Python), tiktoken/model.py; npm `tiktoken` does not know these.
  ['gpt-oss-120b', 'o200k_harmony'],
  ['ft:gpt-4o:org', 'o200k_base'],
  ['ft:gpt-4:org', 'cl100k_base'],
  ['ft:davinci-002', 'cl100k_base'],
  ['chatgpt-4o-latest', 'o200k_base'],
  ['gpt-35-turbo-16k', 'cl100k_base'],
])('the encoding of %s is %s', (model, encoding) => {
  expect(encodingNameForModel(model)).toBe(encoding);
});

test.each(['gpt-6', '', 'GPT-4O', 'toString', '__proto__'])('%j is no model', (model) => {
  expect(() => encodingNameForModel(model)).toThrow(expect.objectContaining({ code: 'UNKNOWN_MODEL' }));
});

test.each(['cl100k', '', 'toString', '__proto__', undefined])('%j is no encoding', (name) => {
  expect(() => knownEncoding(name as string)).toThrow(expect.objectContaining({ code: 'UNKNOWN_MODEL' }));
});

test.each(TIKTOKEN_ENCODINGS)('special tokens of %s', (encoding) => {
  expect(new Map(knownEncoding(encoding).specialTokens)).toEqual(new Map(Object.entries(readTiktokenRanks(encoding).specialTokens)));
});

test('o200k_harmony has 1,091 special tokens, two of them with one id', () => {
  const { specialTokens } = knownEncoding('o200k_harmony');
  expect(specialTokens.length).toBe(1091);
  expect(specialTokens.filter(([, id]) => id === 200018).map(([content]) => content)).toEqual(['<|endofprompt|>', '<|reserved_200018|>']);
  expect(new Map(specialTokens).get('<|message|>')).toBe(200008);
});

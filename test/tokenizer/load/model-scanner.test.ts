/** The fast reader of vocabularies and merges gives what reading the parsed JSON gives, and leaves everything odd to it. */
import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import type { TokenizerDefinition } from '../../../lib/tokenizer/definition';
import { selectKernels } from '../../../lib/backend/select';
import { scanTokenizerJson } from '../../../lib/tokenizer/load/model-scanner';
import { readTokenizerJson } from '../../../lib/tokenizer/load/tokenizer-json';
import { describeEachBackend } from '../../conformance/backends';
import { realTokenizerPath } from '../../oracles/real-tokenizers';

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Arrays of the addon are of another realm than Jest's. */
function plain(value: unknown): unknown {
  return ArrayBuffer.isView(value) ? Array.from(value as Uint32Array) : value;
}

/** What is left of a definition when its ways of storing it are taken away. */
function contents({ model, addedTokens }: TokenizerDefinition): object {
  const { vocabulary } = model;
  const tokens = Array.from({ length: vocabulary.idBound + 1 }, (_, id) => vocabulary.token(id));
  const ids = tokens.map((token) => (token === undefined ? undefined : vocabulary.id(token)));
  const known = tokens.map((_, id) => vocabulary.has(id));
  return {
    size: vocabulary.size,
    idBound: vocabulary.idBound,
    tokens,
    ids,
    known,
    merges: plain(model.merges),
    spec: Object.fromEntries(Object.entries(model.spec).map(([name, value]) => [name, plain(value)])),
    input: model.input,
    added: addedTokens.list,
  };
}

const MODEL = {
  type: 'BPE',
  unk_token: null,
  vocab: { a: 0, b: 1, '"': 2, '\\': 3, '\n': 4, é: 5, '😀': 6, ab: 7, '"\\': 8, 'é😀': 9, ' ': 10, abab: 12, __proto__x: 13 },
  merges: [
    ['a', 'b'],
    ['"', '\\'],
    ['é', '😀'],
    ['ab', 'ab'],
    ['a', 'b'],
  ],
};
const FILE = { version: '1.0', added_tokens: [], normalizer: null, pre_tokenizer: null, post_processor: null, decoder: null, model: MODEL };

describeEachBackend('the reader of models', (backend) => {
  const kernels = selectKernels(backend);

  function expectSameAsParsed(text: string): void {
    expect(contents(readTokenizerJson(bytes(text), undefined, kernels))).toEqual(contents(readTokenizerJson(JSON.parse(text) as object)));
  }

  test.each([backend === 'native' ? 'llama2' : 'gpt2'])(
    '%s',
    (name) => {
      const file = readFileSync(realTokenizerPath(name));
      expect(scanTokenizerJson(file, kernels)).not.toBeNull();
      const parsed = JSON.parse(file.toString('utf8')) as object;
      // Jest's own comparison takes minutes for vocabularies.
      expect(isDeepStrictEqual(contents(readTokenizerJson(file, undefined, kernels)), contents(readTokenizerJson(parsed)))).toBe(true);
    },
    60_000,
  );

  test.each([
    ['compact', JSON.stringify(FILE)],
    ['spread over lines', JSON.stringify(FILE, null, 2)],
    ['merges as strings', JSON.stringify({ ...FILE, model: { ...MODEL, merges: ['a b', '" \\', 'é 😀', 'ab ab'] } })],
    [
      'merges before the vocabulary',
      JSON.stringify({ ...FILE, model: { merges: MODEL.merges, unk_token: null, vocab: MODEL.vocab, type: 'BPE' } }),
    ],
    ['the model first', JSON.stringify({ model: MODEL, version: '1.0', added_tokens: [] })],
    ['escapes that need not be', JSON.stringify(FILE).replace('"ab":7', '"\\u0061b":7').replace('["a","b"]', '["\\u0061","\\u0062"]')],
    [
      'every kind of escape',
      JSON.stringify({ ...FILE, model: { ...MODEL, vocab: { ...MODEL.vocab, ESCAPES: 14 } } }).replace(
        'ESCAPES',
        '\\"\\\\\\/\\b\\f\\n\\r\\t\\u0000\\u00e9\\u20AC\\uD83D\\ude00x',
      ),
    ],
    ['no merges', JSON.stringify({ ...FILE, model: { ...MODEL, merges: [] } })],
    ['an empty prefix', JSON.stringify({ ...FILE, model: { continuing_subword_prefix: '', ...MODEL } })],
    [
      '"merges" and "vocab" as tokens',
      JSON.stringify({ ...FILE, model: { ...MODEL, vocab: { ...MODEL.vocab, vocab: 14, merges: 15, '"merges": [': 16 } } }),
    ],
  ])('%s', (_, text) => {
    expect(scanTokenizerJson(bytes(text), kernels)).not.toBeNull();
    expectSameAsParsed(text);
  });

  test.each([
    ['a prefix', JSON.stringify({ ...FILE, model: { ...MODEL, merges: [], continuing_subword_prefix: '##' } })],
    ['an empty token', JSON.stringify({ ...FILE, model: { ...MODEL, vocab: { ...MODEL.vocab, '': 14 } } })],
    ['ids far apart', JSON.stringify({ ...FILE, model: { ...MODEL, vocab: { ...MODEL.vocab, z: 1_000_000 } } })],
    ['a version line', JSON.stringify({ ...FILE, model: { ...MODEL, merges: ['#version: 0.2', 'a b'] } })],
    ['a token that stands twice', JSON.stringify(FILE).replace('"ab":7', '"ab":11,"ab":7')],
  ])('left to the other reader: %s', (_, text) => {
    expect(scanTokenizerJson(bytes(text), kernels)).toBeNull();
    expectSameAsParsed(text);
  });

  test.each([
    ['an id twice', JSON.stringify(FILE).replace('"ab":7', '"ab":1')],
    ['a fraction', JSON.stringify(FILE).replace('"ab":7', '"ab":7.5')],
    ['an exponent', JSON.stringify(FILE).replace('"ab":7', '"ab":7e3000')],
    ['a leading zero', JSON.stringify(FILE).replace('"ab":7', '"ab":07')],
    ['a negative id', JSON.stringify(FILE).replace('"ab":7', '"ab":-7')],
    ['a string for an id', JSON.stringify(FILE).replace('"ab":7', '"ab":"7"')],
    ['a lone surrogate', JSON.stringify(FILE).replace('"ab":7', '"\\ud800":7')],
    ['a control character', JSON.stringify(FILE).replace('"ab":7', '"a\u0001b":7')],
    ['a comma at the end', JSON.stringify(FILE).replace('"ab":7', '"ab":7,').replace(',,', ',').replace('}', ',}')],
    ['a merge of unknown tokens', JSON.stringify(FILE).replace('["a","b"]', '["a","zz"]')],
    ['a merge without product', JSON.stringify(FILE).replace('["a","b"]', '["b","a"]')],
    ['a merge of three', JSON.stringify(FILE).replace('["a","b"]', '["a","b","a"]')],
    ['half a surrogate pair', JSON.stringify(FILE).replace('"ab":7', '"\\udc00\\ud83d":7')],
    ['an escape that is none', JSON.stringify(FILE).replace('"ab":7', '"a\\x":7')],
    ['a file that stops within an escape', JSON.stringify(FILE).replace(/"ab":7.*/s, '"a\\u00')],
    ['a file that stops within a number', JSON.stringify(FILE).replace(/"ab":7.*/s, '"ab":7')],
    ['a file that stops', JSON.stringify(FILE).slice(0, -30)],
    ['text behind the end', `${JSON.stringify(FILE)} x`],
  ])('refused: %s', (_, text) => {
    expect(scanTokenizerJson(bytes(text), kernels)).toBeNull();
    expect(() => readTokenizerJson(bytes(text), undefined, kernels)).toThrow(expect.objectContaining({ name: 'MerganserError' }));
  });
});

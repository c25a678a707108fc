/** Added tokens with all their flags, in files and at run time, and thousands of them, against Hugging Face. */
import fc from 'fast-check';
import { Tokenizer } from '../../lib/index';
import { HuggingFaceOracle } from '../oracles/hugging-face';
import { realTokenizerPath } from '../oracles/real-tokenizers';
import { anyText } from '../oracles/strings';
import { BACKENDS, describeEachBackend } from './backends';
import { expectSame, memoized, plain } from './compare';
import { samples } from './fuzz';

const CONTENTS = [
  '<x>',
  '<xy>',
  'xy',
  '<',
  'new york',
  ' lead',
  'trail ',
  'é',
  'É',
  '你好',
  '👍',
  '_',
  'a1',
  '\n',
  '  ',
  '▁x',
  "'s",
  'e\u0301',
  'ſ',
  '<|endoftext|>',
  '<s>',
];

const newToken = fc.record({
  content: fc.constantFrom(...CONTENTS),
  special: fc.boolean(),
  singleWord: fc.boolean(),
  lstrip: fc.boolean(),
  rstrip: fc.boolean(),
  normalized: fc.boolean(),
});

const tokenSets = fc.uniqueArray(newToken, { minLength: 1, maxLength: 6, selector: (token) => token.content });

/** Texts in which the contents stand alone, together, inside words and between white space of all kinds. */
const texts = fc.oneof(
  fc
    .array(fc.constantFrom(...CONTENTS, ' ', '  ', '\t', '\u00a0', '\u3000', 'a', 'Z', '1', '_', '.', '\u0301', '<', '>', '\u2581'), {
      maxLength: 14,
      size: 'max',
    })
    .map((parts) => parts.join('')),
  anyText(CONTENTS),
);

/** Sets of tokens to add to a model: fewer where the oracle reads a large file anew for each. */
const MODELS = [
  { name: 'gpt2', sets: 6 },
  { name: 'claude', sets: 6 },
  { name: 'llama2', sets: 4 },
  { name: 'llama3', sets: 3 },
  { name: 'qwen3', sets: 3 },
  { name: 'gemma', sets: 2 },
] as const;

test.each(MODELS)('added at run time to $name', async ({ name, sets }) => {
  const json = realTokenizerPath(name);
  const models = await Promise.all(BACKENDS.map((backend) => Tokenizer.fromFile(json, { backend })));
  const compiled = models.map((model) => model.compile());
  for (const [i, tokens] of samples(tokenSets, 6).slice(-sets).entries()) {
    const oracle = HuggingFaceOracle.fromFile(json);
    const added = oracle.addTokens(tokens);
    const some = samples(texts, 60).slice(0, 60 + i);
    const encodings = memoized((all: readonly string[]) => oracle.encodeBatch(all));
    const ids = memoized((all: readonly string[]) => oracle.encodeBatchIds(all));
    const decoded = memoized(async (all: readonly string[]) => oracle.decodeBatch(await oracle.encodeBatchIds(all)));
    for (const [b, backend] of BACKENDS.entries()) {
      const tokenizer = i === 0 ? models[b] : Tokenizer.fromCompiled(compiled[b], { backend });
      expect([backend, tokens, tokenizer.addTokens(tokens)]).toEqual([backend, tokens, added]);
      for (const { content } of tokens) expect([content, tokenizer.tokenToId(content)]).toEqual([content, oracle.tokenToId(content)]);
      try {
        await expectSame(some, { ours: (text) => plain(tokenizer.encodeFull(text)), theirs: encodings });
        await expectSame(some, { ours: (text) => Array.from(tokenizer.encode(text)), theirs: ids });
        await expectSame(some, { ours: (text) => tokenizer.decode(tokenizer.encode(text)), theirs: decoded });
      } catch (error) {
        throw new Error(`${backend}, with ${JSON.stringify(tokens)}: ${String(error)}`);
      }
      tokenizer.dispose();
    }
  }
});

describeEachBackend('added tokens', (backend) => {
  test('thousands of added tokens', async () => {
    const tokenizer = await Tokenizer.fromFile(realTokenizerPath('gpt2'), { backend });
    const oracle = HuggingFaceOracle.fromFile(realTokenizerPath('gpt2'));
    const tokens = Array.from({ length: 5000 }, (_, i) => ({
      content: `<extra_${i.toString(7)}>`,
      special: i % 2 === 0,
      rstrip: i % 3 === 0,
      lstrip: i % 5 === 0,
      singleWord: i % 11 === 0,
    }));
    expect(tokenizer.addTokens(tokens)).toBe(oracle.addTokens(tokens));
    const fragments = tokens.filter((_, i) => i % 97 === 0).map((token) => token.content);
    await expectSame(samples(anyText(fragments), 200), {
      ours: (text) => plain(tokenizer.encodeFull(text)),
      theirs: (all) => oracle.encodeBatch(all),
    });
    expect(tokenizer.vocabSize).toBe(oracle.getVocabSize());
    tokenizer.dispose();
  });

  test('allowedSpecial: tokens that are not allowed are text, those that are not special are always found', async () => {
    const name = 'llama3';
    const tokenizer = await Tokenizer.fromFile(realTokenizerPath(name), { backend });
    tokenizer.addTokens(['plain_added']);
    const text = '<|begin_of_text|>plain_added<|end_of_text|>';
    const [begin, end, added] = ['<|begin_of_text|>', '<|end_of_text|>', 'plain_added'].map((token) => tokenizer.tokenToId(token)!);
    const encode = (allowedSpecial: 'all' | 'none' | Set<string> | string[]): number[] =>
      Array.from(tokenizer.encode(text, { allowedSpecial, addSpecialTokens: false }));
    expect(encode('all')).toEqual([begin, added, end]);
    const none = encode('none');
    expect(none.filter((id) => id === begin || id === end)).toEqual([]);
    expect(none.filter((id) => id === added)).toEqual([added]);
    expect(tokenizer.decode(none)).toBe(text);
    for (const one of [new Set(['<|end_of_text|>']), ['<|end_of_text|>']]) {
      const ids = encode(one);
      expect(ids.at(-1)).toBe(end);
      expect(ids).not.toContain(begin);
    }
    expect(Array.from(tokenizer.encodeFull(text, { allowedSpecial: 'none', addSpecialTokens: false }).ids)).toEqual(none);
    expect(tokenizer.count(text, { allowedSpecial: 'none', addSpecialTokens: false })).toBe(none.length);
    tokenizer.dispose();
  });

  test('addTokens says how many are new, and takes strings', async () => {
    const tokenizer = await Tokenizer.fromFile(realTokenizerPath('gpt2'), { backend });
    const size = tokenizer.vocabSize;
    expect(tokenizer.addTokens(['brand_new', 'brand_new', 'hello'])).toBe(
      HuggingFaceOracle.fromFile(realTokenizerPath('gpt2')).addTokens([
        { content: 'brand_new' },
        { content: 'brand_new' },
        { content: 'hello' },
      ]),
    );
    expect(tokenizer.vocabSize).toBe(size + 1);
    expect(tokenizer.addSpecialTokens(['<sp>'])).toBe(1);
    expect(tokenizer.decode(tokenizer.encode('a<sp>b'))).toBe('ab');
    expect(tokenizer.decode(tokenizer.encode('a<sp>b'), { skipSpecialTokens: false })).toBe('a<sp>b');
    tokenizer.dispose();
  });
});

/** What `save` writes: Hugging Face loads it and does what it did with the original. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Tokenizer } from '../../lib/index';
import { HuggingFaceOracle } from '../oracles/hugging-face';
import { byteLevelTokenizer, characterTokenizer, randomAlphabetText } from '../oracles/random-tokenizers';
import { realTokenizerPath } from '../oracles/real-tokenizers';
import { nastyStrings } from '../oracles/strings';
import { expectSame, plain } from './compare';
import { samples } from './fuzz';
import { TEXT_SAMPLES } from './texts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'merganser-save-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

test.each(['gpt2', 'llama3', 'qwen3', 'deepseek_v3', 'claude', 'llama2', 'yi'])('%s', async (name) => {
  const path = join(folder, `${name}.json`);
  const tokenizer = await Tokenizer.fromFile(realTokenizerPath(name));
  await tokenizer.save(path);
  const original = HuggingFaceOracle.fromFile(realTokenizerPath(name));
  const saved = HuggingFaceOracle.fromFile(path);
  const reloaded = await Tokenizer.fromFile(path);
  const texts = [
    ...TEXT_SAMPLES.map((sample) => sample.text),
    ...nastyStrings(tokenizer.addedTokens.slice(0, 4).map((token) => token.content)),
  ];
  const expected = await original.encodeBatch(texts);
  expect(await saved.encodeBatch(texts)).toEqual(expected);
  await expectSame(texts, { ours: (text) => plain(reloaded.encodeFull(text)), theirs: (some) => original.encodeBatch(some) });
  const ids = expected.map((encoding) => encoding.ids);
  expect(await saved.decodeBatch(ids, false)).toEqual(await original.decodeBatch(ids, false));
  expect(saved.getVocabSize()).toBe(original.getVocabSize());
  tokenizer.dispose();
  reloaded.dispose();
});

test('random tokenizers', async () => {
  for (const arbitrary of [byteLevelTokenizer, characterTokenizer]) {
    for (const definition of samples(arbitrary, 60)) {
      const saved = JSON.stringify(Tokenizer.fromJSON(definition).toJSON());
      const texts = samples(randomAlphabetText, 8);
      const expected = await HuggingFaceOracle.fromJson(definition).encodeBatch(texts);
      expect([definition, await HuggingFaceOracle.fromJson(saved).encodeBatch(texts)]).toEqual([definition, expected]);
    }
  }
});

test.each(['gpt2', 'cl100k_base', 'o200k_base'])(
  'the tiktoken encoding %s becomes a tokenizer.json with the same ids',
  async (encoding) => {
    const path = join(folder, `${encoding}.json`);
    const tokenizer = await Tokenizer.forEncoding(encoding);
    await tokenizer.save(path);
    const saved = HuggingFaceOracle.fromFile(path);
    const texts = [...TEXT_SAMPLES.map((sample) => sample.text), ...nastyStrings(tokenizer.addedTokens.map((token) => token.content))];
    await expectSame(texts, {
      ours: (text) => Array.from(tokenizer.encode(text, { allowedSpecial: 'all' })),
      theirs: (some) => saved.encodeBatchIds(some),
    });
  },
);

test('tokens added at run time are saved', async () => {
  const path = join(folder, 'added.json');
  const tokenizer = await Tokenizer.fromFile(realTokenizerPath('gpt2'));
  const oracle = HuggingFaceOracle.fromFile(realTokenizerPath('gpt2'));
  const tokens = [
    { content: '<new>', special: true },
    { content: 'wörd', singleWord: true },
    { content: '<l>', lstrip: true },
    { content: '<r>', rstrip: true },
  ];
  expect(tokenizer.addTokens(tokens)).toBe(oracle.addTokens(tokens));
  await tokenizer.save(path, { pretty: true });
  const saved = HuggingFaceOracle.fromFile(path);
  const texts = ['a<new>b', 'wörd', 'awörd wörd', ' <l> x', 'x <r>  y', '<new><l><r>wörd'];
  expect(await saved.encodeBatch(texts)).toEqual(await oracle.encodeBatch(texts));
});

test('nothing but the file is left behind, and a failure leaves nothing', async () => {
  const tokenizer = await Tokenizer.forEncoding('gpt2');
  const own = mkdtempSync(join(folder, 'own-'));
  await tokenizer.save(join(own, 'a.json'));
  await tokenizer.save(join(own, 'a.json'));
  expect(readdirSync(own)).toEqual(['a.json']);
  await expect(tokenizer.save(join(own, 'missing', 'b.json'))).rejects.toMatchObject({ name: 'MerganserError' });
  expect(readdirSync(own)).toEqual(['a.json']);
});

/**
 * Pieces of characters of two and three bytes. The native backend merges them from whole characters on where nothing else can come of it, once so much of such
 * text has come that it is worth to find out where; the first text here is long enough for that. Random tokenizers, whose merges are in no natural order, are in
 * random-tokenizers.test.ts.
 */
import fc from 'fast-check';
import { Tokenizer } from '../../lib/index';
import { HuggingFaceOracle } from '../oracles/hugging-face';
import { realTokenizerPath } from '../oracles/real-tokenizers';
import { BACKENDS } from './backends';
import { codeLike } from './code-like';
import { expectSame } from './compare';
import { describeRealTokenizers } from './real-tokenizers';
import { samples } from './fuzz';

/** Chinese, so that 65 thousand bytes of it are new pieces. */
const PREPARING = Array.from(
  { length: 22_000 },
  (_, i) => String.fromCharCode(0x4e00 + ((i * 7919) % 20_000)) + (i % 3 === 0 ? ' ' : ''),
).join('');

const character = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...'的一是不了在人有我他这中大来上国，。、「」！的移动框约束点击按サーバーの設定をします') },
  { weight: 3, arbitrary: fc.constantFrom(...'ежатьностеприввстиçğışöüéàêقدشناเดกำंािक्यর데이트 ') },
  { weight: 1, arbitrary: fc.integer({ min: 0x80, max: 0xd7ff }).map((c) => String.fromCharCode(c)) },
  { weight: 1, arbitrary: fc.constantFrom(' ', 'a', 'er', '1', '-', '\n', '😀') },
);
const text = fc.array(character, { maxLength: 40 }).map((characters) => characters.join(''));

describeRealTokenizers(['gpt4', 'llama3', 'deepseek_v3'], () => samples(text, 150), PREPARING);

/** Gemma 3's runs of newlines and of tabs, which are added tokens up to 31; and text like code. */
describe('runs of newlines and tabs', () => {
  const length = fc.oneof(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 70 }));
  const run = fc.tuple(fc.constantFrom('\n', '\t'), length).map(([character, times]) => character.repeat(times));
  const between = fc.constantFrom('', ' ', 'a', ' b', '.', '<h1>', '\r', '\t', '的', '▁▁', '<eos>');
  const lines = fc.array(fc.tuple(run, between), { maxLength: 12 }).map((parts) => parts.flat().join(''));

  test.each(BACKENDS)('%s', async (backend) => {
    const oracle = HuggingFaceOracle.fromFile(realTokenizerPath('gemma3'));
    const tokenizer = await Tokenizer.fromFile(realTokenizerPath('gemma3'), { backend });
    await expectSame([...samples(lines, 150), ...samples(codeLike, 60)], {
      ours: (some) => tokenizer.encode(some),
      theirs: (some) => oracle.encodeBatchIds(some),
    });
    tokenizer.dispose();
  });
});

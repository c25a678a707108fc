/**
 * Runs of Chinese, Japanese and Korean among other letters: the native scanners take them by ranges and cut them up where no token reaches
 * across, which must never show.
 */
import fc from 'fast-check';
import { Tokenizer } from '../../lib/index';
import { HuggingFaceOracle } from '../oracles/hugging-face';
import { realTokenizerPath } from '../oracles/real-tokenizers';
import { TiktokenOracle } from '../oracles/tiktoken';
import { BACKENDS } from './backends';
import { expectSame } from './compare';
import { samples } from './fuzz';

const WIDE = [
  '中',
  '文',
  '的',
  '一',
  '鿿',
  '一',
  '倀',
  '亿',
  'の',
  'カ',
  'ー',
  '々',
  '한',
  '글',
  'ꯀ',
  '뀀',
  '쿿',
  '퀀',
  '豈',
  'ﬀ',
  'ㄅ',
  'ꀀ',
];
/** Tokens of Llama 3 that its merges do not reach: they come up only where a whole piece is spelt so. */
const UNREACHABLE = ['しない', 'ーカー', 'ーション', '데이트', '토토', ' 스타', '되었습니다', '中文字幕', '오후'];
const OTHERS = [
  'A',
  'B',
  'a',
  'b',
  'é',
  'Я',
  'я',
  'ҁ',
  '҂',
  'ǅ',
  'ʰ',
  'ª',
  'ก',
  'ำ',
  '\u0301',
  '\u3099',
  '𠀀',
  '𝒜',
  '1',
  '²',
  '٣',
  '。',
  '「',
  '!',
  "'",
  "'s",
  "'LL",
  ' ',
  '\n',
  '\u3000',
  '/',
];

const text = fc
  .array(
    fc.oneof(
      { weight: 1, arbitrary: fc.constantFrom(...UNREACHABLE) },
      { weight: 3, arbitrary: fc.constantFrom(...WIDE) },
      { weight: 2, arbitrary: fc.constantFrom(...OTHERS) },
    ),
    {
      maxLength: 120,
    },
  )
  .map((characters) => characters.join(''));
const texts = [...samples(text, 600), ...WIDE.map((letter) => letter.repeat(100)), [...WIDE, ...OTHERS].join('').repeat(4), ...UNREACHABLE];

describe.each(['gpt2', 'cl100k_base', 'o200k_base'] as const)('%s', (encoding) => {
  test.each(BACKENDS)('%s', async (backend) => {
    const oracle = new TiktokenOracle(encoding);
    const tokenizer = await Tokenizer.forEncoding(encoding, { backend });
    await expectSame(texts, {
      ours: (some) => tokenizer.encode(some, { allowedSpecial: 'none' }),
      theirs: (some) => some.map((one) => oracle.encodeOrdinary(one)),
    });
    oracle.dispose();
    tokenizer.dispose();
  });
});

describe.each(['llama3', 'qwen3', 'mistral_nemo', 'deepseek_v3', 'gemma3'])('%s', (name) => {
  test.each(BACKENDS)('%s', async (backend) => {
    const oracle = HuggingFaceOracle.fromFile(realTokenizerPath(name));
    const tokenizer = await Tokenizer.fromFile(realTokenizerPath(name), { backend });
    await expectSame(texts, { ours: (some) => tokenizer.encode(some), theirs: (some) => oracle.encodeBatchIds(some) });
    tokenizer.dispose();
  });
});

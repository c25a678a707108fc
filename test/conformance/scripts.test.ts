/**
 * Scripts that the native scanners know by their bytes (native/include/merganser/text/script_masks.hpp), every character of them and the neighbours, and runs of
 * Chinese, Japanese and Korean among other letters, which are cut up where no token reaches across: neither must ever show.
 */
import fc from 'fast-check';
import { Tokenizer } from '../../lib/index';
import { TiktokenOracle } from '../oracles/tiktoken';
import { BACKENDS } from './backends';
import { expectSame } from './compare';
import { describeRealTokenizers } from './real-tokenizers';
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
/** First and last characters of the blocks, with a few beyond. */
const BLOCKS = [
  [0x80, 0x250],
  [0x3f0, 0x4c0],
  [0x8f0, 0x9a0],
  [0x2fe0, 0x3130],
  [0x4df0, 0x4e10],
  [0x8ff0, 0x9010],
  [0x9f70, 0xa010],
  [0xabe0, 0xac20],
  [0xbff0, 0xc010],
  [0xd760, 0xd800],
] as const;
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
  '(',
  '.',
  '×',
  '÷',
  'İ',
  'ı',
  'ş',
  'Ş',
  'Ÿ',
  'ŉ',
  'ß',
  'Ü',
  'Б',
  'ё',
  'Ѡ',
  'ѡ',
  'क',
  'ि',
  '्',
  '।',
  '५',
  '・',
  '゛',
  '\u309a',
  '\u3040',
  '鿿',
  '\u0001',
  '\u007f',
  '\u00ad',
  '\u0378',
  '\u200d',
  '\u{e0001}',
  'e\u0301',
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
/** Every character of the blocks between letters, digits, signs and white space, many to a text so that they fall on all places of a block of 64 bytes. */
const charactersInPlaces = BLOCKS.flatMap(([first, last]) => {
  const places: string[] = [];
  for (let code = first; code < last; code++) {
    const c = String.fromCodePoint(code);
    places.push(`a${c}b ${c}1${c}${c} \n${c}'s.${c}A${c} (${c}b`);
  }
  return Array.from({ length: Math.ceil(places.length / 16) }, (_, i) => places.slice(16 * i, 16 * i + 16).join(''));
});

const texts = [
  ...charactersInPlaces,
  ...samples(text, 600),
  ...WIDE.map((letter) => letter.repeat(100)),
  [...WIDE, ...OTHERS].join('').repeat(4),
  ...UNREACHABLE,
];

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

describeRealTokenizers(['llama3', 'qwen3', 'mistral_nemo', 'deepseek_v3', 'gpt2', 'gemma3'], () => texts);

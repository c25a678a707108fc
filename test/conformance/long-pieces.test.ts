/** Pieces of dozens of characters, which the native backend keeps apart from the short ones: seen twice, and more of them than it may keep. */
import { Tokenizer } from '../../lib/index';
import { HuggingFaceOracle } from '../oracles/hugging-face';
import { realTokenizerPath } from '../oracles/real-tokenizers';
import { BACKENDS } from './backends';
import { expectSame, memoized } from './compare';

const UNITS = ['=', '-', '~*', 'ab', 'Zq', '。', 'й', '\u0301', '😀', '0'];
const LENGTHS = [15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 254, 255, 256, 257, 400];
const pieces = UNITS.flatMap((unit) => LENGTHS.map((length) => unit.repeat(Math.ceil(length / unit.length)).slice(0, length)));
const many = Array.from({ length: 600 }, (_, i) =>
  `x${(i * 7919).toString(2).padStart(40, 'ab')}`.replaceAll('0', 'o').replaceAll('1', 'l'),
);
const texts = [
  ...pieces,
  ...pieces,
  pieces.join(' '),
  pieces.map((piece) => `${piece} ${piece}\n`).join(''),
  many.join(' '),
  many.join('\n'),
];

describe.each(['gpt4', 'llama2', 'gemma3'])('%s', (name) => {
  let oracleIds: (some: readonly string[]) => Promise<number[][]>;
  beforeAll(() => {
    const oracle = HuggingFaceOracle.fromFile(realTokenizerPath(name));
    oracleIds = memoized((some: readonly string[]) => oracle.encodeBatchIds(some));
  });

  test.each(BACKENDS.flatMap((backend) => [undefined, 0, 65_536].map((cacheBytes) => ({ backend, cacheBytes }))))(
    '%j',
    async ({ backend, cacheBytes }) => {
      const tokenizer = await Tokenizer.fromFile(realTokenizerPath(name), { backend, ...(cacheBytes === undefined ? {} : { cacheBytes }) });
      await expectSame(texts, { ours: (text) => tokenizer.encode(text), theirs: oracleIds });
      tokenizer.dispose();
    },
  );
});

/**
 * Pieces of hundreds and thousands of characters, with few different ones: long tokens, windows that do not fit each other, and equal merges side by side. The
 * native backend takes them by another way than short ones.
 */
import fc from 'fast-check';
import { Tokenizer } from '../../lib/index';
import { HuggingFaceOracle } from '../oracles/hugging-face';
import { byteLevelTokenizer, characterTokenizer } from '../oracles/random-tokenizers';
import { BACKENDS } from './backends';
import { expectSame } from './compare';
import { describeRealTokenizers } from './real-tokenizers';
import { samples } from './fuzz';

const ALPHABETS = [
  'a',
  'ab',
  'aA',
  'thequick',
  ' ',
  ' a',
  '\n ',
  '\t\n',
  '=',
  '=-',
  '#/*',
  '的',
  '的是不',
  'aй',
  'e\u0301',
  '😀👩\u200d',
  '\u{1f1e6}',
  'य\u093f',
  'qzxj',
];

const longText: fc.Arbitrary<string> = fc.oneof(
  fc
    .tuple(fc.constantFrom(...ALPHABETS), fc.integer({ min: 65, max: 1500 }))
    .chain(([letters, length]) => fc.string({ unit: fc.constantFrom(...letters), minLength: length, maxLength: length })),
  fc
    .tuple(fc.string({ unit: fc.constantFrom(...'abcdez =é的'), minLength: 1, maxLength: 9 }), fc.integer({ min: 65, max: 1500 }))
    .map(([unit, length]) => unit.repeat(Math.ceil(length / unit.length))),
);

describeRealTokenizers(['gpt2', 'gpt4', 'gpt4o', 'llama3', 'llama2', 'gemma', 'gemma3', 'mistral_nemo'], () => samples(longText, 60));

/** Runs over the alphabet of the random tokenizers. */
const randomLongText = fc
  .tuple(fc.constantFrom('a', 'ab', 'abc', 'aabbcd', 'aé', '😀a', 'ab1A'), fc.integer({ min: 65, max: 300 }))
  .chain(([letters, length]) => fc.string({ unit: fc.constantFrom(...letters), minLength: length, maxLength: length }));

describe.each([
  { kind: 'byte-level', arbitrary: byteLevelTokenizer },
  { kind: 'character', arbitrary: characterTokenizer },
])('random $kind tokenizers', ({ arbitrary }) => {
  test.each(BACKENDS)('%s', async (backend) => {
    const texts = samples(randomLongText, 300);
    for (const [i, definition] of samples(arbitrary, 100).entries()) {
      const oracle = HuggingFaceOracle.fromJson(definition);
      const tokenizer = Tokenizer.fromJSON(definition, { backend });
      await expectSame(
        Array.from({ length: 12 }, (_, k) => texts[(12 * i + k) % texts.length]),
        { ours: (text) => Array.from(tokenizer.encodeFull(text).ids), theirs: (some) => oracle.encodeBatchIds(some) },
      );
      tokenizer.dispose();
    }
  });
});

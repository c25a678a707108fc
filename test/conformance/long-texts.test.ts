/** One long text is cut into parts that the native backend's threads encode side by side: the ids are those of the whole. */
import fc from 'fast-check';
import { Tokenizer } from '../../lib/index';
import { realTokenizerPath } from '../oracles/real-tokenizers';
import { BACKENDS } from './backends';
import { samples } from './fuzz';
import { TEXT_SAMPLES } from './texts';

/** What stands around places to cut: white space of all kinds, letters, marks, added tokens, spaces' marks. */
const SNIPPETS = [
  ...[' ', '  ', '\n', '\n\n', ' \n', '\r\n', '\t', '\u3000', '\u00a0', '\u2028', '\u0085', '\u0001', '▁', '▁▁'],
  ...[
    'a',
    'Word',
    "'s",
    '1',
    '123',
    '.',
    '...',
    '//',
    '_',
    '。',
    '，',
    '你好',
    '世界',
    'カタ',
    '한',
    'ᄀ',
    'ᅡ',
    'e\u0301',
    '\u0301',
    '🙂',
    'Привет',
    'नमस्ते',
  ],
  ...['x\ny', '。\n你', 'x \ny', '<|endoftext|>', '<s>', '</s>'],
];
const PARTS_BYTES = 1_200_000; // several parts

const snippets = (count: number) => fc.array(fc.constantFrom(...SNIPPETS), { minLength: count, maxLength: count });

/** Different at every place: two strings of snippets in turns whose lengths have no common factor. */
const longText = fc.tuple(snippets(97), snippets(101), fc.constantFrom(...TEXT_SAMPLES)).map(([one, two, sample]) => {
  const words = sample.text.split(/(?<=\s)/u);
  let text = '';
  for (let i = 0; text.length < PARTS_BYTES / 2; i++) text += one[i % one.length] + two[i % two.length] + words[i % words.length];
  return text;
});

const bytesOf = (ids: Uint32Array) => Buffer.from(ids.buffer, ids.byteOffset, ids.byteLength);

describe.each(['gpt2', 'gpt4', 'gpt4o', 'llama3', 'llama2', 'gemma', 'gemma3', 'mistral_nemo'])('%s', (name) => {
  test.each(BACKENDS)('a batch (%s) gives the ids of one text after another', async (backend) => {
    const tokenizer = await Tokenizer.fromFile(realTokenizerPath(name), { backend });
    for (const text of samples(longText, 3)) {
      const expected = tokenizer.encode(text);
      const { values, offsets } = await tokenizer.encodeBatch(['', text, 'short', text]);
      expect(values.length - offsets[3]).toBe(expected.length);
      expect(Buffer.compare(bytesOf(values.subarray(offsets[1], offsets[2])), bytesOf(expected))).toBe(0);
      expect(Buffer.compare(bytesOf(values.subarray(offsets[3])), bytesOf(expected))).toBe(0);
    }
    tokenizer.dispose();
  });
});

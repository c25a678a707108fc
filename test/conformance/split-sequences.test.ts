/**
 * Splits one after the other, as widespread tokenizers have them: where the first are at single characters, they are one pattern with the next; where some make words, the
 * others come after the look-up.
 */
import { readFileSync } from 'node:fs';
import { Tokenizer } from '../../lib/index';
import { HuggingFaceOracle } from '../oracles/hugging-face';
import { realTokenizerPath } from '../oracles/real-tokenizers';
import { anyText, wellFormed } from '../oracles/strings';
import { BACKENDS } from './backends';
import { expectSame, memoized } from './compare';
import { samples } from './fuzz';
import { TEXT_SAMPLES } from './texts';

const BYTES = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false };
const GPT2 = { ...BYTES, use_regex: true };
const DIGITS = { type: 'Digits', individual_digits: true };
const DIGITS_IN_RUNS = { ...DIGITS, individual_digits: false };

function split(regex: string): object {
  return { type: 'Split', pattern: { Regex: regex }, behavior: 'Isolated', invert: false };
}

const SEQUENCES: Readonly<Record<string, readonly object[]>> = {
  StarCoder: [DIGITS, GPT2],
  'digits in runs': [DIGITS_IN_RUNS, GPT2],
  'DeepSeek Coder': [
    split(String.raw`[\r\n]`),
    split(String.raw`\s?\p{L}+`),
    split(String.raw`\s?\p{P}+`),
    split('[一-龥ࠀ-一가-퟿]+'),
    DIGITS,
    BYTES,
  ],
  'line feeds, then digits, then words': [split(String.raw`\n`), DIGITS, split(String.raw`\w+\b|\s+(?!\S)|\s+$|[^\w\s]`), BYTES],
  Falcon: [{ type: 'Punctuation', behavior: 'Contiguous' }, GPT2, DIGITS_IN_RUNS, split('[0-9][0-9][0-9]')],
  'splits behind ByteLevel, of pieces of any length': [
    split(String.raw`\n`),
    BYTES,
    { type: 'Punctuation', behavior: 'MergedWithNext' },
    { type: 'FixedLength', length: 7 },
  ],
  'delimiters dropped behind ByteLevel': [GPT2, { type: 'CharDelimiterSplit', delimiter: '\u0120' }, split('[^a-z]')],
  'words, then their parts': [{ type: 'Whitespace' }, split(String.raw`\p{Lu}?\p{Ll}+`), DIGITS, split('_'), BYTES],
  'words, then characters of scripts without spaces': [split(String.raw` ?[^\s]+`), split(String.raw`[\u4e00-\u9fff]`), BYTES],
  'digits in threes from the right': [
    split(String.raw`[\r\n]`),
    split(String.raw`\p{N}{1,3}(?=(?:\p{N}{3})*(?:\P{N}|$))| ?\p{L}+|\s+(?!\S)`),
    BYTES,
  ],
};

// Without most of its merges the vocabulary loads in no time.
const { model, ...rest } = JSON.parse(readFileSync(realTokenizerPath('gpt2'), 'utf8'));
const small = { ...model, merges: model.merges.slice(0, 3000) };
const texts = [
  ...TEXT_SAMPLES.map(({ text }) => text),
  'a  5',
  'x \n\n 12345 6,789\r\n',
  ...samples(anyText(['12', ' 3', '\n', 'ab', ' \n4', "'s5", '  ', ' 你好', '!?']), 150).map(wellFormed),
];

describe.each(Object.entries(SEQUENCES))('%s', (_name, pretokenizers) => {
  const json = JSON.stringify({ ...rest, model: small, pre_tokenizer: { type: 'Sequence', pretokenizers } });
  const theirs = memoized((some: readonly string[]) => HuggingFaceOracle.fromJson(json).encodeBatchIds(some));

  test.each(BACKENDS)('%s', async (backend) => {
    const tokenizer = Tokenizer.fromJSON(json, { backend });
    await expectSame(texts, { ours: (text) => tokenizer.encode(text), theirs });
    tokenizer.dispose();
  });
});

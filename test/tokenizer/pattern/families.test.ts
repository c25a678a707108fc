/** Which patterns are recognised for the hand-written scanners, and that those of one family mean the same. */
import { readFileSync } from 'node:fs';
import { JsPattern } from '../../../lib/backend/js/pattern-matcher';
import type { ScannerFamily } from '../../../lib/backend/kernels';
import type { PatternDialect } from '../../../lib/tokenizer/pattern/ast';
import { compilePattern } from '../../../lib/tokenizer/pattern/compile';
import { scannerFamily } from '../../../lib/tokenizer/pattern/families';
import { samples } from '../../conformance/fuzz';
import { realTokenizerPath } from '../../oracles/real-tokenizers';
import { anyText, nastyStrings, wellFormed } from '../../oracles/strings';
import { TIKTOKEN_PATTERNS } from '../../oracles/tiktoken';
import { FANCY_PATTERNS, ONIGURUMA_PATTERNS } from './real-patterns';

const family = (name: ScannerFamily['family'], maxDigits: number, contractions: boolean, trailingSpace = false): ScannerFamily => ({
  family: name,
  maxDigits,
  contractions,
  trailingSpace,
});

/** The regular expressions of a tokenizer.json's Split pre-tokenizers. */
function splitPatterns(name: string): string[] {
  const { pre_tokenizer: preTokenizer } = JSON.parse(readFileSync(realTokenizerPath(name), 'utf8'));
  return preTokenizer.pretokenizers
    .map((part: { pattern?: { Regex?: string } }) => part.pattern?.Regex)
    .filter((source: unknown) => source !== undefined);
}

test.each([
  ['gpt4', family('cl100k', 3, true)],
  ['llama3', family('cl100k', 3, true)],
  ['qwen3', family('cl100k', 1, true)],
  ['gpt4o', family('o200k', 3, true)],
  ['gptoss', family('o200k', 3, true)],
  ['mistral_nemo', family('o200k', 1, false)],
  ['deepseek_v3', family('deepseek', 0, false)],
])('the pattern of %s', (name, expected) => {
  expect(scannerFamily(splitPatterns(name).at(-1)!, 'oniguruma')).toEqual(expected);
});

test('the patterns of tiktoken', () => {
  expect(scannerFamily(TIKTOKEN_PATTERNS.r50k_base, 'fancy-regex')).toEqual(family('gpt2', 0, true));
  expect(scannerFamily(TIKTOKEN_PATTERNS.cl100k_base, 'fancy-regex')).toEqual(family('cl100k', 3, true, true));
  expect(scannerFamily(TIKTOKEN_PATTERNS.o200k_base, 'fancy-regex')).toEqual(family('o200k', 3, true));
});

test('what Oniguruma reads otherwise, or is only similar, is not recognised', () => {
  expect(scannerFamily(TIKTOKEN_PATTERNS.cl100k_base, 'oniguruma')).toBeNull();
  expect(scannerFamily(TIKTOKEN_PATTERNS.r50k_base, 'oniguruma')).toBeNull();
  expect(scannerFamily(ONIGURUMA_PATTERNS.qwenWithMarks, 'oniguruma')).toBeNull();
  expect(scannerFamily(ONIGURUMA_PATTERNS.olmo, 'oniguruma')).toBeNull();
});

describe('forms of one family', () => {
  const encoder = new TextEncoder();
  const texts = [...nastyStrings(), ...samples(anyText(), 300)].map(wellFormed);
  const matcher = (source: string, dialect: PatternDialect): ((text: string) => number[]) => {
    const pattern = new JsPattern(compilePattern(source, dialect));
    return (text) => Array.from(pattern.findMatches(encoder.encode(text)));
  };

  test.each([
    ['r50k', FANCY_PATTERNS.r50k, ONIGURUMA_PATTERNS.gpt2],
    ['cl100k between the releases', FANCY_PATTERNS.cl100kWithoutEnd, ONIGURUMA_PATTERNS.cl100k],
    ['o200k in both dialects', FANCY_PATTERNS.o200k, ONIGURUMA_PATTERNS.o200k],
  ])('%s match the same', (_name, fancy, oniguruma) => {
    const [first, second] = [matcher(fancy, 'fancy-regex'), matcher(oniguruma, 'oniguruma')];
    for (const text of texts) expect([text, first(text)]).toEqual([text, second(text)]);
  });

  test('the newer cl100k differs in white space at the end of the text alone', () => {
    const [newer, older] = [matcher(FANCY_PATTERNS.cl100k, 'fancy-regex'), matcher(ONIGURUMA_PATTERNS.cl100k, 'oniguruma')];
    for (const text of texts) expect([text, newer(`${text}.`)]).toEqual([text, older(`${text}.`)]);
    expect(newer('a \n ')).toEqual([0, 1, 1, 4]);
    expect(older('a \n ')).toEqual([0, 1, 1, 3, 3, 4]);
  });
});

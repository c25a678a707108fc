/** Patterns of tokenizer.json against Hugging Face tokenizers: matches, and the pieces that each behaviour makes of them. */
import type { SplitBehavior } from '../../../lib/backend/kernels';
import { JsPattern } from '../../../lib/backend/js/pattern-matcher';
import { compilePattern } from '../../../lib/tokenizer/pattern/compile';
import { splitPieces } from '../../../lib/tokenizer/pattern/split';
import { fuzzRuns, samples } from '../../conformance/fuzz';
import { anyText, codePointBlocks, nastyStrings, wellFormed } from '../../oracles/strings';
import { huggingFaceSplit, inCodePoints } from './engines';
import { patternText, randomPattern } from './random-patterns';
import { GROUPED_DIGITS, ONIGURUMA_PATTERNS } from './real-patterns';

const encoder = new TextEncoder();
const BEHAVIORS: ReadonlyArray<readonly [SplitBehavior, string]> = [
  ['removed', 'Removed'],
  ['isolated', 'Isolated'],
  ['mergedWithPrevious', 'MergedWithPrevious'],
  ['mergedWithNext', 'MergedWithNext'],
  ['contiguous', 'Contiguous'],
];

function pieces(pattern: string, behavior: SplitBehavior, invert: boolean): (text: string) => number[] {
  const matcher = new JsPattern(compilePattern(pattern, 'oniguruma'));
  return (text) => {
    const bytes = encoder.encode(text);
    return inCodePoints(bytes, splitPieces(matcher.findMatches(bytes), bytes.length, behavior, invert));
  };
}

function compare(pattern: string, texts: readonly string[], behaviors = BEHAVIORS, inversions = [false, true]): void {
  for (const [behavior, name] of behaviors) {
    for (const invert of inversions) {
      const ours = pieces(pattern, behavior, invert);
      const theirs = huggingFaceSplit(pattern, name, invert);
      for (const text of texts) expect([pattern, text, name, invert, ours(text)]).toEqual([pattern, text, name, invert, theirs(text)]);
    }
  }
}

const MATCHES_ALONE: typeof BEHAVIORS = [['removed', 'Removed']];
const REAL_TEXTS = [...nastyStrings(), ...samples(anyText(), 80)].map(wellFormed);

test.each(Object.entries({ ...ONIGURUMA_PATTERNS, groupedDigits: GROUPED_DIGITS }))('real pattern %s', (_name, pattern) => {
  compare(pattern, REAL_TEXTS, MATCHES_ALONE, [true]);
});

test('every code point of the first four planes, in the pattern that tells most classes apart', () => {
  compare(ONIGURUMA_PATTERNS.kimi, [...codePointBlocks(0x1000, ' a', 0x3ffff)].map(wellFormed), MATCHES_ALONE, [true]);
});

test.each([...BEHAVIORS.map(([behavior]) => behavior)])('behaviour %s', (behavior) => {
  const chosen = BEHAVIORS.filter(([name]) => name === behavior);
  const texts = samples(patternText, 20).map(wellFormed);
  for (const pattern of ['a', 'a+', 'a*', '', '\\b', '(?=a)', '\\s', 'a|b', '[^a]', 'ab?'])
    compare(pattern, ['', 'a', 'aa', 'aaba', 'baab', ...texts], chosen);
});

describe.each([false, true])('random patterns (ignoring case: %s)', (ignoreCase) => {
  test('match what Hugging Face matches', () => {
    const texts = samples(patternText, 60).map(wellFormed);
    let compared = 0;
    for (const [i, pattern] of samples(randomPattern('oniguruma', ignoreCase), 60).entries()) {
      let theirs: (text: string) => number[];
      try {
        theirs = huggingFaceSplit(pattern, 'Isolated', false);
      } catch {
        expect(() => pieces(pattern, 'isolated', false)).toThrow(expect.objectContaining({ code: 'INVALID_PATTERN' }));
        continue;
      }
      const ours = pieces(pattern, 'isolated', false);
      for (let j = 0; j < 8; j++) {
        const text = texts[(i * 8 + j) % texts.length];
        expect([pattern, text, ours(text)]).toEqual([pattern, text, theirs(text)]);
      }
      compared++;
    }
    expect(compared).toBeGreaterThan(fuzzRuns(60) / 2);
  });
});

/** Constructs one by one, each with texts that tell right from wrong. */
const CONSTRUCTS: ReadonlyArray<readonly [string, ...string[]]> = [
  ['\\d{1,3}+', '123456789 a'],
  ['a{2}?', 'aaa'],
  ['a{2}+', 'aaaaa'],
  ['a{2,1}', 'aaa'],
  ['a{,2}', 'aaa'],
  ['a{,}', 'a{,}'],
  ['a{x}', 'a{x}'],
  ['x{0}', 'x'],
  ['a{', 'a{'],
  ['^b', 'a\nb'],
  ['a$', 'a\nb'],
  ['^', 'a\n', 'a\nb\n'],
  ['$', 'a\n\nb'],
  ['\\Z', 'a\n', 'a\n\n'],
  ['\\z', 'a\n'],
  ['a.b', 'a\nb'],
  ['(?m)a.b', 'a\nb'],
  ['a(?i)b|c', 'aB C b c'],
  ['(?x) a b # c', 'ab'],
  ['(?x)a +', 'aa'],
  ['(?x)[a b]', ' '],
  ['a(?#x)+', 'aa'],
  ['(?i:a)b', 'AbAB'],
  ['\\Ga', 'aab a'],
  ['\\G\\w|x', 'ab x'],
  ['\\R', '\r\n\u0085\n\r'],
  ['\\N+', 'a\nb'],
  ['\\O+', 'a\nb'],
  ['\\h+', 'afgz09'],
  ['\\H+', 'afgz'],
  ['\\v', '\u000b'],
  ['\\e', '\u001b'],
  ['\\0', '\0'],
  ['\\012', '\n'],
  ['\\cA', '\u0001'],
  ['[\\b]', '\b'],
  ['\\xE3\\x81\\x82', 'あ'],
  ['[\\xE3\\x81\\x82]', 'あ'],
  ['\\u3042', 'あ'],
  ['\\x{3042}', 'あ'],
  ['\\o{101}', 'A'],
  ['\\x', '\0x'],
  ['(a)\\10', 'a\b'],
  ['\\q\\_', 'q_'],
  ['(a|b)\\1', 'aabbab'],
  ['(?<n>a)\\k<n>', 'aa'],
  ["(?<n>a)\\k'n'", 'aa'],
  ['(a)\\k<-1>', 'aa'],
  ['(?<n>a)(b)', 'ab'],
  ['(?:(a)|b)*\\1', 'ab aa'],
  ['(a)?\\1b', 'b aab'],
  ['(?<!a|bc)x', 'ax bcx x'],
  ['(?<=a*)x', 'ax'],
  ['(?<=a{2,3})x', 'aax ax'],
  ['(?<=^|,)x', 'x,x'],
  ['(?<=(a))x', 'ax'],
  ['(?<!\\p{L}\\p{N})x', 'a1x ax 1x'],
  ['[[a-c][x-z]]+', 'abxz1'],
  ['[a-z&&[^aeiou]]+', 'hello'],
  ['[^a-z&&[^aeiou]]+', 'hello'],
  ['[a-z&&b-y&&c-x]+', 'abcxyz'],
  ['[&&a]', 'a'],
  ['[a&&]', 'a'],
  ['[^\\W\\d_]+', 'ab1_é²'],
  ['[\\w-]', 'a-'],
  ['[a-c-e]', 'bd-e'],
  ['[]a]', ']a'],
  ['[^]a]', ']ab'],
  ['[[:^space:]]+', 'a b'],
  ['[[:punct:]]', 'a$+<.!'],
  ['\\p{Punct}', 'a$+<.!'],
  ['\\w+', 'a²b½'],
  ['[\\w]+', 'a²b½'],
  ['(?i)ss', 'xßX ẞ sS'],
  ['(?i)ß', 'xSSX sſ'],
  ['(?i)[ß]', 'xSSX'],
  ['(?i)st', 'ﬆﬅ'],
  ['(?i)ffi', 'ﬃ ﬀi fﬁ'],
  ['(?i)fffi', 'fﬃ ﬀﬁ fffi ﬀfi'],
  ['(?i)sst', 'sﬆ ßt SST'],
  ['(?i)ﬃ', 'FFI fﬁ ffi'],
  ['(?i)s+', 'ßs'],
  ['(?i)s(?:s)', 'ß'],
  ['(?i)s(s)', 'ß'],
  ['(?i)[^ß]', 'ssẞßa'],
  ['(?i)[ﬁ-ﬃ]', 'fi FFI fﬁ ﬂ fl'],
  ['(?i)İ', 'i\u0307 i İ'],
  ['(?i)ᾳ', 'αι ᾼ ΑΙ ᾳ'],
  ['(?i)\\p{Lu}', 'aB'],
  ['(?i)[\\p{Lu}]', 'aB'],
  ['(?i)[^\\p{Lu}]', 'aB1'],
  ['(?i)k', '\u212a'],
  ["(?i:'s)", "'ſ 'S"],
  ['(a*)*', 'aab'],
  ['(|a)+', 'aa'],
  ['(a|b?)*c', 'abac'],
];

test.each(CONSTRUCTS)('%s', (pattern, ...texts) =>
  compare(pattern, texts, [
    ['isolated', 'Isolated'],
    ['removed', 'Removed'],
  ]),
);

/** Patterns of tiktoken: real ones against npm tiktoken's regex engine, random ones against what Python's recorded (scripts/python-oracle). */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { JsPattern } from '../../../lib/backend/js/pattern-matcher';
import { compilePattern } from '../../../lib/tokenizer/pattern/compile';
import { decodeUtf8 } from '../../../lib/tokenizer/utf8';
import { samples } from '../../conformance/fuzz';
import { anyText, wellFormed } from '../../oracles/strings';
import { fancyMatches } from './engines';
import { FANCY_PATTERNS, GROUPED_DIGITS } from './real-patterns';

const encoder = new TextEncoder();
const fixture: { cases: Array<{ pattern: string; texts: string[]; matches: string[][] }> } = JSON.parse(
  readFileSync(join(__dirname, '../../fixtures/patterns/fancy-regex.json'), 'utf8'),
);

/** What the pattern matches; empty matches do not show in tokens. */
function ourMatches(pattern: string, texts: readonly string[]): string[][] {
  const matcher = new JsPattern(compilePattern(pattern, 'fancy-regex'));
  return texts.map((text) => {
    const bytes = encoder.encode(text);
    const matches = matcher.findMatches(bytes);
    return Array.from({ length: matches.length / 2 }, (_, i) => decodeUtf8(bytes.subarray(matches[2 * i], matches[2 * i + 1]))).filter(
      (match) => match !== '',
    );
  });
}

function compare(pattern: string, texts: readonly string[]): void {
  const theirs = fancyMatches(pattern, texts);
  ourMatches(pattern, texts).forEach((matches, i) => expect([pattern, texts[i], matches]).toEqual([pattern, texts[i], theirs[i]]));
}

// Unassigned and recently assigned characters are left to the tests of Unicode's tables: the engine on npm has tables of its own.
const STABLE = /[\p{Cn}\p{Co}\p{Cs}]/gu;
const short = (text: string): string => wellFormed(text).replace(STABLE, '').slice(0, 40).toWellFormed();

test.each(Object.entries({ ...FANCY_PATTERNS, groupedDigits: GROUPED_DIGITS }))('real pattern %s', (_name, pattern) => {
  const texts = samples(anyText([], 8), 60).map(short);
  for (let i = 0; i < texts.length; i += 20) compare(pattern, texts.slice(i, i + 20));
  compare(pattern, [' \n ', ' \n  a', 'a \n', '   ', "it'S 'ſ'LL 'x", '12345678', '!?\r\n\n', '\u3000\u3000a']);
});

test('random patterns match what fancy-regex matches', () => {
  expect(fixture.cases.length).toBeGreaterThan(300);
  for (const { pattern, texts, matches } of fixture.cases)
    expect([pattern, texts, ourMatches(pattern, texts)]).toEqual([pattern, texts, matches]);
});

const CONSTRUCTS: ReadonlyArray<readonly [string, ...string[]]> = [
  ['\\d{1,3}+', '123456789 a'],
  ['^b', 'a\nb', 'b'],
  ['(?m)^b', 'a\nb'],
  ['a$', 'a\na'],
  ['(?m)a$', 'a\na'],
  ['a.b', 'a\nb'],
  ['(?s)a.b', 'a\nb'],
  ['a(?i)b|c', 'aB C b c ab'],
  ['(?i:a)b', 'AbAB'],
  ['(?x) a b # c', 'ab'],
  ['a{2}?', 'aaa'],
  ['a{1,2}?', 'aaa'],
  ['(?U)a+', 'aaa'],
  ['\\h+', 'afgz09'],
  ['\\x41\\u0042\\x{43}', 'ABC'],
  ['\\u{3042}', 'あ'],
  ['(a|b)\\1', 'aabbab'],
  ['(?P<n>a)\\k<n>', 'aa'],
  ['(?<!a|bc)x', 'ax bcx x'],
  ['(?<=^|,)x', 'x,x'],
  ['[a-z&&[^aeiou]]+', 'hello'],
  ['[a-e--c]+', 'abcde'],
  ['[a-e~~c-g]+', 'abcdefg'],
  ['[^a-z&&[^aeiou]]+', 'hello 1'],
  ['[[:alpha:]]+', 'aé'],
  ['\\w+', 'a²b_é'],
  ['(?i)ss', 'ß sS ſs'],
  ['(?i)\\p{Lu}', 'aB1'],
  ['(?i)[^\\p{Lu}]', 'aB1'],
  ['(?i)k', '\u212a'],
  ['\\p{Greek}+', 'αβa'],
  ['\\p{Script=Greek}', 'α'],

  ['\\bab\\b', 'ab cab ab'],
  ['\\B.', 'ab c'],
  ['(?>a+)b', 'aab'],
  ['(?>a+)ab', 'aab'],
  ['a++b|a', 'aab aaa'],
  ['a{2}{3}', 'aa{3} aaaaaa'],
  ['[[:foo:]]+', ':of]'],
];

test.each(CONSTRUCTS)('%s', (pattern, ...texts) => compare(pattern, texts));

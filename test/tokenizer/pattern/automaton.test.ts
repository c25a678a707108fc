/** Automata against backtracking, which defines what a pattern means, and which patterns get one. */
import { JsPattern } from '../../../lib/backend/js/pattern-matcher';
import type { PatternDialect } from '../../../lib/tokenizer/pattern/ast';
import { compilePattern } from '../../../lib/tokenizer/pattern/compile';
import { fuzzRuns, samples } from '../../conformance/fuzz';
import { anyText, wellFormed } from '../../oracles/strings';
import { patternText, randomPattern } from './random-patterns';
import { FANCY_PATTERNS, GROUPED_DIGITS, ONIGURUMA_PATTERNS } from './real-patterns';

const encoder = new TextEncoder();
const REAL: ReadonlyArray<readonly [PatternDialect, string, string]> = [
  ...Object.entries(ONIGURUMA_PATTERNS).map(([name, source]) => ['oniguruma', name, source] as const),
  ...Object.entries(FANCY_PATTERNS).map(([name, source]) => ['fancy-regex', name, source] as const),
];

test.each(REAL)('%s %s has an automaton of at most 64 states, with the same matches', (dialect, _name, source) => {
  const program = compilePattern(source, dialect);
  expect(program.automaton?.stateCount).toBeLessThanOrEqual(64);
  const automaton = new JsPattern(program);
  const backtracker = new JsPattern({ ...program, automaton: null });
  for (const text of samples(anyText(), 60).map(wellFormed)) {
    const bytes = encoder.encode(text);
    expect([text, automaton.findMatches(bytes)]).toEqual([text, backtracker.findMatches(bytes)]);
  }
});

test.each(['oniguruma', 'fancy-regex'] as const)('random patterns of %s', (dialect) => {
  const texts = samples(patternText, 60).map((text) => encoder.encode(wellFormed(text)));
  let automata = 0;
  for (const [i, source] of samples(randomPattern(dialect), 200).entries()) {
    const program = compileIfAccepted(source, dialect);
    if (program === null || program.automaton === null) continue;
    automata++;
    const [automaton, backtracker] = [new JsPattern(program), new JsPattern({ ...program, automaton: null })];
    for (let j = 0; j < 6; j++) {
      const bytes = texts[(i * 6 + j) % texts.length];
      expect([source, bytes, automaton.findMatches(bytes)]).toEqual([source, bytes, backtracker.findMatches(bytes)]);
    }
  }
  expect(automata).toBeGreaterThan(fuzzRuns(200) / 10);
});

function compileIfAccepted(source: string, dialect: PatternDialect): ReturnType<typeof compilePattern> | null {
  try {
    return compilePattern(source, dialect);
  } catch {
    return null;
  }
}

test.each([
  ['a back-reference', '(a)\\1'],
  ['a longer look-ahead', 'a(?=bc)'],
  ['a longer look-behind', '(?<=ab)c'],
  ['an atomic group that matters', '(?>a|ab)c'],
  ['a loop whose body can match nothing', '(?:a?b?)*'],
  ['too many states', '(?:a|b)*a(?:a|b){14}'],
  ['grouped digits', GROUPED_DIGITS],
])('%s has none', (_name, source) => {
  expect(compilePattern(source, 'oniguruma').automaton).toBeNull();
});

test.each([
  ['possessive loops over a set', 'a++b|\\s++$'],
  ['an atomic group that matches one way', '(?>ab|cd)+'],
  ['looks at one character on either side', '(?<!a)b(?=[cd])|\\b\\w+\\b|^x$'],
])('%s has one', (_name, source) => {
  expect(compilePattern(source, 'fancy-regex').automaton).not.toBeNull();
});

test.each([
  ['digits in threes from the right', `${GROUPED_DIGITS}| ?\\p{L}+|\\s+(?!\\S)|\\s+`, '12 345a', '1'],
  ['a back-reference', '(a)\\1|b+| c', 'aabb c', 'a'],
  ['a loop that goes on where none can begin', '(?:ab)+|b(?=cd)|c', 'abababbcdbc', 'b'],
  ['a longer look-behind', 'a+|(?<=ab)c|\\bx', 'abc aabcx x', 'c'],
])('%s: the automaton of the other alternatives', (_name, source, text, excepted) => {
  const program = compilePattern(source, 'oniguruma');
  const codePoint = excepted.codePointAt(0)!;
  const excepts = program.automaton?.except?.[program.classIds[program.classPages[codePoint >>> 8] * 256 + (codePoint & 255)]];
  expect(excepts).toBe(1);
  const bytes = encoder.encode(text);
  expect(new JsPattern(program).findMatches(bytes)).toEqual(new JsPattern({ ...program, automaton: null }).findMatches(bytes));
});

test('a pattern of many sets keeps the limit of classes, and says so beyond it', () => {
  const distinct = (count: number): string => Array.from({ length: count }, (_, i) => `\\x{${(0x4e00 + 2 * i).toString(16)}}`).join('|');
  expect(compilePattern(distinct(254), 'oniguruma').classCount).toBe(255);
  expect(() => compilePattern(distinct(255), 'oniguruma')).toThrow(/256 classes of characters apart; 255 are supported/);
});

describe('long texts', () => {
  const MEGABYTE = 1 << 20;
  const long = (text: string): Uint8Array => encoder.encode(text.repeat(Math.ceil(MEGABYTE / text.length)));

  test.each(REAL)('%s %s reads a megabyte of one thing', (dialect, _name, source) => {
    const matcher = new JsPattern(compilePattern(source, dialect));
    for (const text of ['a', ' ', '\n', '1', "'", ' \n', 'A', 'é', '漢', '!']) {
      const bytes = long(text);
      const matches = matcher.findMatches(bytes);
      for (let i = 0; i < matches.length; i += 2) if (matches[i] >= matches[i + 1]) throw new Error(`empty match at ${matches[i]}`);
    }
  });

  test('backtracking keeps no entry for each character of a loop over a set', () => {
    const program = { ...compilePattern('(?:(b)\\1)?a*b|[^b]+?$|a++c|.{3,}', 'oniguruma'), automaton: null };
    expect(Array.from(new JsPattern(program).findMatches(long('a')))).toEqual([0, MEGABYTE]);
  });

  test('a group that repeats half a million times', () => {
    const program = { ...compilePattern('(?:ab|cd)*c', 'oniguruma'), automaton: null };
    const bytes = encoder.encode(`${'ab'.repeat(MEGABYTE / 2)}c`);
    expect(Array.from(new JsPattern(program).findMatches(bytes))).toEqual([0, MEGABYTE + 1]);
  });
});

test('a part of an array is a text of its own', () => {
  const bytes = encoder.encode('xaab');
  const matcher = new JsPattern(compilePattern('^a|(?<=x)a|a$|\\bb', 'oniguruma'));
  expect(Array.from(matcher.findMatches(bytes, 1, 3))).toEqual([1, 2, 2, 3]);
  expect(Array.from(matcher.findMatches(bytes))).toEqual([1, 2]);
  expect(matcher.matchEnd(bytes, 1, 1, 4)).toBe(2);
  expect(matcher.matchEnd(bytes, 2, 0, 4)).toBe(-1);
});

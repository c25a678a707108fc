/** Patterns that are refused, with the construct and its place in the message. */
import type { PatternDialect } from '../../../lib/tokenizer/pattern/ast';
import { compilePattern, escapePattern } from '../../../lib/tokenizer/pattern/compile';
import { fancyMatches, huggingFaceSplit } from './engines';

const compileError = (source: string, dialect: PatternDialect): unknown => {
  try {
    return compilePattern(source, dialect);
  } catch (error) {
    return error;
  }
};

const UNSUPPORTED: ReadonlyArray<readonly [PatternDialect, string, RegExp]> = [
  ['oniguruma', 'a\\Kb', /uses \\K, which is not supported \(at position 1\)/],
  ['oniguruma', 'ab\\X', /uses \\X, .*\(at position 2\)/],
  ['oniguruma', '(?<n>a)\\g<n>', /uses \\g, .*\(at position 7\)/],
  ['oniguruma', 'x(?~abc)', /absent operator \(\?~, .*\(at position 1\)/],
  ['oniguruma', '(a)?(?(1)b|c)', /conditional .*\(at position 4\)/],
  ['oniguruma', '(*FAIL)', /callout .*\(at position 0\)/],
  ['oniguruma', 'a(?W)\\w', /the flag W, .*\(at position 1\)/],
  ['oniguruma', '(?i)(a)\\1', /back-reference that ignores case/],
  ['oniguruma', '(?<=a+b)c', /look-behind of unbounded .*\(at position 0\)/],
  ['oniguruma', '\\x{61 62}', /form of \\x/],
  ['fancy-regex', '(?R)a', /the flag R/],
];

test.each(UNSUPPORTED)('%s %s is named', (dialect, source, message) => {
  expect(compileError(source, dialect)).toMatchObject({
    name: 'MerganserError',
    code: 'INVALID_PATTERN',
    message: expect.stringMatching(message),
  });
});

const MALFORMED = [
  '(',
  ')',
  'a)',
  '(a',
  '[',
  '[a',
  '[]',
  '*',
  '+a',
  '?',
  'a|*',
  '\\',
  '[b-a]',
  '[a-\\d]',
  '[\\d-a]',
  '(?<n',
  '\\p{NoSuchThing}',
  '\\p{L',
  '[[:foo:]]',
  '\\k<n>',
  '(?z)',
  '(?=a)*',
  '\\u12',
];

test.each(MALFORMED)('Oniguruma refuses %s, and so do we', (source) => {
  expect(() => huggingFaceSplit(source, 'Isolated', false)).toThrow();
  expect(compileError(source, 'oniguruma')).toMatchObject({ code: 'INVALID_PATTERN' });
});

const FANCY_MALFORMED = [
  ...MALFORMED.filter((source) => source !== '[[:foo:]]'),
  'a**',
  'a{2}*',
  '\\q',
  '(?i',
  '(?-)',
  '(?-:a)',
  '(?)',
  '\\g',
  '\\p',
];

test.each(FANCY_MALFORMED)('fancy-regex refuses %s, and so do we', (source) => {
  expect(() => fancyMatches(source, ['a'])).toThrow();
  expect(compileError(source, 'fancy-regex')).toMatchObject({ code: 'INVALID_PATTERN' });
});

test('nesting has a limit that is no stack overflow', () => {
  const nested = (depth: number): string => '('.repeat(depth) + 'a' + ')'.repeat(depth);
  expect(compilePattern(nested(150), 'oniguruma').classCount).toBe(2);
  for (const source of [nested(100_000), `${'['.repeat(100_000)}a${']'.repeat(100_000)}`, `a${'?'.repeat(100_000)}`]) {
    expect(compileError(source, 'oniguruma')).toMatchObject({
      code: 'INVALID_PATTERN',
      message: expect.stringMatching(/nested more than/),
    });
  }
});

test('repetition has a limit that is no exhausted memory', () => {
  expect(compileError('(?:ab){100001}', 'oniguruma')).toMatchObject({
    code: 'INVALID_PATTERN',
    message: expect.stringMatching(/repeats more than 100000 times/),
  });
  expect(compileError('(?:(?:ab){1000}){1000}', 'oniguruma')).toMatchObject({
    code: 'INVALID_PATTERN',
    message: expect.stringMatching(/too large/),
  });
});

test('the same source and dialect give the same program', () => {
  expect(compilePattern('a+', 'oniguruma')).toBe(compilePattern('a+', 'oniguruma'));
  expect(compilePattern('a+', 'oniguruma')).not.toBe(compilePattern('a+', 'fancy-regex'));
});

test('an escaped text matches itself alone', () => {
  const special = '\\.+*?()|[]{}^$#&-~ \n/é"\'<>=!:,';
  expect(huggingFaceSplit(escapePattern(special), 'Isolated', false)(`a${special}b`)).toEqual([
    0,
    1,
    1,
    1 + [...special].length,
    1 + [...special].length,
    2 + [...special].length,
  ]);
});

import { CodePointSet, MAX_CODE_POINT } from '../../../lib/tokenizer/unicode/code-point-set';
import { posixBracket, shorthandClass, unicodeProperty } from '../../../lib/tokenizer/unicode/properties';
import { BINARY_PROPERTIES, BLOCKS, GENERAL_CATEGORIES, SCRIPTS } from '../../../lib/tokenizer/unicode/property-tables';
import { matches } from './engines';

const DIALECTS = ['oniguruma', 'fancy-regex'] as const;
const GROUPS = [
  'L',
  'Letter',
  'LC',
  'Cased_Letter',
  'M',
  'Mark',
  'Combining_Mark',
  'N',
  'Number',
  'P',
  'Punctuation',
  'punct',
  'S',
  'Symbol',
];
const MORE_GROUPS = ['Z', 'Separator', 'C', 'Other', 'Any', 'ASCII', 'Assigned'];
const POSIX = [
  'alpha',
  'digit',
  'alnum',
  'upper',
  'lower',
  'space',
  'blank',
  'cntrl',
  'punct',
  'graph',
  'print',
  'xdigit',
  'word',
  'ascii',
];
const POSIX_PROPERTIES = [
  'Alnum',
  'Alpha',
  'Blank',
  'Cntrl',
  'Digit',
  'Graph',
  'Lower',
  'Print',
  'Space',
  'Upper',
  'XDigit',
  'Word',
  'PosixPunct',
];
const UNUSUAL = [
  'gc=Lu',
  'General_Category=Letter',
  'sc=Greek',
  'scx:Grek',
  'IsGreek',
  'isLu',
  'InBasicLatin',
  'In_No_Block',
  'Unknown',
  'Zzzz',
  'Nonsense',
  'L&',
];

/** The fancy-regex of tiktoken 0.14 knows these, that of npm's tiktoken 1.0 does not; surrogates stand in no text anyway. */
const NOT_IN_NPM_TIKTOKEN = ['Alnum', 'Blank', 'Graph', 'Print', 'Word', 'Cs', 'Surrogate'];

const names = (entries: readonly string[]): string[] => entries.flatMap((entry) => entry.split('|')[0].split(' '));
const scriptNames = names(SCRIPTS);
const allNames = [
  ...names(GENERAL_CATEGORIES),
  ...scriptNames,
  ...names(BINARY_PROPERTIES),
  ...GROUPS,
  ...MORE_GROUPS,
  ...POSIX_PROPERTIES,
  ...UNUSUAL,
];

/** Both sides of every bound of the set, Latin-1, and a character of every block of 256. */
function witnesses(set: CodePointSet): string {
  const codePoints = new Set(Array.from({ length: 0x100 }, (_, cp) => cp));
  for (const bound of set.ranges) for (const cp of [bound - 1, bound]) if (cp >= 0 && cp <= MAX_CODE_POINT) codePoints.add(cp);
  for (let cp = 0x80; cp <= MAX_CODE_POINT; cp += 0x100) codePoints.add(cp);
  return [...codePoints]
    .filter((cp) => cp < 0xd800 || cp > 0xdfff)
    .map((cp) => String.fromCodePoint(cp))
    .join('');
}

function members(set: CodePointSet, text: string): string {
  return Array.from(text)
    .filter((character) => set.has(character.codePointAt(0)!))
    .join('');
}

/** Names for which our set is not the engine's. */
function disagreements(
  dialect: (typeof DIALECTS)[number],
  patterns: ReadonlyArray<readonly [pattern: string, set: CodePointSet | undefined]>,
): string[] {
  return patterns
    .filter(([pattern, set]) => {
      const text = witnesses(set ?? CodePointSet.EMPTY);
      return matches(dialect, pattern, text) !== (set && members(set, text));
    })
    .map(([pattern]) => pattern);
}

describe.each(DIALECTS)('properties in %s', (dialect) => {
  it('know every category, script and binary property as the engine does, and no others', () => {
    const asked = allNames.filter((name) => dialect === 'oniguruma' || !NOT_IN_NPM_TIKTOKEN.includes(name));
    expect(
      disagreements(
        dialect,
        asked.map((name) => [`\\p{${name}}`, unicodeProperty(name, dialect)]),
      ),
    ).toEqual([]);
  });

  it('match shorthands, alone and in brackets', () => {
    const letters = ['w', 'd', 's', 'h'] as const;
    expect(
      disagreements(
        dialect,
        letters.map((letter) => [`\\${letter}`, shorthandClass(letter, dialect, 'bare')]),
      ),
    ).toEqual([]);
    expect(
      disagreements(
        dialect,
        letters.map((letter) => [`[\\${letter}]`, shorthandClass(letter, dialect, 'bracket')]),
      ),
    ).toEqual([]);
  });

  it('match POSIX brackets', () => {
    expect(
      disagreements(
        dialect,
        POSIX.map((name) => [`[[:${name}:]]`, posixBracket(name, dialect)]),
      ),
    ).toEqual([]);
    expect(posixBracket('letter', dialect)).toBeUndefined();
  });
});

it('knows script extensions and blocks', () => {
  const extensions = scriptNames.map((name) => `scx=${name}`);
  expect(
    disagreements(
      'fancy-regex',
      extensions.map((name) => [`\\p{${name}}`, unicodeProperty(name, 'fancy-regex')]),
    ),
  ).toEqual([]);
  const blocks = BLOCKS.map((name) => `In_${name}`);
  expect(
    disagreements(
      'oniguruma',
      blocks.map((name) => [`\\p{${name}}`, unicodeProperty(name, 'oniguruma')]),
    ),
  ).toEqual([]);
});

it('parts the bare \\p{Word} of Oniguruma from the one in brackets', () => {
  expect(disagreements('oniguruma', [['[\\p{Word}]', unicodeProperty('Word', 'oniguruma', 'bracket')]])).toEqual([]);
  expect(disagreements('oniguruma', [['\\p{Word}', unicodeProperty('Word', 'oniguruma', 'bracket')]])).toHaveLength(1);
});

it('takes names loosely', () => {
  const expected = unicodeProperty('Uppercase_Letter')!;
  for (const name of ['uppercase letter', 'UPPERCASE-LETTER', 'uppercaseletter', 'Lu', 'lu']) expect(unicodeProperty(name)).toBe(expected);
});

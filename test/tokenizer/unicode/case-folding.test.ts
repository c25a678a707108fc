import { allLongFolds, caseClosure, caseEquivalents, longFold } from '../../../lib/tokenizer/unicode/case-folding';
import { CodePointSet } from '../../../lib/tokenizer/unicode/code-point-set';
import { matches } from './engines';

const escape = (codePoint: number): string => `\\x{${codePoint.toString(16)}}`;
const text = (codePoints: readonly number[]): string => String.fromCodePoint(...codePoints);

/** One of each class of characters that are equal but for case. */
const classes: number[][] = [];
for (let cp = 0; cp <= 0x1ffff; cp++) {
  const members = caseEquivalents(cp);
  if (members.length > 1 && Math.min(...members) === cp) classes.push([...members].sort((a, b) => a - b));
}
const everything = classes.flat();

/** Apart, lest Oniguruma take `Ss` for an ß. */
const everythingApart = everything.map((cp) => text([cp])).join('\n');

it.each(['oniguruma', 'fancy-regex'] as const)('finds the classes that %s has', (dialect) => {
  expect(classes.length).toBeGreaterThan(1300);
  // Two patterns, each of every other class's first member.
  for (const half of [0, 1]) {
    const chosen = classes.filter((_, i) => i % 2 === half);
    const pattern = `(?i:${chosen.map(([first]) => escape(first)).join('|')})`;
    expect(matches(dialect, pattern, everythingApart)).toBe(text(chosen.flat()));
  }
});

it('keeps the classes apart', () => {
  const sample = classes.filter((members, i) => members.length > 2 || i % 40 === 0);
  for (const members of sample) {
    const pattern = `(?i)${escape(members.at(-1)!)}`;
    expect(matches('oniguruma', pattern, everythingApart)).toBe(text(members));
    expect(matches('fancy-regex', pattern, everythingApart)).toBe(text(members));
  }
});

it('closes sets', () => {
  expect([...caseClosure(CodePointSet.of([0x61, 0x7b])).codePoints()].filter((cp) => cp > 0x7f)).toEqual([0x17f, 0x212a]);
  const digits = CodePointSet.of([0x30, 0x3a]);
  expect(caseClosure(digits)).toBe(digits);
});

it('finds the long foldings that Oniguruma has, and Rust has not', () => {
  expect(allLongFolds().length).toBeGreaterThan(70);
  for (const { sequence, codePoints } of allLongFolds()) {
    const folded = text(sequence);
    for (const codePoint of codePoints) {
      expect(longFold(codePoint)!.sequence).toEqual(sequence);
      expect(matches('oniguruma', `(?i)${escape(codePoint)}`, folded)).toBe(folded);
      expect(matches('oniguruma', `(?i)[${escape(codePoint)}]`, folded)).toBe(folded);
      expect(matches('oniguruma', `(?i)${sequence.map(escape).join('')}`, text([codePoint]))).toBe(text([codePoint]));
      expect(matches('fancy-regex', `(?i)${escape(codePoint)}`, folded)).not.toBe(folded);
    }
  }
  expect(longFold(0x61)).toBeUndefined();
});

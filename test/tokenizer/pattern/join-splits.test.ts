/** Splits that became one pattern, against the splits one after the other. */
import fc from 'fast-check';
import { JsPattern } from '../../../lib/backend/js/pattern-matcher';
import { compilePattern, compileSplits } from '../../../lib/tokenizer/pattern/compile';
import type { IsolatingSplit } from '../../../lib/tokenizer/pattern/join-splits';
import { splitPieces } from '../../../lib/tokenizer/pattern/split';
import { samples } from '../../conformance/fuzz';
import { anyText, wellFormed } from '../../oracles/strings';
import { patternText, randomPattern } from './random-patterns';
import { ONIGURUMA_PATTERNS } from './real-patterns';

const encoder = new TextEncoder();

function isolating(source: string): IsolatingSplit {
  return { source, dialect: 'oniguruma' };
}

function contiguous(source: string): IsolatingSplit {
  return { source, dialect: 'oniguruma', contiguous: true };
}

function pieces(split: IsolatingSplit, text: Uint8Array): string[] {
  const matches = new JsPattern(compilePattern(split.source, split.dialect)).findMatches(text);
  return cut(text, splitPieces(matches, text.length, split.contiguous === true ? 'contiguous' : 'isolated', false));
}

function cut(text: Uint8Array, bounds: Uint32Array): string[] {
  return Array.from({ length: bounds.length / 2 }, (_, i) => Buffer.from(text.subarray(bounds[2 * i], bounds[2 * i + 1])).toString());
}

function expectSamePieces(splits: readonly IsolatingSplit[], texts: readonly string[]): boolean {
  const joined = compileSplits(splits);
  if (joined === null) return false;
  const pattern = new JsPattern(joined);
  for (const text of texts) {
    const bytes = encoder.encode(text);
    const expected = splits.reduce<string[]>((parts, split) => parts.flatMap((part) => pieces(split, encoder.encode(part))), [text]);
    const found = cut(bytes, splitPieces(pattern.findMatches(bytes), bytes.length, 'isolated', false));
    expect({ splits, text, found }).toEqual({ splits, text, found: expected });
  }
  return true;
}

const SETS = [
  isolating(String.raw`\p{N}`),
  isolating('[0-9]'),
  isolating(String.raw`[\r\n]`),
  isolating('[a-c]'),
  isolating(String.raw`\s`),
];
const RUNS = [
  contiguous(String.raw`\p{N}`),
  contiguous(String.raw`\p{P}`),
  contiguous('[a-c]'),
  isolating(String.raw`\p{N}+`),
  isolating(String.raw`\s++`),
  isolating(String.raw`\p{N}{1,3}`),
  isolating(String.raw`a|[ab]{2,}|b`),
  isolating(String.raw`\p{Lu}+(?!\p{Ll})|\p{Lu}`),
];

test.each(Object.entries(ONIGURUMA_PATTERNS))('%s behind splits at characters', (_name, source) => {
  const texts = samples(anyText(['12', ' 3', '\n', 'ab', ' \n4', "'s5", '  ']), 40).map(wellFormed);
  for (const set of SETS) expect(expectSamePieces([set, isolating(source)], texts)).toBe(true);
  expect(expectSamePieces([SETS[0], SETS[2], isolating(source)], texts)).toBe(true);
});

test('widespread patterns behind splits at runs', () => {
  const texts = samples(anyText(['12', ' 3', '\n', 'ab', ' \n4', "'s5", '  ', '!?', 'ABc']), 40).map(wellFormed);
  const joined = RUNS.map(
    (run) => Object.values(ONIGURUMA_PATTERNS).filter((source) => expectSamePieces([run, isolating(source)], texts)).length,
  );
  expect(Math.min(...joined)).toBeGreaterThan(2);
  for (const source of Object.values(ONIGURUMA_PATTERNS)) expectSamePieces([RUNS[0], SETS[2], RUNS[1], isolating(source)], texts);
});

test('random patterns', () => {
  const texts = samples(patternText, 60).map(wellFormed);
  const cases = samples(
    fc.tuple(fc.constantFrom(...SETS, ...RUNS, isolating('a'), isolating('[^a]'), contiguous('[^a]')), randomPattern('oniguruma')),
    300,
  );
  let joined = 0;
  for (const [i, [set, source]] of cases.entries()) {
    try {
      compilePattern(source, 'oniguruma');
    } catch {
      continue;
    }
    if (expectSamePieces([set, isolating(source)], texts.slice((5 * i) % 50, ((5 * i) % 50) + 5))) joined++;
  }
  expect(joined).toBeGreaterThan(30);
});

test.each([
  ['that may match nothing', [SETS[0], isolating('a*')]],
  ['with a back-reference', [SETS[0], isolating(String.raw`(.)\1`)]],
  ['behind one of two characters', [isolating('ab'), isolating('a+')]],
  ['behind one of runs that it divides and leaves in parts', [isolating(String.raw`\w+`), isolating(String.raw`\w-?\w`)]],
  ['that is contiguous itself', [isolating('a'), contiguous('b')]],
  ['behind one that leaves some of its characters', [isolating('a{2}'), isolating('a+|b')]],
])('a pattern %s stays apart', (_name, splits) => {
  expect(compileSplits(splits)).toBeNull();
});

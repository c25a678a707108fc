/** Every predicate against the part of npm `tokenizers` that uses it. */

import { changedBy, isolatedBy, keysWhere, preTokenizer, removedBy } from '../../../scripts/unicode/oracle';
import { CodePointSet } from '../../../lib/tokenizer/unicode/code-point-set';
import * as predicates from '../../../lib/tokenizer/unicode/predicates';
import { SAMPLE } from './sample';

const onlyBert = { type: 'BertNormalizer', clean_text: false, handle_chinese_chars: false, strip_accents: false, lowercase: false };
const vanished = (sequence: readonly number[]): boolean => sequence.length === 0;

function expectSame(ours: (codePoint: number) => boolean, theirs: CodePointSet): void {
  expect(theirs.isEmpty).toBe(false);
  expect(SAMPLE.filter((cp) => ours(cp) !== theirs.has(cp)).map((cp) => cp.toString(16))).toEqual([]);
}

/** What a rewriting makes of the sample, where it changes it. */
function rewritten(rewrite: (codePoint: number) => readonly number[] | undefined): Map<number, readonly number[]> {
  const map = new Map<number, readonly number[]>();
  for (const cp of SAMPLE) {
    const sequence = rewrite(cp);
    if (sequence !== undefined) map.set(cp, sequence);
  }
  return map;
}

it('isNumeric is what Digits splits off', () => {
  expectSame(predicates.isNumeric, isolatedBy({ type: 'Digits', individual_digits: true }, SAMPLE));
});

it('isPunctuation is what Punctuation splits off', () => {
  expectSame(predicates.isPunctuation, isolatedBy({ type: 'Punctuation', behavior: 'Isolated' }, SAMPLE));
});

it('isWhitespace is what WhitespaceSplit leaves out', () => {
  expectSame(predicates.isWhitespace, removedBy({ type: 'WhitespaceSplit' }, SAMPLE));
});

it('isWordCharacter is what the Whitespace pre-tokenizer keeps together with a letter', () => {
  const text = SAMPLE.map((cp) => `a${String.fromCodePoint(cp)}`).join(' ');
  const together = preTokenizer({ type: 'Whitespace' })(text).filter((piece) => piece.length > 1 && piece.startsWith('a'));
  const kept = new Set(together.map((piece) => piece.codePointAt(1)));
  expectSame(
    predicates.isWordCharacter,
    CodePointSet.fromPredicate((cp) => kept.has(cp)),
  );
});

it('isBertRemoved and isWhitespace are what clean_text removes and makes a space', () => {
  const changed = changedBy({ ...onlyBert, clean_text: true }, SAMPLE);
  expectSame(predicates.isBertRemoved, keysWhere(changed, vanished));
  const becomesSpace = (cp: number): boolean => cp !== 0x20 && predicates.isWhitespace(cp) && !predicates.isBertRemoved(cp);
  expectSame(
    becomesSpace,
    keysWhere(changed, ([first]) => first === 0x20),
  );
});

it('isBertChinese is what handle_chinese_chars sets apart', () => {
  expectSame(
    predicates.isBertChinese,
    keysWhere(changedBy({ ...onlyBert, handle_chinese_chars: true }, SAMPLE), (sequence) => sequence.length === 3),
  );
});

it('isNonspacingMark is what strip_accents removes', () => {
  expectSame(predicates.isNonspacingMark, keysWhere(changedBy({ ...onlyBert, strip_accents: true }, SAMPLE), vanished));
});

it('isCombiningMark is what StripAccents removes', () => {
  expectSame(predicates.isCombiningMark, keysWhere(changedBy({ type: 'StripAccents' }, SAMPLE), vanished));
});

it('lowercase is the Lowercase normalizer', () => {
  expect(rewritten(predicates.lowercase)).toEqual(changedBy({ type: 'Lowercase' }, SAMPLE));
});

it('nmtReplacement is the Nmt normalizer', () => {
  const replace = (cp: number): number[] | undefined => {
    const replacement = predicates.nmtReplacement(cp);
    return replacement === cp ? undefined : replacement < 0 ? [] : [replacement];
  };
  expect(rewritten(replace)).toEqual(changedBy({ type: 'Nmt' }, SAMPLE));
});

it('unigramScript parts what UnicodeScripts parts', () => {
  // Han first, lest the characters before the first script be dropped.
  const all = ['一', ...SAMPLE.map((cp) => String.fromCodePoint(cp))];
  const ours: string[] = [];
  let last = predicates.ANY_SCRIPT;
  let piece = '';
  for (const character of all) {
    const script = predicates.unigramScript(character.codePointAt(0)!);
    if (script !== predicates.ANY_SCRIPT && last !== predicates.ANY_SCRIPT && script !== last) {
      ours.push(piece);
      piece = '';
    }
    if (script !== predicates.ANY_SCRIPT) last = script;
    piece += character;
  }
  expect([...ours, piece]).toEqual(preTokenizer({ type: 'UnicodeScripts' })(all.join('')));
});

import fc from 'fast-check';
import { CodePointSet, MAX_CODE_POINT } from '../../../lib/tokenizer/unicode/code-point-set';

const EDGE = 0x110000;

/** Small sets near zero, so that ranges collide often, checked against the built-in Set. */
const members = fc.uniqueArray(fc.integer({ min: 0, max: 60 }), { maxLength: 40 });
const setOf = (codePoints: readonly number[]): CodePointSet => CodePointSet.of(...codePoints);
const sorted = (codePoints: Iterable<number>): number[] => [...codePoints].sort((a, b) => a - b);

describe('CodePointSet', () => {
  it('joins ranges that overlap or touch, whatever their order', () => {
    const set = CodePointSet.of([10, 20], [0, 5], [5, 7], [12, 30], 31, [40, 40]);
    expect([...set]).toEqual([
      [0, 7],
      [10, 30],
      [31, 32],
    ]);
    expect(set.size).toBe(28);
  });

  it('keeps both ends of the code space', () => {
    const all = CodePointSet.EMPTY.complement();
    expect([...all]).toEqual([[0, EDGE]]);
    expect(all.has(0)).toBe(true);
    expect(all.has(MAX_CODE_POINT)).toBe(true);
    expect(all.has(EDGE)).toBe(false);
    expect(all.complement().isEmpty).toBe(true);
    expect([...CodePointSet.of(0, MAX_CODE_POINT).complement()]).toEqual([[1, MAX_CODE_POINT]]);
  });

  it('is built from a predicate', () => {
    expect([...CodePointSet.fromPredicate((cp) => cp >= 0x10fff0 || cp === 3)]).toEqual([
      [3, 4],
      [0x10fff0, EDGE],
    ]);
    expect(CodePointSet.fromPredicate(() => false).isEmpty).toBe(true);
  });

  it('is built from sorted ranges and refuses others', () => {
    expect([...CodePointSet.fromSortedRanges([1, 2, 2, 4, 8, 9])]).toEqual([
      [1, 4],
      [8, 9],
    ]);
    for (const bad of [[1], [5, 4], [4, 6, 5, 9], [0, EDGE + 1]]) {
      expect(() => CodePointSet.fromSortedRanges(bad)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
    }
  });

  it('refuses bounds outside the code space', () => {
    for (const bad of [-1, EDGE + 1, 0.5, NaN]) {
      expect(() => CodePointSet.of([bad, 5])).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
    }
  });

  it('agrees with the built-in Set in every operation', () => {
    fc.assert(
      fc.property(members, members, (left, right) => {
        const a = setOf(left);
        const b = setOf(right);
        const inLeft = new Set(left);
        const inRight = new Set(right);
        expect([...a.codePoints()]).toEqual(sorted(left));
        expect(a.size).toBe(left.length);
        expect(a.isEmpty).toBe(left.length === 0);
        for (let cp = 0; cp <= 61; cp++) expect(a.has(cp)).toBe(inLeft.has(cp));
        expect([...a.union(b).codePoints()]).toEqual(sorted(new Set([...left, ...right])));
        expect([...a.intersect(b).codePoints()]).toEqual(sorted(left.filter((cp) => inRight.has(cp))));
        expect([...a.subtract(b).codePoints()]).toEqual(sorted(left.filter((cp) => !inRight.has(cp))));
        const inOne = [...left, ...right].filter((cp) => inLeft.has(cp) !== inRight.has(cp));
        expect([...a.symmetricDifference(b).codePoints()]).toEqual(sorted(inOne));
        expect(a.complement().size).toBe(EDGE - left.length);
        expect(a.complement().complement().equals(a)).toBe(true);
        expect(a.equals(b)).toBe(JSON.stringify(sorted(left)) === JSON.stringify(sorted(right)));
      }),
    );
  });
});

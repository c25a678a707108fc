/**
 * The tables of the crate unicode-normalization-alignments (Unicode 9), found by asking the library's NFC, NFD, NFKC and NFKD normalizers.
 * Hangul is left to arithmetic.
 */

import { HANGUL } from '../../lib/tokenizer/unicode/normalization-layout';
import { changedBy, codePoints, normalizer, scalarValues } from './oracle';

export interface NormalizationFacts {
  /**
   * Rank of the combining class, 1 … n, of every code point whose class is not 0 (and that does not decompose). Only the order of classes matters,
   * so ranks stand for their numbers.
   */
  readonly classRanks: Map<number, number>;
  /** Primary composites: what two code points compose to. */
  readonly compositions: Map<number, [first: number, second: number]>;
  /** Full canonical decompositions of everything else that has one. */
  readonly canonical: Map<number, number[]>;
  /** Full compatibility decompositions where they are not the canonical ones. */
  readonly compatibility: Map<number, number[]>;
}

/** U+0345 has the highest combining class (240), U+0334 the lowest (1). */
const HIGHEST_CLASS = 0x345;
const LOWEST_CLASS = 0x334;

function isHangul(codePoint: number): boolean {
  return codePoint >= HANGUL.sBase && codePoint < HANGUL.sBase + HANGUL.sCount;
}

function findClassRanks(nfd: (text: string) => string, decomposing: ReadonlyMap<number, unknown>): Map<number, number> {
  const swaps = (left: number, right: number): boolean => {
    const text = String.fromCodePoint(left, right);
    return nfd(text) !== text;
  };
  /** One member of each class, by class. */
  const representatives: number[] = [];
  const members = new Map<number, number[]>();
  for (const cp of scalarValues()) {
    if (decomposing.has(cp) || !(swaps(HIGHEST_CLASS, cp) || swaps(cp, LOWEST_CLASS))) continue;
    let at = 0;
    while (at < representatives.length && swaps(cp, representatives[at])) at++;
    if (at === representatives.length || swaps(representatives[at], cp)) {
      representatives.splice(at, 0, cp);
      members.set(cp, []);
    }
    members.get(representatives[at])!.push(cp);
  }
  const ranks = new Map<number, number>();
  representatives.forEach((representative, i) => members.get(representative)!.forEach((cp) => ranks.set(cp, i + 1)));
  return ranks;
}

export function findNormalizationFacts(): NormalizationFacts {
  const nfd = normalizer({ type: 'NFD' });
  const nfc = normalizer({ type: 'NFC' });
  const decompositions = changedBy({ type: 'NFD' });
  const compositions = new Map<number, [number, number]>();
  const canonical = new Map<number, number[]>();
  for (const [cp, sequence] of decompositions) {
    if (isHangul(cp)) continue;
    const isComposite = nfc(String.fromCodePoint(cp)) === String.fromCodePoint(cp);
    if (!isComposite) {
      canonical.set(cp, sequence);
      continue;
    }
    const first = codePoints(nfc(String.fromCodePoint(...sequence.slice(0, -1))));
    const pair: [number, number] = [first[0], sequence.at(-1)!];
    if (first.length !== 1 || codePoints(nfc(String.fromCodePoint(...pair)))[0] !== cp) {
      throw new Error(`U+${cp.toString(16)} is not a composition of two code points`);
    }
    compositions.set(cp, pair);
  }
  const compatibility = new Map(
    [...changedBy({ type: 'NFKD' })].filter(([cp, sequence]) => decompositions.get(cp)?.join() !== sequence.join()),
  );
  return { classRanks: findClassRanks(nfd, decompositions), compositions, canonical, compatibility };
}

/**
 * Where a BPE model that sees a whole text as one piece can still be cut: between two characters that stand side by side in no token no merge
 * can take place.
 */
import type { BpeSpec } from '../backend/kernels';
import { VISIBLE_SPACE } from './model-text';
import { characterLength, codePointAt } from './utf8';

const CODE_POINTS = 0x110000;
const SPACE = 0x20;

export class UnmergeablePairs {
  private constructor(
    private readonly pairs: ReadonlySet<number>,
    /** Characters that are tokens; null if unknown ones do not affect their neighbours. */
    private readonly known: ReadonlySet<number> | null,
    private readonly spaceAlias: boolean,
  ) {}

  /** null for models of which nothing can be said. */
  static of(spec: BpeSpec, spaceAlias: boolean): UnmergeablePairs | null {
    if (spec.unit !== 'char' || spec.ignoreMerges || spec.continuingPrefix.length > 0 || spec.endOfWordSuffix.length > 0) return null;
    if (spec.merges === null || mergesByteTokens(spec)) return null;
    const pairs = new Set<number>();
    const characters = new Set<number>();
    const { tokenBytes, tokenOffsets } = spec;
    for (let id = 0; id + 1 < tokenOffsets.length; id++) {
      const end = tokenOffsets[id + 1];
      let previous = -1;
      for (let at = tokenOffsets[id]; at < end; at += characterLength(tokenBytes[at])) {
        const codePoint = codePointAt(tokenBytes, at);
        if (previous >= 0) pairs.add(previous * CODE_POINTS + codePoint);
        else if (at + characterLength(tokenBytes[at]) === end) characters.add(codePoint);
        previous = codePoint;
      }
    }
    const fallsBack = spec.byteFallback && !spec.byteIds.includes(-1);
    const fuses = spec.unkId >= 0 && spec.fuseUnk && !fallsBack;
    return new UnmergeablePairs(pairs, fuses ? characters : null, spaceAlias);
  }

  /** Whether a text can be cut between these characters. */
  divides(left: number, right: number): boolean {
    const first = this.alias(left);
    const second = this.alias(right);
    if (this.known !== null && !this.known.has(first) && !this.known.has(second)) return false;
    return !this.pairs.has(first * CODE_POINTS + second);
  }

  private alias(codePoint: number): number {
    return this.spaceAlias && codePoint === VISIBLE_SPACE ? SPACE : codePoint;
  }
}

/** Tokens of bytes stand in the vocabulary as `<0x0A>`: what merges of theirs would join cannot be seen from their characters. */
function mergesByteTokens({ merges, byteIds }: BpeSpec): boolean {
  const bytes = new Set(byteIds);
  return merges!.some((id, index) => index % 3 !== 2 && bytes.has(id));
}

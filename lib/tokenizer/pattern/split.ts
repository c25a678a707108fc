/** Hugging Face's splitting of a text by the matches of a pattern (`NormalizedString::split`, `SplitDelimiterBehavior`). */

import type { SplitBehavior } from '../../backend/kernels';

/**
 * The pieces that a text of `length` falls into.
 *
 * - `isolated`: each match and each stretch between matches is a piece;
 * - `removed`: matches are left out, so that pieces need not touch;
 * - `contiguous`: neighbouring matches are one piece;
 * - `mergedWithPrevious`: a match belongs to the piece before it, `mergedWithNext`: to the one behind it; of several in a row only the one next to it.
 *
 * @param matches start, end pairs in order, not overlapping; empty ones divide.
 * @param invert the stretches between matches count as the matches, and the other way round.
 * @returns start, end pairs of the pieces in order; none is empty.
 */
export function splitPieces(matches: Uint32Array, length: number, behavior: SplitBehavior, invert: boolean): Uint32Array {
  const splitter = new PieceCollector(behavior, matches.length + 2);
  let previous = 0;
  for (let i = 0; i < matches.length; i += 2) {
    if (matches[i] !== previous) splitter.add(previous, matches[i], invert);
    splitter.add(matches[i], matches[i + 1], !invert);
    previous = matches[i + 1]!;
  }
  if (previous !== length) splitter.add(previous, length, invert);
  return splitter.finish();
}

class PieceCollector {
  private readonly pieces: Uint32Array;
  private length = 0;
  private previousIsMatch = false;

  constructor(
    private readonly behavior: SplitBehavior,
    stretches: number,
  ) {
    this.pieces = new Uint32Array(2 * stretches);
  }

  add(start: number, end: number, isMatch: boolean): void {
    if (this.joins(isMatch)) this.pieces[this.length - 1] = end;
    else if (!(isMatch && this.behavior === 'removed')) {
      this.pieces[this.length++] = start;
      this.pieces[this.length++] = end;
    }
    this.previousIsMatch = isMatch;
  }

  /** Whether a stretch joins the piece before it. */
  private joins(isMatch: boolean): boolean {
    if (this.length === 0) return false;
    if (this.behavior === 'contiguous') return isMatch === this.previousIsMatch;
    if (this.behavior === 'mergedWithPrevious') return isMatch && !this.previousIsMatch;
    // The mirror image of the previous case: of several matches in a row the last belongs to what follows.
    return this.behavior === 'mergedWithNext' && !isMatch && this.previousIsMatch;
  }

  finish(): Uint32Array {
    let kept = 0;
    for (let i = 0; i < this.length; i += 2) {
      if (this.pieces[i] === this.pieces[i + 1]) continue;
      this.pieces[kept] = this.pieces[i]!;
      this.pieces[kept + 1] = this.pieces[i + 1]!;
      kept += 2;
    }
    return this.pieces.slice(0, kept);
  }
}

/** Places to cut that are found by walking through a whole text: for what cannot be told from two characters, as where digits are split in threes. */
import type { AddedTokens } from '../backend/js/added-tokens';
import type { FusedPath } from './fused-plan';
import { VISIBLE_SPACE } from './model-text';
import { type SettledStep, SettledSplits } from './settled-splits';
import { beginsNormalization, normalizedStretch } from './text-parts';
import { isWhitespace } from './unicode/predicates';
import { characterBefore, codePointAt, encodeUtf8, indexOfBytes } from './utf8';

/** Candidates looked at before the search is given up until more text has come. */
const MAX_TRIALS = 16;
const VISIBLE_BYTES = encodeUtf8(String.fromCodePoint(VISIBLE_SPACE));

/** Candidates, ascending, and the means to check one. */
interface Candidates {
  readonly positions: readonly number[];
  readonly holds: (position: number) => boolean;
}

interface Stretch {
  readonly start: number;
  readonly end: number;
  readonly isToken: boolean;
}

export class SettledCuts {
  private constructor(
    private readonly splits: SettledSplits,
    private readonly path: FusedPath,
    private readonly added: AddedTokens,
  ) {}

  /** null if nothing can be said about these steps, or if they see text with a space in front of it. */
  static of(steps: readonly SettledStep[], path: FusedPath, added: AddedTokens): SettledCuts | null {
    return steps.length === 0 || path.prefixSpace !== 'never' ? null : new SettledCuts(new SettledSplits(steps), path, added);
  }

  /** The last such place that is found; 0: there is none. Throws DisallowedAddedToken. */
  find(text: Uint8Array, actions: Uint8Array | null): number {
    if (this.path.spaceAlias && indexOfBytes(text, VISIBLE_BYTES, 0) >= 0) return 0;
    // Added tokens that begin before this place are there as a whole, with the character behind them.
    const settled = text.length - (this.added.longest === 0 ? 0 : this.added.longest + 4);
    for (const { start, end, isToken } of this.stretches(text, actions).reverse()) {
      if (start >= settled) continue;
      // Behind an added token a new stretch begins anyway.
      if (isToken && !this.added.looksAround && end < settled) return end;
      const at = isToken ? 0 : this.inStretch(text, start, end, settled, actions);
      if (at > 0) return at;
    }
    return 0;
  }

  private stretches(text: Uint8Array, actions: Uint8Array | null): Stretch[] {
    const found: Stretch[] = [];
    const search = this.added.search(text, 0, text.length, actions);
    let start = 0;
    while (search.next()) {
      if (start < search.tokenStart) found.push({ start, end: search.tokenStart, isToken: false });
      found.push({ start: search.tokenStart, end: search.tokenEnd, isToken: true });
      start = search.tokenEnd;
    }
    if (start < text.length) found.push({ start, end: text.length, isToken: false });
    return found;
  }

  /** 0: there is no place. */
  private inStretch(text: Uint8Array, start: number, end: number, settled: number, actions: Uint8Array | null): number {
    // What ends a stretch near the end of the text may yet turn out to be no token.
    const { positions, holds } = this.candidates(text, start, end, end >= settled);
    let trials = 0;
    for (let i = positions.length - 1; i >= 0 && trials < MAX_TRIALS; i--) {
      const position = positions[i];
      if (position <= start || position + 1 >= settled || !this.allows(text, position, actions)) continue;
      trials++;
      if (holds(position)) return position;
    }
    return 0;
  }

  private candidates(text: Uint8Array, start: number, end: number, open: boolean): Candidates {
    const { splits } = this;
    const normalized = this.path.nfc ? normalizedStretch(text, start, end) : null;
    if (normalized === null) {
      const positions = splits.boundaries(text, start, end, open);
      return { positions, holds: (position) => agrees(splits, text, start, position, positions) };
    }
    const boundaries = splits.boundaries(normalized.text, 0, normalized.text.length, open);
    const places = new Map<number, number>();
    for (const boundary of boundaries) {
      const origin = normalized.origins.get(boundary);
      if (origin !== undefined) places.set(origin, boundary);
    }
    return { positions: [...places.keys()], holds: (position) => agrees(splits, normalized.text, 0, places.get(position)!, boundaries) };
  }

  private allows(text: Uint8Array, position: number, actions: Uint8Array | null): boolean {
    if (this.path.nfc && !beginsNormalization(codePointAt(text, position))) return false;
    if (this.added.strips && isWhitespace(codePointAt(text, characterBefore(text, position)))) return false;
    return !this.added.touches(text, position, actions);
  }
}

/** Whether the text up to `position`, being all there is, falls into the same pieces. */
function agrees(splits: SettledSplits, text: Uint8Array, start: number, position: number, boundaries: readonly number[]): boolean {
  const alone = splits.boundaries(text, start, position, false);
  const count = alone.length;
  return alone.every((boundary, i) => boundary === boundaries[i]) && boundaries[count] === position;
}

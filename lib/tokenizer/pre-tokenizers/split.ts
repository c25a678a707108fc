/** Splitting at delimiters: matches of a pattern, or characters of a kind. */
import type { SplitBehavior } from '../../backend/kernels';
import { splitPieces } from '../pattern/split';
import type { TextMatcher } from '../text-matcher';
import { characterLength, codePointAt } from '../utf8';
import { type BoundsBuilder, type Pieces, splitEach } from './pieces';
import type { PreTokenizer } from './pre-tokenizer';

/** Splits at the matches of a pattern, or, inverted, at what lies between them. */
export class PatternSplit implements PreTokenizer {
  readonly needsOffsets = false;

  constructor(
    private readonly matcher: TextMatcher,
    private readonly behavior: SplitBehavior,
    private readonly invert: boolean,
  ) {}

  preTokenize(pieces: Pieces): Pieces {
    const { bytes } = pieces.text;
    return splitEach(pieces, (start, end, parts) => {
      const matches = this.matcher(bytes.subarray(start, end));
      pushParts(matches, start, end, this.behavior, this.invert, parts);
    });
  }
}

/** Splits at characters of a kind, each of which is a delimiter of its own. */
export class CharacterSplit implements PreTokenizer {
  readonly needsOffsets = false;

  constructor(
    private readonly isDelimiter: (codePoint: number) => boolean,
    private readonly behavior: SplitBehavior,
  ) {}

  preTokenize(pieces: Pieces): Pieces {
    const { bytes } = pieces.text;
    return splitEach(pieces, (start, end, parts) => {
      const matches = this.delimiters(bytes, start, end);
      if (matches.length === 0) parts.push(start, end);
      else pushParts(Uint32Array.from(matches), start, end, this.behavior, false, parts);
    });
  }

  private delimiters(bytes: Uint8Array, start: number, end: number): number[] {
    const matches: number[] = [];
    for (let at = start; at < end;) {
      const next = at + characterLength(bytes[at]);
      if (this.isDelimiter(codePointAt(bytes, at))) matches.push(at - start, next - start);
      at = next;
    }
    return matches;
  }
}

function pushParts(matches: Uint32Array, start: number, end: number, behavior: SplitBehavior, invert: boolean, parts: BoundsBuilder): void {
  const ranges = splitPieces(matches, end - start, behavior, invert);
  for (let i = 0; i < ranges.length; i += 2) parts.push(start + ranges[i], start + ranges[i + 1]);
}

/** Pieces of a text, and the two things that pre-tokenizers do to them: split each, or rewrite each. */
import { AlignedWriter } from '../aligned-writer';
import type { NormalizedText } from '../normalized-text';

export interface Pieces {
  readonly text: NormalizedText;
  /** Piece i is [bounds[2i], bounds[2i + 1]) of `text`: on character boundaries, never empty, in order. What no piece holds is dropped. */
  readonly bounds: Uint32Array;
  /** Group g (a stretch of text between added tokens) is the pieces groups[g] … groups[g + 1] − 1. */
  readonly groups: Uint32Array;
}

/** One piece and one group for each of the given ranges (start, end pairs). */
export function piecesOf(text: NormalizedText, bounds: Uint32Array): Pieces {
  return { text, bounds, groups: Uint32Array.from({ length: bounds.length / 2 + 1 }, (_, group) => group) };
}

/** Collects ranges; empty ones are left out, as Hugging Face leaves empty splits out. */
export class BoundsBuilder {
  private bounds: Uint32Array;
  private length = 0;

  constructor(capacity: number) {
    this.bounds = new Uint32Array(Math.max(capacity, 16));
  }

  /** Number of ranges. */
  get count(): number {
    return this.length / 2;
  }

  push(start: number, end: number): void {
    if (start >= end) return;
    if (this.length === this.bounds.length) {
      const grown = new Uint32Array(2 * this.length);
      grown.set(this.bounds);
      this.bounds = grown;
    }
    this.bounds[this.length++] = start;
    this.bounds[this.length++] = end;
  }

  finish(): Uint32Array {
    return this.bounds.subarray(0, this.length);
  }
}

/** Splits every piece: `split` pushes the parts of [start, end) to `parts`. */
export function splitEach(pieces: Pieces, split: (start: number, end: number, parts: BoundsBuilder) => void): Pieces {
  const { text, bounds } = pieces;
  const parts = new BoundsBuilder(bounds.length);
  const groups = regroup(pieces.groups, bounds.length / 2, parts, (piece) => split(bounds[2 * piece], bounds[2 * piece + 1], parts));
  return { text, bounds: parts.finish(), groups };
}

/** Rewrites every piece: `rewrite` writes what becomes of [start, end). Text that no piece holds is gone afterwards. */
export function rewriteEach(pieces: Pieces, rewrite: (writer: AlignedWriter, start: number, end: number) => void): Pieces {
  const { text, bounds } = pieces;
  const writer = new AlignedWriter(text, text.length + (text.length >> 2) + 16);
  const parts = new BoundsBuilder(bounds.length);
  const groups = regroup(pieces.groups, bounds.length / 2, parts, (piece) => {
    const start = writer.length;
    rewrite(writer, bounds[2 * piece], bounds[2 * piece + 1]);
    parts.push(start, writer.length);
  });
  return { text: writer.finish(), bounds: parts.finish(), groups };
}

/** Runs `visit` for each piece and notes how many parts there are where each group begins. */
function regroup(groups: Uint32Array, count: number, parts: BoundsBuilder, visit: (piece: number) => void): Uint32Array {
  const regrouped = new Uint32Array(groups.length);
  let group = 0;
  for (let piece = 0; piece <= count; piece++) {
    for (; group < groups.length && groups[group] === piece; group++) regrouped[group] = parts.count;
    if (piece < count) visit(piece);
  }
  return regrouped;
}

/** The first half of the general path: from raw text to normalized stretches of text, with the added tokens that stand between them. */
import type { AddedTokenMatcher } from './added-token-matcher';
import { NormalizedText } from './normalized-text';
import type { Normalizer } from './normalizers/normalizer';

/** An added token that was found. */
export interface FoundToken {
  /** Index in the matcher's tokens. */
  readonly index: number;
  /** Number of text stretches before it. */
  readonly stretch: number;
  /** Place in the original text, in bytes; 0, 0 in untracked texts. */
  readonly start: number;
  readonly end: number;
  /** The text it was found as, with the white space it takes along; normalized if the token is. */
  readonly text: Uint8Array;
}

export interface NormalizedStretches {
  readonly text: NormalizedText;
  /** start, end in `text` of each stretch of ordinary text. */
  readonly bounds: Uint32Array;
  readonly found: readonly FoundToken[];
}

/** Cuts out added tokens and normalizes what lies between them. */
export function normalizeStretches(
  original: NormalizedText,
  added: AddedTokenMatcher,
  normalizer: Normalizer | null,
  actions: Uint8Array | null,
): NormalizedStretches {
  const raw = added.cutRaw(original.bytes, actions);
  if (normalizer === null && !added.searchesNormalized) return withoutNormalization(original, raw.bounds, raw.tokens);
  const collector = new StretchCollector(added, actions);
  raw.tokens.forEach((token, i) => {
    const start = raw.bounds[2 * i];
    const end = raw.bounds[2 * i + 1];
    if (token >= 0) {
      collector.token(token, start, end, original.bytes.subarray(start, end));
    } else {
      const slice = original.slice(start, end);
      collector.text(normalizer === null ? slice : normalizer.normalize(slice));
    }
  });
  return collector.finish(original);
}

/** The common case of no normalizer: the stretches are ranges of the original text itself. */
function withoutNormalization(text: NormalizedText, bounds: readonly number[], tokens: readonly number[]): NormalizedStretches {
  const textBounds: number[] = [];
  const found: FoundToken[] = [];
  tokens.forEach((index, i) => {
    const start = bounds[2 * i];
    const end = bounds[2 * i + 1];
    if (index >= 0) found.push({ index, stretch: textBounds.length / 2, start, end, text: text.bytes.subarray(start, end) });
    else textBounds.push(start, end);
  });
  return { text, bounds: Uint32Array.from(textBounds), found };
}

/** Puts normalized stretches together to one text. */
class StretchCollector {
  private readonly parts: NormalizedText[] = [];
  private readonly bounds: number[] = [];
  private readonly found: FoundToken[] = [];
  private length = 0;

  constructor(
    private readonly added: AddedTokenMatcher,
    private readonly actions: Uint8Array | null,
  ) {}

  token(index: number, start: number, end: number, text: Uint8Array): void {
    this.found.push({ index, stretch: this.bounds.length / 2, start, end, text });
  }

  /** A normalized stretch, in which `normalized` tokens are still to be found. */
  text(text: NormalizedText): void {
    const { bounds, tokens } = this.added.cutNormalized(text.bytes, 0, text.length, this.actions);
    tokens.forEach((token, i) => {
      const start = bounds[2 * i];
      const end = bounds[2 * i + 1];
      if (token < 0) this.bounds.push(this.length + start, this.length + end);
      else {
        const found = text.bytes.subarray(start, end);
        if (text.tracked) this.token(token, text.originalStart(start), text.originalEnd(end - 1), found);
        else this.token(token, 0, 0, found);
      }
    });
    this.parts.push(text);
    this.length += text.length;
  }

  finish(original: NormalizedText): NormalizedStretches {
    const text = this.parts.length === 1 ? this.parts[0] : concatenate(this.parts, this.length, original);
    return { text, bounds: Uint32Array.from(this.bounds), found: this.found };
  }
}

function concatenate(parts: readonly NormalizedText[], length: number, original: NormalizedText): NormalizedText {
  const bytes = new Uint8Array(length);
  const alignment = original.tracked ? { starts: new Uint32Array(length), ends: new Uint32Array(length) } : null;
  let at = 0;
  for (const part of parts) {
    bytes.set(part.bytes, at);
    if (alignment !== null) part.writeAlignment(0, part.length, alignment, at);
    at += part.length;
  }
  return new NormalizedText(bytes, alignment ?? 'none', 0);
}

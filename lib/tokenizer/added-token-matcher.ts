/**
 * Finding added tokens in text, with Hugging Face's rules: tokens that are not `normalized` are cut out of the raw text first; then what remains
 * is normalized, and the other tokens, normalized themselves, are cut out of that.
 */
import { AddedTokens } from '../backend/js/added-tokens';
import { MerganserError } from '../errors';
import { NormalizedText } from './normalized-text';
import type { Normalizer } from './normalizers/normalizer';
import type { AddedToken } from './types';
import { decodeUtf8, encodeUtf8 } from './utf8';

/** Stretches of a text in order. They overlap only where a token stands in white space that the token before it took along. */
export interface Stretches {
  /** start, end pairs. */
  readonly bounds: readonly number[];
  /** For each stretch, the index of its token; −1 for ordinary text. */
  readonly tokens: readonly number[];
}

const TEXT = -1;

export class AddedTokenMatcher {
  /** What a token with `normalized` is searched as, where it differs from its content; by id. */
  readonly normalizedContents: ReadonlyMap<number, string>;
  private readonly raw: TokenSet;
  private readonly normalized: TokenSet;

  /**
   * @param tokens in order of importance: where two of them are searched as the same text, the first counts (Hugging Face takes any).
   * @throws MerganserError UNSUPPORTED for a token that the normalizer turns into nothing.
   */
  constructor(
    readonly tokens: readonly AddedToken[],
    normalizer: Normalizer | null,
  ) {
    const normalizedContents = new Map<number, string>();
    const patterns = tokens.map((token) => {
      const content = encodeUtf8(token.content);
      if (!token.normalized || normalizer === null || content.length === 0) return content;
      const pattern = normalizer.normalize(NormalizedText.original(content, false)).bytes;
      const text = decodeUtf8(pattern);
      if (text === '') {
        throw new MerganserError(
          'UNSUPPORTED',
          `The added token ${JSON.stringify(token.content)} has "normalized": true, but the normalizer leaves nothing of it.`,
        );
      }
      if (text !== token.content) normalizedContents.set(token.id, text);
      return pattern;
    });
    this.normalizedContents = normalizedContents;
    this.raw = new TokenSet(tokens, patterns, (token) => !token.normalized);
    this.normalized = new TokenSet(tokens, patterns, (token) => token.normalized);
  }

  /** Whether any token is searched in normalized text. */
  get searchesNormalized(): boolean {
    return !this.normalized.isEmpty;
  }

  /**
   * Cuts the tokens that are not `normalized` out of a raw text.
   * @throws DisallowedAddedToken if a token with action `Refuse` stands anywhere.
   */
  cutRaw(text: Uint8Array, actions: Uint8Array | null): Stretches {
    return this.raw.cut(text, 0, text.length, actions);
  }

  /** Cuts the `normalized` tokens out of [start, end) of a normalized text, as if it were the whole. */
  cutNormalized(text: Uint8Array, start: number, end: number, actions: Uint8Array | null): Stretches {
    return this.normalized.cut(text, start, end, actions);
  }
}

/** Tokens that are searched together: leftmost first, of those the longest. */
class TokenSet {
  private readonly search: AddedTokens;
  /** Index in the list of all tokens, for each one of the set. */
  private readonly indices: readonly number[];

  constructor(tokens: readonly AddedToken[], patterns: readonly Uint8Array[], belongs: (token: AddedToken) => boolean) {
    this.indices = tokens.map((_, index) => index).filter((index) => belongs(tokens[index]));
    this.search = new AddedTokens(this.indices.map((index) => ({ ...tokens[index], content: patterns[index] })));
  }

  get isEmpty(): boolean {
    return this.indices.length === 0;
  }

  cut(text: Uint8Array, start: number, end: number, actions: Uint8Array | null): Stretches {
    const stretches = new StretchList();
    const search = this.search.search(text, start, end, actions && Uint8Array.from(this.indices, (index) => actions[index]));
    let textStart = start;
    while (search.next()) {
      stretches.push(textStart, search.tokenStart, TEXT);
      stretches.push(search.tokenStart, search.tokenEnd, this.indices[search.index]);
      textStart = search.tokenEnd;
    }
    stretches.push(textStart, end, TEXT);
    return stretches;
  }
}

class StretchList implements Stretches {
  readonly bounds: number[] = [];
  readonly tokens: number[] = [];

  push(start: number, end: number, token: number): void {
    if (start >= end) return;
    this.bounds.push(start, end);
    this.tokens.push(token);
  }
}

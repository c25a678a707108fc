/**
 * Whether a tokenizer's added tokens can be cut out in one pass over the raw text, as the fused path does.
 *
 * Hugging Face makes two passes: tokens that are not `normalized` in the raw text, then the others in what remains, normalized.
 */
import type { AddedTokenSpec } from '../backend/kernels';
import type { AddedToken } from './types';
import { encodeUtf8 } from './utf8';

/** The tokens for the backend, at the same indices; null if one pass could find others than two. */
export function fusedAddedTokens(tokens: readonly AddedToken[], normalizes: boolean): AddedTokenSpec[] | null {
  const late = tokens.filter((token) => token.normalized);
  // A normalizer changes what the second pass looks for and what it looks in, and what stands beside it.
  if (late.length > 0 && normalizes) return null;
  const early = tokens.filter((token) => !token.normalized);
  if (late.length > 0 && early.length > 0 && !isOnePass(early, late)) return null;
  return tokens.map((token) => ({ ...token, content: encodeUtf8(token.content) }));
}

/**
 * One pass takes the leftmost token, and of those the longest. It differs from two passes only if a late token is taken where it keeps an early
 * one from being found: if a late one begins before an early one and runs into it, or begins with it and is longer. (If an early one begins first,
 * or is the longer, both ways take it.) Flags make tokens grow or be discarded, so with them nothing is promised.
 */
function isOnePass(early: readonly AddedToken[], late: readonly AddedToken[]): boolean {
  const hasFlags = (token: AddedToken): boolean => token.singleWord || token.lstrip || token.rstrip;
  if (early.some(hasFlags) || late.some(hasFlags)) return false;
  const contents = new Set(early.map((token) => token.content));
  const beginnings = new Set(early.flatMap(({ content }) => prefixes(content)));
  return late.every(({ content }) => {
    for (let start = 0; start < content.length; start++) {
      const rest = content.slice(start);
      if (start > 0 && beginnings.has(rest)) return false;
      if (prefixes(rest).some((prefix) => contents.has(prefix))) return false;
    }
    return true;
  });
}

/** Every non-empty prefix, the whole included. */
function prefixes(text: string): string[] {
  return Array.from({ length: text.length }, (_, i) => text.slice(0, i + 1));
}

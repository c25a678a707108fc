/**
 * Models that read U+2581 for the space (SentencePiece's way), made to read the space itself, so that text need not be rewritten.
 *
 * Why the ids stay the same. Let f be the map that writes U+0020 for U+2581 in a text. Where every U+0020 becomes U+2581 before the model (a
 * `Replace` or a `Metaspace`), the model only ever sees texts without U+0020; on those f is one-to-one and maps characters to characters. A BPE model
 * looks at its text only by comparing characters and strings of them with its vocabulary, so on f(text) with the vocabulary f(tokens) it takes the
 * same steps to the same ids, provided that:
 * 1. f is one-to-one on the tokens too. Tokens that hold U+0020 could collide with others, but no text without U+0020 ever comes to them:
 *    they are made empty, and merges that make or take them are left out.
 * 2. Nothing is computed from the bytes of a character. Only byte fallback does that, for characters that are not tokens: U+2581 must be one.
 *    (Without byte fallback an unknown U+2581 is as unknown as an unknown space.) Bytes' own tokens, `<0x20>` and the like, are found by id.
 * 3. Prefixes and suffixes that the model glues to its units hold neither character; here: there are none.
 * A U+2581 that stands in the text itself counts as a space before and after, since f maps it as well.
 */
import type { BpeSpec } from '../backend/kernels';
import { VISIBLE_SPACE } from './model-text';
import { encodeUtf8, indexOfBytes } from './utf8';

const SPACE = 0x20;
const VISIBLE_SPACE_BYTES = encodeUtf8(String.fromCodePoint(VISIBLE_SPACE));

/** The model that reads spaces, or null where the argument above does not hold. */
export function aliasSpaces(spec: BpeSpec): BpeSpec | null {
  if (spec.unit !== 'char' || spec.continuingPrefix.length > 0 || spec.endOfWordSuffix.length > 0) return null;
  if (spec.byteFallback && !holdsToken(spec, VISIBLE_SPACE_BYTES)) return null;
  const { tokenBytes, tokenOffsets, unreachable } = rewriteTokens(spec);
  if (spec.removals !== undefined && unreachable.size > 0) return null;
  return { ...spec, tokenBytes, tokenOffsets, merges: spec.merges && withoutTokens(spec.merges, unreachable) };
}

function holdsToken({ tokenBytes, tokenOffsets }: BpeSpec, token: Uint8Array): boolean {
  for (let at = indexOfBytes(tokenBytes, token, 0); at !== -1; at = indexOfBytes(tokenBytes, token, at + 1)) {
    const id = lowerBound(tokenOffsets, at);
    if (tokenOffsets[id] === at && tokenOffsets[lowerBound(tokenOffsets, at + 1)] === at + token.length) return true;
  }
  return false;
}

/** First index whose value is at least `value`, in ascending values. */
function lowerBound(values: Uint32Array, value: number): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (values[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

interface RewrittenTokens {
  readonly tokenBytes: Uint8Array;
  readonly tokenOffsets: Uint32Array;
  readonly unreachable: ReadonlySet<number>;
}

function rewriteTokens({ tokenBytes, tokenOffsets }: BpeSpec): RewrittenTokens {
  const bytes = new Uint8Array(tokenBytes.length);
  const offsets = new Uint32Array(tokenOffsets.length);
  const unreachable = new Set<number>();
  let written = 0;
  for (let id = 0; id + 1 < tokenOffsets.length; id++) {
    const token = tokenBytes.subarray(tokenOffsets[id], tokenOffsets[id + 1]);
    if (token.includes(SPACE)) unreachable.add(id);
    else written = writeWithSpaces(token, bytes, written);
    offsets[id + 1] = written;
  }
  return { tokenBytes: bytes.slice(0, written), tokenOffsets: offsets, unreachable };
}

function writeWithSpaces(token: Uint8Array, target: Uint8Array, at: number): number {
  let written = at;
  let copied = 0;
  for (let found = indexOfBytes(token, VISIBLE_SPACE_BYTES, 0); found !== -1; found = indexOfBytes(token, VISIBLE_SPACE_BYTES, copied)) {
    target.set(token.subarray(copied, found), written);
    written += found - copied;
    target[written++] = SPACE;
    copied = found + VISIBLE_SPACE_BYTES.length;
  }
  target.set(token.subarray(copied), written);
  return written + token.length - copied;
}

/** A merge's product holds what its parts hold, so it is enough to look at the product. */
function withoutTokens(merges: Uint32Array, tokens: ReadonlySet<number>): Uint32Array {
  if (tokens.size === 0) return merges;
  const kept: number[] = [];
  for (let i = 0; i < merges.length; i += 3) {
    if (!tokens.has(merges[i + 2])) kept.push(merges[i], merges[i + 1], merges[i + 2]);
  }
  return Uint32Array.from(kept);
}

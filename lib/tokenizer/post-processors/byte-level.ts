import { BYTE_CODE_POINTS } from '../byte-alphabet';
import { type EncodingPart, withSequence } from '../encoding-parts';
import type { LayoutPiece, PostProcessor } from './post-processor';

/** A space in the printable alphabet, or a character that Unicode calls white space. */
const SPACE = `[${String.fromCharCode(BYTE_CODE_POINTS[0x20])}\\t-\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]`;
const LEADING = new RegExp(`^${SPACE}+`, 'u');
const TRAILING = new RegExp(`${SPACE}$`, 'u');

const encoder = new TextEncoder();

/** ByteLevel as post-processor: takes white space out of the tokens' offsets. */
export class ByteLevelProcessor implements PostProcessor {
  constructor(
    private readonly trimOffsets: boolean,
    private readonly addPrefixSpace: boolean,
  ) {}

  addedTokens(): number {
    return 0;
  }

  process(parts: readonly EncodingPart[]): EncodingPart[] {
    return parts.map((part, index) => withSequence(this.trimOffsets ? trimPart(part, this.addPrefixSpace) : part, index));
  }

  layout(pieces: readonly LayoutPiece[]): LayoutPiece[] {
    return [...pieces];
  }
}

/** Takes leading and trailing white space out of the offsets of a part and of what overflowed from it. */
export function trimPart(part: EncodingPart, addPrefixSpace: boolean): EncodingPart {
  return {
    ...part,
    offsets: trimOffsets(part.tokens, part.offsets, addPrefixSpace, (spaces) => spaces.length),
    byteOffsets: trimOffsets(part.tokens, part.byteOffsets, addPrefixSpace, spaceBytes),
    overflowing: part.overflowing.map((overflow) => trimPart(overflow, addPrefixSpace)),
  };
}

/** White space in the printable alphabet is one byte. */
function spaceBytes(spaces: string): number {
  return encoder.encode(spaces.replaceAll(String.fromCharCode(BYTE_CODE_POINTS[0x20]), ' ')).length;
}

function trimOffsets(
  tokens: readonly string[],
  offsets: Uint32Array,
  addPrefixSpace: boolean,
  size: (spaces: string) => number,
): Uint32Array {
  const trimmed = offsets.slice();
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i];
    const leading = LEADING.exec(token)?.[0] ?? '';
    const trailing = trailingSpaces(token);
    let start = trimmed[2 * i];
    let end = trimmed[2 * i + 1];
    // One leading space at the very start may be the one that was added: it is no part of the text.
    const isAdded = addPrefixSpace && leading.length === 1 && (i === 0 || start === 0);
    if (leading !== '' && !isAdded) start = Math.min(start + size(leading), end);
    const after = size(trailing);
    if (end >= after) end = Math.max(end - after, start);
    trimmed[2 * i] = start;
    trimmed[2 * i + 1] = end;
  }
  return trimmed;
}

/** Walks back from the end: a regular expression for this would search at every position. */
function trailingSpaces(token: string): string {
  let start = token.length;
  while (start > 0 && TRAILING.test(token[start - 1])) start--;
  return token.slice(start);
}

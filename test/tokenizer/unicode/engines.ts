/** The two regex engines, asked which characters of a text a pattern matches. */

import { Tiktoken } from 'tiktoken';
import { preTokenizer } from '../../../scripts/unicode/oracle';
import type { PatternDialect } from '../../../lib/tokenizer/pattern/ast';

const BYTE_RANKS = Array.from({ length: 256 }, (_, byte) => `${Buffer.from([byte]).toString('base64')} ${byte}`).join('\n');

function onigurumaMatches(pattern: string, text: string): string {
  return preTokenizer({ type: 'Split', pattern: { Regex: pattern }, behavior: 'Removed', invert: true })(text).join('');
}

/** tiktoken drops what its pattern does not match. */
function fancyMatches(pattern: string, text: string): string {
  const encoding = new Tiktoken(BYTE_RANKS, {}, pattern);
  try {
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(Uint8Array.from(encoding.encode_ordinary(text)));
  } finally {
    encoding.free();
  }
}

/** The matches of a pattern, one after the other; undefined if the engine refuses the pattern. */
export function matches(dialect: PatternDialect, pattern: string, text: string): string | undefined {
  try {
    return dialect === 'oniguruma' ? onigurumaMatches(pattern, text) : fancyMatches(pattern, text);
  } catch {
    return undefined;
  }
}

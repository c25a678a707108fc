/** What the libraries' own regex engines match. */
import { Tiktoken } from 'tiktoken';
import { Tokenizer as HuggingFaceTokenizer } from 'tokenizers';

const EMPTY_MODEL = {
  version: '1.0',
  truncation: null,
  padding: null,
  added_tokens: [],
  normalizer: null,
  post_processor: null,
  decoder: null,
  model: { type: 'BPE', vocab: {}, merges: [] },
};

/** Hugging Face's Split with a regular expression (Oniguruma): text → pieces as start, end in code points. Throws if the pattern is refused. */
export function huggingFaceSplit(pattern: string, behavior: string, invert: boolean): (text: string) => number[] {
  const definition = { ...EMPTY_MODEL, pre_tokenizer: { type: 'Split', pattern: { Regex: pattern }, behavior, invert } };
  const preTokenizer = HuggingFaceTokenizer.fromString(JSON.stringify(definition)).getPreTokenizer()!;
  return (text) => preTokenizer.preTokenizeString(text).flatMap(([, offsets]) => offsets);
}

/**
 * The non-empty matches of a pattern in npm tiktoken's regex engine (fancy-regex), for several texts. Every substring is a token, so that each match
 * becomes one token. Throws if the pattern is refused.
 */
export function fancyMatches(pattern: string, texts: readonly string[]): string[][] {
  const ids = new Map<string, number>();
  const add = (bytes: Uint8Array): void => {
    const key = Buffer.from(bytes).toString('base64');
    if (!ids.has(key)) ids.set(key, ids.size);
  };
  for (let byte = 0; byte < 256; byte++) add(Uint8Array.of(byte));
  for (const text of texts) {
    const characters = [...text];
    for (let start = 0; start < characters.length; start++) {
      for (let end = start + 1; end <= characters.length; end++) add(Buffer.from(characters.slice(start, end).join('')));
    }
  }
  const tokens = [...ids.keys()];
  const encoding = new Tiktoken(tokens.map((token, id) => `${token} ${id}`).join('\n'), {}, pattern);
  try {
    return texts.map((text) => Array.from(encoding.encode_ordinary(text), (id) => Buffer.from(tokens[id], 'base64').toString()));
  } finally {
    encoding.free();
  }
}

/** Byte offsets as offsets in code points. */
export function inCodePoints(bytes: Uint8Array, offsets: Iterable<number>): number[] {
  const before = new Uint32Array(bytes.length + 1);
  for (let i = 0; i < bytes.length; i++) before[i + 1] = before[i] + ((bytes[i] & 0xc0) === 0x80 ? 0 : 1);
  return Array.from(offsets, (offset) => before[offset]);
}

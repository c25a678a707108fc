/** Reads `.tiktoken` files: one token a line, its bytes in base64 and its rank. */
import { describe, invalidArgument, MerganserError } from '../../errors';
import { AddedTokens } from '../added-tokens';
import type { TokenizerDefinition } from '../definition';
import { knownEncoding } from '../encodings';
import type { EncodingRanks } from '../encodings/ranks-file';
import type { AddedToken, TiktokenOptions } from '../types';
import { ByteVocabulary } from '../vocabulary';
import { tiktokenBpeSpec } from './bpe-spec';
import { utf8Text } from './json-text';

const LINE = /^\s*(\S+)\s+([0-9]+)\s*$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{4}|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{2}==)$/;
/** See bpe-model.ts. */
const MAX_ID = (1 << 24) - 1;

/** Parses a `.tiktoken` file. Throws MALFORMED_FILE for lines that are not a token and a rank, INVALID_TOKENIZER if tokens or ranks repeat. */
export function parseTiktokenFile(contents: Uint8Array, name = 'the .tiktoken file'): EncodingRanks {
  const lines = utf8Text(contents, name).split(/\r\n|\r|\n/);
  const seen = new Set<string>();
  const tokens: string[] = [];
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index];
    if (line === '') continue;
    const [, base64 = '', digits = ''] = LINE.exec(line) ?? [];
    const rank = Number(digits);
    if (!BASE64.test(base64) || digits === '' || rank > MAX_ID) {
      throw new MerganserError(
        'MALFORMED_FILE',
        `Expected line ${index + 1} of ${name} to be base64, a space and a rank up to ${MAX_ID}, but got ${describe(line)}.`,
      );
    }
    const token = atob(base64);
    if (seen.has(token))
      throw new MerganserError('INVALID_TOKENIZER', `Expected every token of ${name} once, but line ${index + 1} repeats ${base64}.`);
    if (tokens[rank] !== undefined)
      throw new MerganserError('INVALID_TOKENIZER', `Expected every rank of ${name} once, but line ${index + 1} repeats ${rank}.`);
    seen.add(token);
    tokens[rank] = token;
  }
  if (seen.size === 0) throw new MerganserError('MALFORMED_FILE', `Expected ${name} to hold tokens, but it is empty.`);
  return packTokens(tokens);
}

function packTokens(tokens: ReadonlyArray<string | undefined>): EncodingRanks {
  const tokenOffsets = new Uint32Array(tokens.length + 1);
  for (let rank = 0; rank < tokens.length; rank++) tokenOffsets[rank + 1] = tokenOffsets[rank] + (tokens[rank]?.length ?? 0);
  const tokenBytes = new Uint8Array(tokenOffsets[tokens.length]);
  for (let rank = 0; rank < tokens.length; rank++) {
    const token = tokens[rank] ?? '';
    for (let i = 0; i < token.length; i++) tokenBytes[tokenOffsets[rank] + i] = token.charCodeAt(i);
  }
  return { tokenBytes, tokenOffsets };
}

/** A tokenizer with a known encoding's pattern and special tokens, or with those given. */
export function tiktokenDefinition(ranks: EncodingRanks, options: TiktokenOptions): TokenizerDefinition {
  const { pattern, specialTokens } = splitOf(options);
  const vocabulary = new ByteVocabulary(ranks);
  const spec = tiktokenBpeSpec(ranks);
  const missing = spec.byteIds.indexOf(-1);
  if (missing >= 0) {
    throw new MerganserError(
      'INVALID_TOKENIZER',
      `Expected a token for each single byte, but 0x${missing.toString(16).padStart(2, '0')} has none: texts that hold it could not be encoded.`,
    );
  }
  const addedTokens = new AddedTokens(vocabulary);
  addedTokens.addWithIds(specialTokens.map(([content, id]) => specialToken(content, id, vocabulary)));
  return {
    flavor: 'tiktoken',
    model: {
      kind: 'bpe',
      vocabulary,
      settings: {
        unkToken: null,
        continuingSubwordPrefix: null,
        endOfWordSuffix: null,
        fuseUnk: false,
        byteFallback: false,
        ignoreMerges: true,
      },
      merges: null,
      spec,
      input: 'bytes',
    },
    addedTokens,
    normalizer: null,
    preTokenizer: null,
    postProcessor: null,
    decoder: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: false, use_regex: false },
    split: { pattern },
    truncation: null,
    padding: null,
  };
}

function splitOf(options: TiktokenOptions): { pattern: string; specialTokens: ReadonlyArray<readonly [string, number]> } {
  const known = options.encoding === undefined ? null : knownEncoding(options.encoding);
  const pattern = options.pattern ?? known?.pattern;
  if (typeof pattern !== 'string') {
    throw invalidArgument('options', 'to name an encoding or give a pattern: a .tiktoken file holds neither', options);
  }
  if (options.specialTokens === undefined) return { pattern, specialTokens: known?.specialTokens ?? [] };
  const specialTokens = Object.entries(options.specialTokens);
  checkOwnIds(specialTokens);
  return { pattern, specialTokens };
}

/** Of OpenAI's encodings one has two names for an id; what a user gives is taken for a mistake. */
function checkOwnIds(specialTokens: ReadonlyArray<readonly [string, number]>): void {
  const owners = new Map<number, string>();
  for (const [content, id] of specialTokens) {
    const owner = owners.get(id);
    if (owner !== undefined) {
      throw new MerganserError(
        'INVALID_TOKENIZER',
        `Expected every special token to have an id of its own, but ${JSON.stringify(owner)} and ${JSON.stringify(content)} both have ${id}.`,
      );
    }
    owners.set(id, content);
  }
}

function specialToken(content: string, id: number, vocabulary: ByteVocabulary): AddedToken {
  if (!Number.isInteger(id) || id < 0 || id > MAX_ID)
    throw invalidArgument(`specialTokens[${JSON.stringify(content)}]`, `an integer from 0 to ${MAX_ID}`, id);
  if (content === '') throw invalidArgument('specialTokens', 'non-empty texts by id', content);
  const owner = vocabulary.token(id);
  if (owner !== undefined) {
    throw new MerganserError(
      'INVALID_TOKENIZER',
      `Expected the special token ${JSON.stringify(content)} to have an id of its own, but ${id} is the rank of ${JSON.stringify(owner)}.`,
    );
  }
  return { content, id, special: true, singleWord: false, lstrip: false, rstrip: false, normalized: false };
}

/** Reads and checks a BPE model of tokenizer.json. */
import type { BpeSpec } from '../../backend/kernels';
import { MerganserError } from '../../errors';
import type { BpeModel, BpeSettings } from '../definition';
import { StringVocabulary, type Vocabulary } from '../vocabulary';
import { type BpeParts, byteBpeSpec, endsInByteLevel, textBpeSpec } from './bpe-spec';
import { invalidTokenizer, isJsonObject, type JsonFields } from './json-fields';
import { readEvents } from './merge-events';
import type { ScannedTokenizer } from './model-scanner';

/** Larger ids are taken for damage: tables by id would need gigabytes. The largest real vocabularies have about 300,000 tokens. */
const MAX_ID = (1 << 24) - 1;
const LONE_SURROGATE = /[\ud800-\udfff]/u;

/** `scanned`: vocabulary and merges, if they have been read already. */
export function readBpeModel(fields: JsonFields, scanned: ScannedTokenizer | null, normalizer: unknown, preTokenizer: unknown): BpeModel {
  const settings = readSettings(fields);
  const { vocabulary, merges } = scanned ?? readVocabAndMerges(fields, settings.continuingSubwordPrefix ?? '');
  const supermerges =
    fields.get('type') === 'BoundlessBPE'
      ? resolveMerges(fields.array('supermerges'), vocabulary, '', fields.pathOf('supermerges'))
      : undefined;
  const events =
    fields.get('type') === 'PickyBPE'
      ? readEvents(fields.array('events'), vocabulary, settings.continuingSubwordPrefix ?? '', fields.pathOf('events'))
      : undefined;
  return buildBpeModel({ vocabulary, merges, settings, supermerges, events }, normalizer, preTokenizer);
}

/** Decides what the model reads, and checks what depends on that. */
export function buildBpeModel(parts: BpeParts, normalizer: unknown, preTokenizer: unknown): BpeModel {
  const { settings, vocabulary, merges } = parts;
  const input = modelInput(settings, normalizer, preTokenizer);
  const spec = input === 'bytes' ? byteBpeSpec(parts) : textBpeSpec(parts);
  const complete = input === 'bytes' && !spec.byteIds.includes(-1);
  if (settings.unkToken !== null && spec.unkId < 0 && !complete) {
    throw new MerganserError(
      'INVALID_TOKENIZER',
      `Expected model.unk_token to be in the vocabulary, but ${JSON.stringify(settings.unkToken)} is not.`,
    );
  }
  if (settings.byteFallback && input === 'bytes' && !complete) {
    throw new MerganserError('UNSUPPORTED', 'byte_fallback is not supported in a byte-level model that lacks tokens for some bytes.');
  }
  checkByteTokens(parts, spec);
  return { kind: 'bpe', vocabulary, settings, merges, supermerges: parts.supermerges, events: parts.events, spec, input };
}

/** A token that falls into others must have one length, whether it stands for its name or for a byte. */
function checkByteTokens({ events, settings }: BpeParts, { byteIds }: BpeSpec): void {
  if (events === undefined || !settings.byteFallback) return;
  const bytes = new Set(byteIds);
  if (events.merges.some((id, i) => i % 3 === 2 && bytes.has(id)))
    throw new MerganserError('UNSUPPORTED', 'Tokens such as <0x41> may not be made by merges where tokens are taken back (PickyBPE).');
}

/** The same, but what encoding needs is made, and checked, when it is first asked for. */
export function lazyBpeModel(parts: BpeParts, normalizer: unknown, preTokenizer: unknown): BpeModel {
  const { settings, vocabulary, merges } = parts;
  let spec: BpeModel['spec'] | undefined;
  return {
    kind: 'bpe',
    vocabulary,
    settings,
    merges,
    supermerges: parts.supermerges,
    events: parts.events,
    input: modelInput(settings, normalizer, preTokenizer),
    get spec() {
      return (spec ??= buildBpeModel(parts, normalizer, preTokenizer).spec);
    },
  };
}

/** Prefixes and suffixes are glued to characters of the printable alphabet, so models with them read text. */
function modelInput(settings: BpeSettings, normalizer: unknown, preTokenizer: unknown): BpeModel['input'] {
  const affixes = (settings.continuingSubwordPrefix ?? '') + (settings.endOfWordSuffix ?? '');
  return endsInByteLevel(normalizer, preTokenizer) && affixes === '' ? 'bytes' : 'text';
}

function readSettings(fields: JsonFields): BpeSettings {
  const dropout = fields.get('dropout') ?? null;
  if (dropout !== null && dropout !== 0) {
    if (typeof dropout !== 'number' || !(dropout > 0 && dropout <= 1)) throw fields.error('dropout', 'null or a number from 0 to 1');
    throw new MerganserError(
      'UNSUPPORTED',
      `A model with dropout (${dropout}) encodes at random and cannot be reproduced; set "dropout" to null, and pass the options dropout and seed where it is wanted.`,
    );
  }
  return {
    unkToken: fields.nullableString('unk_token'),
    continuingSubwordPrefix: fields.nullableString('continuing_subword_prefix'),
    endOfWordSuffix: fields.nullableString('end_of_word_suffix'),
    fuseUnk: fields.boolean('fuse_unk', false),
    byteFallback: fields.boolean('byte_fallback', false),
    ignoreMerges: fields.boolean('ignore_merges', false),
  };
}

function readVocabAndMerges(fields: JsonFields, prefix: string): { vocabulary: StringVocabulary; merges: Uint32Array } {
  const vocab = fields.get('vocab');
  if (!isJsonObject(vocab)) throw fields.error('vocab', 'an object of ids by token');
  const vocabulary = readVocab(vocab, fields.pathOf('vocab'));
  return { vocabulary, merges: resolveMerges(fields.array('merges'), vocabulary, prefix, fields.pathOf('merges')) };
}

/** Checks ids by token, and turns them round. */
export function readVocab(vocab: { readonly [token: string]: unknown }, path: string): StringVocabulary {
  const names = Object.keys(vocab);
  const ids = new Map<string, number>();
  let bound = 0;
  for (const token of names) {
    const id = vocab[token];
    if (typeof id !== 'number' || !Number.isInteger(id) || id < 0 || id > MAX_ID) {
      throw invalidTokenizer(`${path}[${JSON.stringify(token)}]`, `an integer from 0 to ${MAX_ID}`, id);
    }
    if (LONE_SURROGATE.test(token)) {
      throw new MerganserError(
        'INVALID_TOKENIZER',
        `Expected the tokens of ${path} to be Unicode text, but ${JSON.stringify(token)} holds a lone surrogate.`,
      );
    }
    ids.set(token, id);
    if (id >= bound) bound = id + 1;
  }
  const tokens = new Array<string | undefined>(bound).fill(undefined);
  for (const [token, id] of ids) {
    const other = tokens[id];
    if (other !== undefined) {
      throw new MerganserError(
        'INVALID_TOKENIZER',
        `Expected every token of ${path} to have an id of its own, but ${JSON.stringify(other)} and ${JSON.stringify(token)} both have ${id}.`,
      );
    }
    tokens[id] = token;
  }
  return new StringVocabulary(ids, tokens);
}

/** Merges as "a b" or [a, b], resolved to (left, right, product) ids. Lines that begin with "#version" do not count. */
export function resolveMerges(merges: readonly unknown[], vocabulary: Vocabulary, prefix: string, path: string): Uint32Array {
  const triples = new Uint32Array(merges.length * 3);
  let end = 0;
  for (let index = 0; index < merges.length; index++) {
    const merge = merges[index];
    if (typeof merge === 'string' && merge.startsWith('#version')) continue;
    const [left, right] = mergePair(merge, `${path}[${index}]`);
    const leftId = vocabulary.id(left);
    const rightId = vocabulary.id(right);
    if (leftId === undefined || rightId === undefined) throw unknownInMerge(path, index, leftId === undefined ? left : right);
    const product = left + (prefix === '' ? right : withoutPrefix(right, prefix, `${path}[${index}]`));
    const productId = vocabulary.id(product);
    if (productId === undefined) throw unknownInMerge(path, index, product);
    triples[end++] = leftId;
    triples[end++] = rightId;
    triples[end++] = productId;
  }
  return end === triples.length ? triples : triples.slice(0, end);
}

function mergePair(merge: unknown, path: string): readonly [string, string] {
  if (typeof merge === 'string') {
    const space = merge.indexOf(' ');
    if (space >= 0 && merge.indexOf(' ', space + 1) < 0) return [merge.slice(0, space), merge.slice(space + 1)];
    throw invalidTokenizer(path, 'two tokens with one space in between', merge);
  }
  if (Array.isArray(merge) && merge.length === 2 && typeof merge[0] === 'string' && typeof merge[1] === 'string') {
    return merge as [string, string];
  }
  throw invalidTokenizer(path, 'a pair of tokens', merge);
}

function withoutPrefix(token: string, prefix: string, path: string): string {
  if (!token.startsWith(prefix)) throw invalidTokenizer(path, `a pair whose second token begins with ${JSON.stringify(prefix)}`, token);
  return token.slice(prefix.length);
}

function unknownInMerge(path: string, index: number, token: string): MerganserError {
  return new MerganserError(
    'INVALID_TOKENIZER',
    `Expected ${path}[${index}] to be about tokens of the vocabulary, but ${JSON.stringify(token)} is not one.`,
  );
}

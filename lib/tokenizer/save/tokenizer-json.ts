/** Writes tokenizer.json, the format of Hugging Face's `tokenizers`. */
import { MerganserError } from '../../errors';
import type { BpeModel, ResolvedPadding, ResolvedTruncation, TokenizerDefinition } from '../definition';
import type { AddedTokens } from '../added-tokens';
import type { AddedToken } from '../types';
import type { Vocabulary } from '../vocabulary';
import { tiktokenMerges } from './tiktoken-merges';
import { writeEvents } from '../load/merge-events';
import { onigurumaPattern } from './oniguruma-pattern';

/** What a tokenizer.json holds, its two long parts apart. */
export interface TokenizerFile {
  /** The object, with `vocab` and `merges` of its model empty. They are the last of the model's fields, and the model is the last of the object's. */
  readonly outer: Record<string, unknown> & { readonly model: Record<string, unknown> };
  readonly vocabulary: Vocabulary;
  /** Further tokens of the vocabulary. */
  readonly specials: readonly AddedToken[];
  /** left, right, product ids. */
  readonly merges: Uint32Array;
}

/**
 * Throws UNSUPPORTED for what the format has no place for. A second name of one id is left out: there can be only one (o200k_harmony calls 200018 both
 * `<|endofprompt|>` and `<|reserved_200018|>`).
 */
export function tokenizerFile(definition: TokenizerDefinition): TokenizerFile {
  const { model, addedTokens } = definition;
  const { vocabulary } = model;
  // Hugging Face numbers added tokens on from the vocabulary's size; those of tiktoken keep their ids only as tokens of the model.
  const specials = model.merges === null ? withoutSecondNames(addedTokens) : [];
  for (const { content } of specials) checkFree(vocabulary, content);
  return {
    outer: {
      version: '1.0',
      truncation: definition.truncation && writeTruncation(definition.truncation),
      padding: definition.padding && writePadding(definition.padding),
      added_tokens: writeAddedTokens(definition),
      normalizer: definition.normalizer,
      pre_tokenizer: definition.split === null ? definition.preTokenizer : writeSplit(definition.split.pattern),
      post_processor: definition.postProcessor,
      decoder: definition.decoder,
      model: writeModel(model),
    },
    vocabulary,
    specials,
    merges: model.merges ?? tiktokenMerges(model.spec),
  };
}

/** The object of tokenizer.json. Throws UNSUPPORTED. */
export function toTokenizerJson(definition: TokenizerDefinition): Record<string, unknown> {
  const { outer, vocabulary, specials, merges } = tokenizerFile(definition);
  const vocab: Record<string, number> = {};
  for (let id = 0; id < vocabulary.idBound; id++) {
    const token = vocabulary.token(id);
    if (token !== undefined) setOwn(vocab, token, id);
  }
  for (const { content, id } of specials) setOwn(vocab, content, id);
  return { ...outer, model: { ...outer.model, vocab, merges: writeMerges(merges, vocabulary) } };
}

function writeTruncation({ direction, maxLength, strategy, stride }: ResolvedTruncation): object {
  return { direction: capitalized(direction), max_length: maxLength, strategy: capitalized(strategy), stride };
}

function writePadding({ length, direction, multipleOf, padId, padTypeId, padToken }: ResolvedPadding): object {
  return {
    strategy: length === 'longest' ? 'BatchLongest' : { Fixed: length },
    direction: capitalized(direction),
    pad_to_multiple_of: multipleOf === 0 ? null : multipleOf,
    pad_id: padId,
    pad_type_id: padTypeId,
    pad_token: padToken,
  };
}

function capitalized(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}

function writeAddedTokens({ addedTokens }: TokenizerDefinition): object[] {
  return withoutSecondNames(addedTokens).map(({ id, content, singleWord, lstrip, rstrip, normalized, special }) => ({
    id,
    content,
    single_word: singleWord,
    lstrip,
    rstrip,
    normalized,
    special,
  }));
}

/** tiktoken drops what the pattern does not match. */
function writeSplit(pattern: string): object {
  return {
    type: 'Sequence',
    pretokenizers: [
      { type: 'Split', pattern: { Regex: onigurumaPattern(pattern) }, behavior: 'Removed', invert: true },
      { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false },
    ],
  };
}

/** Readers that do not know of supermerges or removals do not know the type either. */
function writeModel({ settings, supermerges, events, vocabulary }: BpeModel): Record<string, unknown> {
  return {
    type: supermerges !== undefined ? 'BoundlessBPE' : events !== undefined ? 'PickyBPE' : 'BPE',
    dropout: null,
    unk_token: settings.unkToken,
    continuing_subword_prefix: settings.continuingSubwordPrefix,
    end_of_word_suffix: settings.endOfWordSuffix,
    fuse_unk: settings.fuseUnk,
    byte_fallback: settings.byteFallback,
    ignore_merges: settings.ignoreMerges,
    ...(supermerges === undefined ? {} : { supermerges: writeMerges(supermerges, vocabulary) }),
    ...(events === undefined ? {} : { events: writeEvents(events, vocabulary) }),
    vocab: {},
    merges: [],
  };
}

function withoutSecondNames(added: AddedTokens): readonly AddedToken[] {
  return added.list.filter((token) => added.get(token.id) === token);
}

function checkFree(vocabulary: Vocabulary, content: string): void {
  if (vocabulary.id(content) === undefined) return;
  throw new MerganserError(
    'UNSUPPORTED',
    `tokenizer.json cannot hold the special token ${JSON.stringify(content)} beside an ordinary token of the same name.`,
  );
}

/** Assignment, except that it sets a property of the object itself whatever its name is. */
function setOwn(object: Record<string, number>, name: string, value: number): void {
  if (name === '__proto__') Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true });
  else object[name] = value;
}

function writeMerges(merges: Uint32Array, vocabulary: Vocabulary): Array<[string, string]> {
  const pairs: Array<[string, string]> = [];
  for (let i = 0; i < merges.length; i += 3) pairs.push([vocabulary.token(merges[i])!, vocabulary.token(merges[i + 1])!]);
  return pairs;
}

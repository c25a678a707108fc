/** Reads tokenizer.json, the format of Hugging Face's `tokenizers`. */
import type { Kernels } from '../../backend/kernels';
import { MerganserError } from '../../errors';
import { AddedTokens, type NewToken } from '../added-tokens';
import type { Model, ResolvedPadding, ResolvedTruncation, TokenizerDefinition } from '../definition';
import { isBytes } from '../text-input';
import { encodeUtf8 } from '../utf8';
import { readBpeModel } from './bpe-model';
import { checkNesting, invalidTokenizer, isJsonObject, JsonFields, ownField } from './json-fields';
import { parseJson, utf8Text } from './json-text';
import { type ScannedTokenizer, scanTokenizerJson } from './model-scanner';

const MAX_UINT32 = 0xffff_ffff;

/** Reads the bytes or the text of a tokenizer.json, or the object it parses to. `kernels`: what may read it faster. Throws MALFORMED_FILE, INVALID_TOKENIZER or UNSUPPORTED. */
export function readTokenizerJson(
  json: Uint8Array | string | object,
  name = 'tokenizer.json',
  kernels: Kernels | null = null,
): TokenizerDefinition {
  const bytes = typeof json === 'string' ? encodeUtf8(json) : isBytes(json) ? json : null;
  const scanned = bytes === null ? null : scanTokenizerJson(bytes, kernels);
  const fields = JsonFields.of(scanned?.json ?? (bytes === null ? json : parseJson(utf8Text(bytes, name), name)), '');
  const version = fields.get('version');
  if (version !== undefined && version !== '1.0') throw fields.error('version', 'the string "1.0"');

  const [normalizer, preTokenizer, postProcessor, decoder] = ['normalizer', 'pre_tokenizer', 'post_processor', 'decoder'].map((part) =>
    component(fields, part),
  );
  const model = readModel(fields.fields('model'), scanned, normalizer, preTokenizer);
  return {
    flavor: 'huggingface',
    model,
    addedTokens: readAddedTokens(fields, model),
    normalizer,
    preTokenizer,
    postProcessor,
    decoder,
    split: null,
    truncation: readTruncation(fields),
    padding: readPadding(fields),
  };
}

/** A part that other modules read; here only its outer shape is checked. */
function component(fields: JsonFields, name: string): unknown {
  const value = fields.get(name) ?? null;
  if (value !== null && !isJsonObject(value)) throw fields.error(name, 'an object or null');
  checkNesting(value, name);
  return value;
}

function readModel(model: JsonFields, scanned: ScannedTokenizer | null, normalizer: unknown, preTokenizer: unknown): Model {
  const type = model.get('type') ?? inferModelType(model);
  switch (type) {
    case 'BPE':
    case 'BoundlessBPE':
    case 'PickyBPE':
      return readBpeModel(model, scanned, normalizer, preTokenizer);
    case 'WordPiece':
    case 'WordLevel':
    case 'Unigram':
      throw new MerganserError('UNSUPPORTED', `Models of type ${type as string} are not supported; only BPE is.`);
    default:
      throw model.error('type', '"BPE"');
  }
}

/** Files of early versions name no type; the library then takes the first model whose fields fit. */
function inferModelType(model: JsonFields): string {
  if (model.has('vocab') && model.has('merges')) return 'BPE';
  if (Array.isArray(model.get('vocab'))) return 'Unigram';
  if (isJsonObject(model.get('vocab'))) return model.has('max_input_chars_per_word') ? 'WordPiece' : 'WordLevel';
  throw invalidTokenizer('model', 'a model with "vocab" and "merges"', model.object);
}

/**
 * The library ignores the ids in the file and numbers added tokens itself; so do we. But a file whose ids contradict each other or the
 * vocabulary is refused: whatever it meant, it would not get it.
 */
function readAddedTokens(fields: JsonFields, model: Model): AddedTokens {
  const added = new AddedTokens(model.vocabulary);
  if (fields.get('added_tokens') === undefined) return added;
  const contentsById = new Map<number, string>();
  const tokens: NewToken[] = [];
  for (const [index, entry] of fields.array('added_tokens').entries()) {
    const token = JsonFields.of(entry, `added_tokens[${index}]`);
    const content = token.string('content');
    const id = token.integer('id', MAX_UINT32);
    const owner = contentsById.get(id) ?? model.vocabulary.token(id) ?? content;
    if (owner !== content)
      throw token.error('id', `an id of its own; it is that of ${JSON.stringify(owner)}, and the token is ${JSON.stringify(content)}`);
    const ownId = model.vocabulary.id(content) ?? id;
    if (ownId !== id) throw token.error('id', `${ownId}, the id of ${JSON.stringify(content)} in the vocabulary`);
    contentsById.set(id, content);
    tokens.push({
      content,
      special: token.boolean('special'),
      singleWord: token.boolean('single_word'),
      lstrip: token.boolean('lstrip'),
      rstrip: token.boolean('rstrip'),
      normalized: token.boolean('normalized'),
    });
  }
  added.add(tokens);
  return added;
}

function readTruncation(parent: JsonFields): ResolvedTruncation | null {
  if ((parent.get('truncation') ?? null) === null) return null;
  const fields = parent.fields('truncation');
  const strategies = { LongestFirst: 'longestFirst', OnlyFirst: 'onlyFirst', OnlySecond: 'onlySecond' } as const;
  return {
    maxLength: fields.integer('max_length', Number.MAX_SAFE_INTEGER),
    strategy: strategies[fields.oneOf('strategy', ['LongestFirst', 'OnlyFirst', 'OnlySecond'])],
    stride: fields.integer('stride', Number.MAX_SAFE_INTEGER),
    direction: fields.oneOf('direction', ['Left', 'Right'], 'Right') === 'Left' ? 'left' : 'right',
  };
}

function readPadding(parent: JsonFields): ResolvedPadding | null {
  if ((parent.get('padding') ?? null) === null) return null;
  const fields = parent.fields('padding');
  return {
    length: readPaddingLength(fields),
    direction: fields.oneOf('direction', ['Left', 'Right']) === 'Left' ? 'left' : 'right',
    multipleOf: fields.integer('pad_to_multiple_of', MAX_UINT32, 0),
    padId: fields.integer('pad_id', MAX_UINT32),
    padTypeId: fields.integer('pad_type_id', MAX_UINT32),
    padToken: fields.string('pad_token'),
  };
}

function readPaddingLength(fields: JsonFields): 'longest' | number {
  const strategy = fields.get('strategy');
  if (strategy === 'BatchLongest') return 'longest';
  const length = isJsonObject(strategy) ? ownField(strategy, 'Fixed') : undefined;
  if (typeof length !== 'number' || !Number.isInteger(length) || length < 0 || length > MAX_UINT32) {
    throw fields.error('strategy', '"BatchLongest" or {"Fixed": length}');
  }
  return length;
}

/** From the `pre_tokenizer` of tokenizer.json to a pre-tokenizer. */
import type { SplitBehavior } from '../../backend/kernels';
import { MerganserError } from '../../errors';
import { JsonFields } from '../load/json-fields';
import type { ComponentContext } from '../normalizers/normalizer';
import { createMatcher, readPattern } from '../text-matcher';
import { isNumeric, isPunctuation, isWhitespace } from '../unicode/predicates';
import { ByteLevel, GPT2_PATTERN } from './byte-level';
import { FixedLength } from './fixed-length';
import { Metaspace, type PrependScheme } from './metaspace';
import type { PreTokenizer } from './pre-tokenizer';
import { PreTokenizerSequence } from './sequence';
import { CharacterSplit, PatternSplit } from './split';
import { ScriptSplit } from './script-split';
import { WordSplit } from './word-split';

const BEHAVIORS: Readonly<Record<string, SplitBehavior>> = {
  Removed: 'removed',
  Isolated: 'isolated',
  MergedWithPrevious: 'mergedWithPrevious',
  MergedWithNext: 'mergedWithNext',
  Contiguous: 'contiguous',
};
const DEFAULT_FIXED_LENGTH = 5;

export interface PreTokenizerContext extends ComponentContext {
  /** The model takes raw bytes: a ByteLevel that comes last leaves them as they are. */
  readonly rawBytes: boolean;
}

/**
 * @param definition the object of tokenizer.json; null: there is none.
 * @throws MerganserError UNSUPPORTED for a type that is not known, INVALID_TOKENIZER for fields that are not what they must be,
 * INVALID_PATTERN for regular expressions.
 */
export function createPreTokenizer(definition: unknown, context: PreTokenizerContext, path = 'pre_tokenizer'): PreTokenizer | null {
  if (definition === null || definition === undefined) return null;
  const fields = JsonFields.of(definition, path);
  const type = fields.string('type');
  switch (type) {
    case 'Sequence':
      return new PreTokenizerSequence(createSteps(fields, context));
    case 'ByteLevel':
      return createByteLevel(fields, context);
    case 'Split':
      return new PatternSplit(createMatcher(readPattern(fields), context.kernels), readBehavior(fields), fields.boolean('invert'));
    case 'Digits':
      return new CharacterSplit(isNumeric, fields.boolean('individual_digits') ? 'isolated' : 'contiguous');
    case 'Punctuation':
      return new CharacterSplit(isPunctuation, readBehavior(fields, 'Isolated'));
    case 'Metaspace':
      return createMetaspace(fields);
    case 'Whitespace':
      return new WordSplit();
    case 'WhitespaceSplit':
      return new CharacterSplit(isWhitespace, 'removed');
    case 'BertPreTokenizer':
      return new PreTokenizerSequence([new CharacterSplit(isWhitespace, 'removed'), new CharacterSplit(isPunctuation, 'isolated')]);
    case 'UnicodeScripts':
      return new ScriptSplit();
    case 'CharDelimiterSplit':
      return createDelimiterSplit(fields);
    case 'FixedLength':
      return createFixedLength(fields);
    default:
      throw new MerganserError('UNSUPPORTED', `Pre-tokenizers of type ${JSON.stringify(type)} (${path}) are not supported.`);
  }
}

/** The behaviour of a split; INVALID_TOKENIZER if it is not one. */
export function readBehavior(fields: JsonFields, fallback?: string): SplitBehavior {
  return BEHAVIORS[fields.oneOf('behavior', Object.keys(BEHAVIORS), fallback)];
}

/** Steps of a sequence. Only the last can be the one that the model's bytes come from. */
function createSteps(fields: JsonFields, context: PreTokenizerContext): PreTokenizer[] {
  const steps = fields.array('pretokenizers');
  return steps.map((step, index) => {
    const path = `${fields.pathOf('pretokenizers')}[${index}]`;
    const stepContext = { ...context, rawBytes: context.rawBytes && index === steps.length - 1 };
    return createPreTokenizer(JsonFields.of(step, path).object, stepContext, path)!;
  });
}

function createByteLevel(fields: JsonFields, { kernels, rawBytes }: PreTokenizerContext): PreTokenizer {
  // Belongs to post-processing, but is demanded here too.
  fields.boolean('trim_offsets');
  const useRegex = fields.boolean('use_regex', true);
  return new ByteLevel({
    addPrefixSpace: fields.boolean('add_prefix_space'),
    matcher: useRegex ? createMatcher({ kind: 'Regex', source: GPT2_PATTERN }, kernels) : null,
    rawBytes,
  });
}

function createMetaspace(fields: JsonFields): PreTokenizer {
  return new Metaspace({
    replacement: fields.character('replacement').codePointAt(0)!,
    prependScheme: readPrependScheme(fields),
    split: fields.boolean('split', true),
  });
}

/** `add_prefix_space` is the older form of `prepend_scheme`; false must not contradict it. */
export function readPrependScheme(fields: JsonFields): PrependScheme {
  const scheme = fields.oneOf('prepend_scheme', ['always', 'first', 'never'] as const, 'always');
  if ((fields.get('add_prefix_space') ?? null) !== null && !fields.boolean('add_prefix_space') && scheme !== 'never') {
    throw fields.error('add_prefix_space', `true, as prepend_scheme is "${scheme}"`);
  }
  return scheme;
}

function createDelimiterSplit(fields: JsonFields): PreTokenizer {
  const delimiter = fields.character('delimiter').codePointAt(0)!;
  return new CharacterSplit((codePoint) => codePoint === delimiter, 'removed');
}

function createFixedLength(fields: JsonFields): PreTokenizer {
  return new FixedLength(readLength(fields));
}

/** Characters per piece of FixedLength. */
export function readLength(fields: JsonFields): number {
  const length = fields.integer('length', Number.MAX_SAFE_INTEGER, DEFAULT_FIXED_LENGTH);
  if (length === 0) throw fields.error('length', 'at least 1');
  return length;
}

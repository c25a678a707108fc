/** From the `normalizer` of tokenizer.json to a normalizer. */
import { MerganserError } from '../../errors';
import { JsonFields } from '../load/json-fields';
import { createMatcher, readPattern } from '../text-matcher';
import { encodeUtf8 } from '../utf8';
import { ByteLevelNormalizer } from './byte-level';
import { bertSteps, LOWERCASE, NMT, STRIP_ACCENTS } from './characters';
import { Charsmap } from './charsmap';
import type { ComponentContext, Normalizer } from './normalizer';
import { Precompiled } from './precompiled';
import { Prepend } from './prepend';
import { Replace } from './replace';
import { NormalizerSequence } from './sequence';
import { Strip } from './strip';
import { UnicodeForm } from './unicode-form';

/**
 * @param definition the object of tokenizer.json; null: there is none.
 * @throws MerganserError UNSUPPORTED for a type that is not known, INVALID_TOKENIZER for fields that are not what they must be,
 * INVALID_PATTERN for regular expressions.
 */
export function createNormalizer(definition: unknown, context: ComponentContext, path = 'normalizer'): Normalizer | null {
  if (definition === null || definition === undefined) return null;
  const fields = JsonFields.of(definition, path);
  const type = fields.string('type');
  switch (type) {
    case 'Sequence':
      return new NormalizerSequence(createSteps(fields, context));
    case 'NFC':
    case 'NFD':
    case 'NFKC':
    case 'NFKD':
      return new UnicodeForm(type);
    case 'Lowercase':
      return LOWERCASE;
    case 'StripAccents':
      return STRIP_ACCENTS;
    case 'Nmt':
      return NMT;
    case 'Strip':
      return new Strip(fields.boolean('strip_left'), fields.boolean('strip_right'));
    case 'Prepend':
      return new Prepend(encodeUtf8(fields.string('prepend')));
    case 'Replace':
      return new Replace(createMatcher(readPattern(fields), context.kernels), encodeUtf8(fields.string('content')));
    case 'ByteLevel':
      return new ByteLevelNormalizer();
    case 'Precompiled':
      return new Precompiled(Charsmap.parse(decodeBase64(fields)));
    case 'Bert':
    case 'BertNormalizer':
      return createBert(fields);
    default:
      throw new MerganserError('UNSUPPORTED', `Normalizers of type ${JSON.stringify(type)} (${path}) are not supported.`);
  }
}

function createSteps(fields: JsonFields, context: ComponentContext): Normalizer[] {
  return fields.array('normalizers').map((step, index) => {
    const path = `${fields.pathOf('normalizers')}[${index}]`;
    return createNormalizer(JsonFields.of(step, path).object, context, path)!;
  });
}

function createBert(fields: JsonFields): Normalizer {
  const lowercase = fields.boolean('lowercase');
  return new NormalizerSequence(
    bertSteps({
      cleanText: fields.boolean('clean_text'),
      handleChineseChars: fields.boolean('handle_chinese_chars'),
      stripAccents: fields.boolean('strip_accents', lowercase),
      lowercase,
    }),
  );
}

function decodeBase64(fields: JsonFields): Uint8Array {
  const text = fields.string('precompiled_charsmap');
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    throw fields.error('precompiled_charsmap', 'base64');
  }
}

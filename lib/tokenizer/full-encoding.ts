/** Encoding with everything that is known about each token. */
import type { EncodeSettings } from './encode-options';
import { type EncodingPart, joinParts, withSequence, withTypeIds } from './encoding-parts';
import type { Engine } from './engine';
import type { GeneralEncoding } from './general-path';
import { toUtf16Offsets } from './offsets';
import { padParts } from './padding';
import { checkText, textBytes } from './text-input';
import { roomForText, truncateParts } from './truncation';
import type { TextInput } from './types';
import { decodeUtf8 } from './utf8';

/** A text or a pair, truncated and post-processed. Padding depends on the batch and is left to `padFull`. */
export function encodeFull(engine: Engine, text: TextInput, pair: TextInput | undefined, settings: EncodeSettings): EncodingPart {
  checkText(text);
  if (pair !== undefined) checkText(pair, 'pair');
  const parts = (pair === undefined ? [text] : [text, pair]).map((input, index) => encodePart(engine, input, index, settings));
  return postProcess(engine, truncate(engine, parts, settings), settings.addSpecialTokens);
}

/** Pads encodings to one length, if the settings say so. */
export function padFull(parts: readonly EncodingPart[], { padding }: EncodeSettings): readonly EncodingPart[] {
  return padding === null ? parts : padParts(parts, padding);
}

function encodePart(engine: Engine, input: TextInput, sequence: number, settings: EncodeSettings): EncodingPart {
  const text = textBytes(input, settings.invalidUtf8);
  const { ids, spans, wordIds, addedTexts } = engine.encodeGeneral(text, settings.control, true, settings.dropout);
  const { length } = ids;
  return {
    ids,
    tokens: tokenStrings(engine, ids, addedTexts),
    offsets: toUtf16Offsets(text, spans!),
    byteOffsets: spans!,
    wordIds: wordIds!,
    typeIds: new Uint32Array(length).fill(sequence),
    specialTokensMask: new Uint8Array(length),
    attentionMask: new Uint8Array(length).fill(1),
    overflowing: [],
    ranges: new Map(),
  };
}

/** An added token is shown as it was found, with the white space it takes along, and a token of the model as it stands in its vocabulary, as in Hugging Face. */
function tokenStrings(engine: Engine, ids: Uint32Array, addedTexts: GeneralEncoding['addedTexts']): string[] {
  const { vocabulary } = engine.definition.model;
  const tokens: string[] = [];
  for (let i = 0; i < ids.length; i++) tokens.push(vocabulary.token(ids[i]) ?? '');
  for (const [index, text] of addedTexts) tokens[index] = decodeUtf8(text);
  return tokens;
}

function truncate(engine: Engine, parts: readonly EncodingPart[], settings: EncodeSettings): readonly EncodingPart[] {
  if (settings.truncation === null) return parts;
  const added = settings.addSpecialTokens ? (engine.postProcessor?.addedTokens(parts.length === 2) ?? 0) : 0;
  return truncateParts(parts, roomForText(settings.truncation, added));
}

function postProcess(engine: Engine, parts: readonly EncodingPart[], addSpecialTokens: boolean): EncodingPart {
  const { postProcessor } = engine;
  if (postProcessor === null) return parts.length === 1 ? parts[0] : joinParts(parts.map((part, index) => withSequence(part, index)));
  const prepared = parts.map((part, index) => ({
    ...withTypeIds(withSequence(part, index), index),
    overflowing: part.overflowing.map((overflow) => withSequence(overflow, index)),
  }));
  return joinParts(postProcessor.process(prepared, addSpecialTokens));
}

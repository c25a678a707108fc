/** What merging tokens on the fly needs to know of a tokenizer: the text of every token, and how text is split before the model. */
import type { Kernels } from '../backend/kernels';
import { alphabetByte } from './byte-alphabet';
import type { Engine } from './engine';
import { byteOfToken } from './decoders/byte-decoders';
import { NormalizedText } from './normalized-text';
import { piecesOf } from './pre-tokenizers/pieces';
import { encodeUtf8 } from './utf8';
import type { TokenTable } from './token-table';

const SPACE = ' ';
const NOTHING = new Uint8Array(0);

export interface MergeParts extends TokenTable {
  readonly kernels: Kernels;
  /**
   * Whether tokens are bytes of the text. Otherwise they are text as pre-tokenization leaves it, with U+2581 for the space where the tokenizer has
   * that. Where continuing tokens have a prefix (`##`) it is the others that are marked: the prefix is taken off, and they begin with a space.
   */
  readonly byteLevel: boolean;
  /** What tokens that end a word end with; usually empty. */
  readonly endOfWordSuffix: Uint8Array;
  /** Tokens that stand for no text of their own: special ones, and the unknown token. */
  readonly isFixed: (id: number) => boolean;
  /** Into how many pieces pre-tokenization splits each text: well-formed UTF-8 back to back, none empty. */
  countPieces(bytes: Uint8Array, offsets: Uint32Array): Uint32Array;
}

export function mergeParts(engine: Engine): MergeParts {
  const { model } = engine.plan;
  const { strings, kernels } = engine;
  const fixed = new Set(strings.addedTokens.filter(({ special }) => special).map(({ id }) => id));
  for (const id of engine.layouts.addedIds()) fixed.add(id);
  if (model.unkId >= 0) fixed.add(model.unkId);
  return {
    kernels,
    byteLevel: engine.tokensAreBytes,
    endOfWordSuffix: model.endOfWordSuffix,
    ...tokenTexts(engine),
    isFixed: (id) => fixed.has(id),
    countPieces: (bytes, offsets) => countPieces(engine, bytes, offsets),
  };
}

function countPieces({ preTokenizer }: Engine, bytes: Uint8Array, offsets: Uint32Array): Uint32Array {
  const count = offsets.length - 1;
  if (preTokenizer === null) return new Uint32Array(count).fill(1);
  const bounds = new Uint32Array(2 * count);
  for (let i = 0; i < count; i++) bounds.set([offsets[i], offsets[i + 1]], 2 * i);
  const { groups } = preTokenizer.preTokenize(piecesOf(NormalizedText.original(bytes, preTokenizer.needsOffsets), bounds));
  return Uint32Array.from({ length: count }, (_, i) => groups[i + 1] - groups[i]);
}

function tokenTexts(engine: Engine): TokenTable {
  const { strings, plan } = engine;
  const textOf = plan.model.unit === 'byte' ? modelBytes(plan.model) : modelText(engine);
  const texts: Uint8Array[] = [];
  const tokenOffsets = new Uint32Array(strings.idBound + 1);
  for (let id = 0; id < strings.idBound; id++) {
    const text = strings.isAdded(id) ? encodeUtf8(strings.token(id)!) : textOf(id);
    tokenOffsets[id + 1] = tokenOffsets[id] + text.length;
    texts.push(text);
  }
  const tokenBytes = new Uint8Array(tokenOffsets[strings.idBound]);
  texts.forEach((text, id) => tokenBytes.set(text, tokenOffsets[id]));
  return { tokenBytes, tokenOffsets };
}

function modelBytes({ tokenBytes, tokenOffsets }: TokenTable): (id: number) => Uint8Array {
  return (id) => (id + 1 < tokenOffsets.length ? tokenBytes.subarray(tokenOffsets[id], tokenOffsets[id + 1]) : NOTHING);
}

/** Of models that read text: the strings of the vocabulary. */
function modelText({ definition, plan, tokensAreBytes }: Engine): (id: number) => Uint8Array {
  const { byteFallback } = plan.model;
  const prefix = definition.model.settings.continuingSubwordPrefix ?? '';
  return (id) => {
    const token = definition.model.vocabulary.token(id) ?? '';
    if (tokensAreBytes) return alphabetBytes(token);
    const byte = byteFallback ? byteOfToken(token) : -1;
    if (byte >= 0) return Uint8Array.of(byte);
    if (prefix === '' || token === '') return encodeUtf8(token);
    return encodeUtf8(token.startsWith(prefix) ? token.slice(prefix.length) : SPACE + token);
  };
}

/** Tokens that are not written in the printable alphabet stand for themselves. */
function alphabetBytes(token: string): Uint8Array {
  const bytes = Uint8Array.from(token, (character) => Math.max(0, alphabetByte(character.codePointAt(0)!)));
  const isWritten = Array.from(token).every((character) => alphabetByte(character.codePointAt(0)!) >= 0);
  return isWritten ? bytes : encodeUtf8(token);
}

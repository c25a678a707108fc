/**
 * The text that a model reads, where it is not what comes out of pre-tokenization.
 *
 * A backend holds a model in one form, the one its fused path wants; for the general path the pieces are put into the same form,
 * so that one model serves both.
 */
import type { AlignedWriter } from './aligned-writer';
import { alphabetByte } from './byte-alphabet';
import type { NormalizedText } from './normalized-text';
import { type Pieces, rewriteEach } from './pre-tokenizers/pieces';
import { characterLength, codePointAt } from './utf8';

/**
 * 'asIs': the pieces.
 * 'spaceAlias': the pieces with U+0020 for U+2581 (see space-alias.ts).
 * 'alphabetBytes': the bytes that pieces written in GPT-2's printable alphabet stand for.
 */
export type ModelText = 'asIs' | 'spaceAlias' | 'alphabetBytes';

const SPACE = 0x20;
/** U+2581 LOWER ONE EIGHTH BLOCK, SentencePiece's visible space. */
export const VISIBLE_SPACE = 0x2581;

export function toModelText(pieces: Pieces, form: ModelText): Pieces {
  switch (form) {
    case 'asIs':
      return pieces;
    case 'spaceAlias':
      return rewriteEach(pieces, (writer, start, end) => writeSpaces(writer, pieces.text, start, end));
    case 'alphabetBytes':
      return rewriteEach(pieces, (writer, start, end) => writeAlphabetBytes(writer, pieces.text, start, end));
  }
}

function writeSpaces(writer: AlignedWriter, text: NormalizedText, start: number, end: number): void {
  const { bytes } = text;
  let copied = start;
  for (let at = start; at < end; at += characterLength(bytes[at])) {
    if (bytes[at] !== 0xe2 || codePointAt(bytes, at) !== VISIBLE_SPACE) continue;
    writer.copy(copied, at);
    writer.put(SPACE, at);
    copied = at + 3;
  }
  writer.copy(copied, end);
}

/** All characters are of the alphabet: a ByteLevel normalizer wrote them. */
function writeAlphabetBytes(writer: AlignedWriter, text: NormalizedText, start: number, end: number): void {
  const { bytes } = text;
  for (let at = start; at < end; at += characterLength(bytes[at])) writer.putByte(alphabetByte(codePointAt(bytes, at)), at);
}

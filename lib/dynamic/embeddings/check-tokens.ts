import { invalidArgument } from '../../errors';
import type { TokensToEmbed } from './types';
import { isUint32Array } from '../typed-arrays';

/** Throws INVALID_ARGUMENT. */
export function checkTexts(tokens: unknown): asserts tokens is Pick<TokensToEmbed, 'texts'> {
  const { texts } = (tokens ?? {}) as Partial<TokensToEmbed>;
  if (!Array.isArray(texts) || !texts.every((text) => typeof text === 'string'))
    throw invalidArgument('tokens.texts', 'an array of strings', texts);
}

/** Throws INVALID_ARGUMENT unless the parts are those of the texts, one or more for each. */
export function checkTokens(tokens: unknown): asserts tokens is TokensToEmbed {
  checkTexts(tokens);
  const { texts, parts, partOffsets, partTexts } = tokens as Partial<TokensToEmbed> & Pick<TokensToEmbed, 'texts'>;
  if (!isUint32Array(parts)) throw invalidArgument('tokens.parts', 'a Uint32Array', parts);
  if (!Array.isArray(partTexts) || partTexts.length !== parts.length)
    throw invalidArgument('tokens.partTexts', `an array of ${parts.length} strings, one for each part`, partTexts);
  const fits =
    isUint32Array(partOffsets) &&
    partOffsets.length === texts.length + 1 &&
    partOffsets[0] === 0 &&
    partOffsets[texts.length] === parts.length &&
    partOffsets.every((offset, i) => i === 0 || offset > partOffsets[i - 1]);
  if (!fits) throw invalidArgument('tokens.partOffsets', `${texts.length + 1} numbers that ascend from 0 to ${parts.length}`, partOffsets);
}

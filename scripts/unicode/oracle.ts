/** Asks Hugging Face's library (npm `tokenizers`) what its parts do with every code point. */

import { Tokenizer } from 'tokenizers';
import { CodePointSet, MAX_CODE_POINT } from '../../lib/tokenizer/unicode/code-point-set';

/** Through tokenizer.json, which can say more than the binding's constructors. */
export function tokenizerWith(part: object): Tokenizer {
  const definition = {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [],
    normalizer: null,
    pre_tokenizer: null,
    post_processor: null,
    decoder: null,
    model: { type: 'WordLevel', vocab: { a: 0 }, unk_token: 'a' },
    ...part,
  };
  return Tokenizer.fromString(JSON.stringify(definition));
}

export function normalizer(definition: object): (text: string) => string {
  const part = tokenizerWith({ normalizer: definition }).getNormalizer()!;
  return (text) => part.normalizeString(text);
}

export function preTokenizer(definition: object): (text: string) => string[] {
  const part = tokenizerWith({ pre_tokenizer: definition }).getPreTokenizer()!;
  return (text) => part.preTokenizeString(text).map(([piece]) => piece);
}

function isSurrogate(codePoint: number): boolean {
  return codePoint >= 0xd800 && codePoint <= 0xdfff;
}

/** Every code point that text can hold. */
export function* scalarValues(): IterableIterator<number> {
  for (let cp = 0; cp <= MAX_CODE_POINT; cp++) if (!isSurrogate(cp)) yield cp;
}

export function codePoints(text: string): number[] {
  return Array.from(text, (character) => character.codePointAt(0)!);
}

/** The code points that a pre-tokenizer puts in a piece of their own, `a` standing before and behind each. */
export function isolatedBy(definition: object, asked: Iterable<number> = scalarValues()): CodePointSet {
  let text = 'a';
  for (const cp of asked) text += `${String.fromCodePoint(cp)}a`;
  const alone = preTokenizer(definition)(text).filter((piece) => !piece.includes('a'));
  return CodePointSet.of(...codePoints(alone.join('')));
}

/** What a pre-tokenizer leaves out altogether. */
export function removedBy(definition: object, asked: Iterable<number> = scalarValues()): CodePointSet {
  const characters = Array.from(asked, (cp) => String.fromCodePoint(cp));
  const kept = new Set(preTokenizer(definition)(characters.join('')).join(''));
  return CodePointSet.of(...characters.filter((character) => !kept.has(character)).map((character) => character.codePointAt(0)!));
}

/** No normalizer changes this character or lets it combine with its neighbours. */
const SNOWMAN = '\u2603';

/** Normalizes many texts in one call. None may hold U+2603. */
export function normalizeAll(definition: object, texts: readonly string[]): string[] {
  return normalizer(definition)(texts.join(SNOWMAN)).split(SNOWMAN);
}

/** What a normalizer makes of each code point standing alone, where that is not the code point itself. */
export function changedBy(definition: object, asked: Iterable<number> = scalarValues()): Map<number, number[]> {
  const characters = Array.from(asked, (cp) => String.fromCodePoint(cp)).filter((character) => character !== SNOWMAN);
  const changed = new Map<number, number[]>();
  normalizeAll(definition, characters).forEach((after, i) => {
    if (after !== characters[i]) changed.set(characters[i].codePointAt(0)!, codePoints(after));
  });
  return changed;
}

/** The keys of a mapping whose value passes. */
export function keysWhere(mapping: ReadonlyMap<number, number[]>, passes: (value: number[]) => boolean): CodePointSet {
  return CodePointSet.fromPredicate((cp) => {
    const value = mapping.get(cp);
    return value !== undefined && passes(value);
  });
}

/** Asks Hugging Face's library (npm `tokenizers`) what its parts do with every code point. */

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Tokenizer } from 'tokenizers';
import { CodePointSet, MAX_CODE_POINT } from '../../lib/tokenizer/unicode/code-point-set';

const require = createRequire(import.meta.url);

/** Name and version of the oracle, for the generated files. */
export function oracleVersion(): string {
  const manifest = require.resolve('tokenizers').replace(/[^/]*$/, 'package.json');
  return `tokenizers ${(JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version}`;
}

/** The parts of tokenizer.json are richer than the binding's constructors. */
function tokenizerWith(part: object): Tokenizer {
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
export function isolatedBy(definition: object): CodePointSet {
  let text = 'a';
  for (const cp of scalarValues()) text += `${String.fromCodePoint(cp)}a`;
  const alone = preTokenizer(definition)(text).filter((piece) => !piece.includes('a'));
  return CodePointSet.of(...codePoints(alone.join('')));
}

/** What a pre-tokenizer leaves out altogether. */
export function removedBy(definition: object): CodePointSet {
  let text = '';
  for (const cp of scalarValues()) text += String.fromCodePoint(cp);
  const kept = new Set(codePoints(preTokenizer(definition)(text).join('')));
  return CodePointSet.fromPredicate((cp) => !isSurrogate(cp) && !kept.has(cp));
}

/** What a normalizer makes of each code point standing alone, where that is not the code point itself. */
export function changedBy(definition: object): Map<number, number[]> {
  const normalize = normalizer(definition);
  const changed = new Map<number, number[]>();
  for (const cp of scalarValues()) {
    const before = String.fromCodePoint(cp);
    const after = normalize(before);
    if (after !== before) changed.set(cp, codePoints(after));
  }
  return changed;
}

/** The keys of a mapping whose value passes. */
export function keysWhere(mapping: ReadonlyMap<number, number[]>, passes: (value: number[]) => boolean): CodePointSet {
  return CodePointSet.fromPredicate((cp) => {
    const value = mapping.get(cp);
    return value !== undefined && passes(value);
  });
}

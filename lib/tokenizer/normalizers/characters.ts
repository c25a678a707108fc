/** Normalizers that look at one character at a time. */
import { type CharacterRewrite, rewriteCharacters } from '../aligned-writer';
import type { NormalizedText } from '../normalized-text';
import {
  isBertChinese,
  isBertRemoved,
  isCombiningMark,
  isNonspacingMark,
  isWhitespace,
  lowercase,
  nmtReplacement,
} from '../unicode/predicates';
import type { Normalizer } from './normalizer';
import { UnicodeForm } from './unicode-form';

const SPACE = 0x20;
const REMOVED = -1;

class CharacterNormalizer implements Normalizer {
  constructor(private readonly rewrite: CharacterRewrite) {}

  normalize(text: NormalizedText): NormalizedText {
    return rewriteCharacters(text, this.rewrite);
  }
}

/** Lowercases each character on its own (no final sigma). */
export const LOWERCASE: Normalizer = new CharacterNormalizer((codePoint) => lowercase(codePoint) ?? codePoint);
/** Removes combining marks. */
export const STRIP_ACCENTS: Normalizer = new CharacterNormalizer((codePoint) => (isCombiningMark(codePoint) ? REMOVED : codePoint));
/** SentencePiece's older rule: control characters vanish, odd white space becomes a space. */
export const NMT: Normalizer = new CharacterNormalizer(nmtReplacement);

export interface BertOptions {
  readonly cleanText: boolean;
  readonly handleChineseChars: boolean;
  readonly stripAccents: boolean;
  readonly lowercase: boolean;
}

/** The steps of BERT's normalizer. */
export function bertSteps(options: BertOptions): Normalizer[] {
  const steps: Normalizer[] = [];
  if (options.cleanText) steps.push(new CharacterNormalizer(clean));
  if (options.handleChineseChars) steps.push(new CharacterNormalizer(isolateChinese));
  if (options.stripAccents) steps.push(new UnicodeForm('NFD'), new CharacterNormalizer(withoutNonspacing));
  if (options.lowercase) steps.push(LOWERCASE);
  return steps;
}

function clean(codePoint: number): number {
  if (isBertRemoved(codePoint)) return REMOVED;
  return isWhitespace(codePoint) ? SPACE : codePoint;
}

function isolateChinese(codePoint: number): number | readonly number[] {
  return isBertChinese(codePoint) ? [SPACE, codePoint, SPACE] : codePoint;
}

function withoutNonspacing(codePoint: number): number {
  return isNonspacingMark(codePoint) ? REMOVED : codePoint;
}

/** Whether two neighbouring tokens may become one, by the text that they make. */
import type { PairJudge, PairQuestions } from '../backend/dynamic-kernels';
import type { MergeParts } from '../tokenizer/merge-parts';
import { VISIBLE_SPACE } from '../tokenizer/model-text';
import { isWellFormed } from '../tokenizer/well-formed';
import { isPunctuation } from '../tokenizer/unicode/predicates';
import { decodeUtf8 } from '../tokenizer/utf8';

/** What Python's `str.split` splits at. */
const WHITE_SPACE = /[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/u;
const VISIBLE = new RegExp(String.fromCodePoint(VISIBLE_SPACE), 'gu');

/** One piece under the tokenizer's own pre-tokenization. Bytes that are not UTF-8 are allowed: pre-tokenization never sees them alone. */
export function pretokenJudge(parts: MergeParts): PairJudge {
  return (questions) => {
    const verdicts = new Uint8Array(questions.splits.length).fill(1);
    const asked = [...verdicts.keys()].filter((i) => isWellFormed(textOf(questions, i)));
    const texts = asked.map((i) => withoutSuffix(textOf(questions, i), parts.endOfWordSuffix));
    const offsets = new Uint32Array(texts.length + 1);
    texts.forEach((text, i) => (offsets[i + 1] = offsets[i] + text.length));
    const bytes = new Uint8Array(offsets[texts.length]);
    texts.forEach((text, i) => bytes.set(text, offsets[i]));
    parts.countPieces(bytes, offsets).forEach((pieces, i) => (verdicts[asked[i]] = pieces === 1 ? 1 : 0));
    return verdicts;
  };
}

/** One word between white space. */
export function wordJudge(parts: MergeParts): PairJudge {
  return (questions) => Uint8Array.from(questions.splits, (_, i) => Number(isOneWord(textOf(questions, i), parts)));
}

/** One word, to which punctuation is not attached unless it is a hyphen. */
export function wordHyphenJudge(parts: MergeParts): PairJudge {
  return (questions) =>
    Uint8Array.from(questions.splits, (split, i) => {
      const text = textOf(questions, i);
      if (!isWellFormed(text)) return 1;
      return Number(isOneWord(text, parts) && !attachesPunctuation(text.subarray(0, split), text.subarray(split)));
    });
}

function textOf({ bytes, offsets }: PairQuestions, index: number): Uint8Array {
  return bytes.subarray(offsets[index], offsets[index + 1]);
}

function withoutSuffix(text: Uint8Array, suffix: Uint8Array): Uint8Array {
  const start = text.length - suffix.length;
  const ends = start > 0 && suffix.every((byte, i) => text[start + i] === byte);
  return ends ? text.subarray(0, start) : text;
}

function isOneWord(text: Uint8Array, { byteLevel }: MergeParts): boolean {
  if (!isWellFormed(text)) return true;
  const spaced = byteLevel ? decodeUtf8(text) : decodeUtf8(text).replace(VISIBLE, ' ');
  return spaced.split(WHITE_SPACE).filter((word) => word !== '').length === 1;
}

function attachesPunctuation(left: Uint8Array, right: Uint8Array): boolean {
  const before = [...decodeUtf8(left)].at(-1)!.codePointAt(0)!;
  const after = decodeUtf8(right);
  return !isPunctuation(before) && isPunctuation(after.codePointAt(0)!) && after !== '-';
}

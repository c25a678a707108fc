import { codePoints, normalizeAll, tokenizerWith } from '../../../scripts/unicode/oracle';
import * as tables from '../../../lib/tokenizer/unicode/normalization-tables';
import { type NormalizationForm, normalizeUtf8, normalizeWithChanges } from '../../../lib/tokenizer/unicode/normalize';
import { forEachMapping, forEachRun } from '../../../lib/tokenizer/unicode/table-codec';
import { fuzzRuns, FUZZ_SEED } from '../../conformance/fuzz';
import { SAMPLE } from './sample';

const FORMS = ['NFC', 'NFD', 'NFKC', 'NFKD'] as const;
const SNOWMAN = 0x2603;
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

function normalize(form: NormalizationForm, text: string): string {
  return decoder.decode(normalizeUtf8(form, encoder.encode(text)));
}

/** Texts (none with the oracle's separator) that do not come out as the oracle's do. */
function disagreements(form: NormalizationForm, texts: readonly string[]): string[][] {
  const expected = normalizeAll({ type: form }, texts);
  expect(expected).toHaveLength(texts.length);
  return texts
    .map((text, i) => [text, normalize(form, text), expected[i]])
    .filter(([, ours, theirs]) => ours !== theirs)
    .map((row) =>
      row.map((text) =>
        codePoints(text)
          .map((cp) => cp.toString(16))
          .join(' '),
      ),
    );
}

/** A small generator of its own, so that a failing run can be repeated. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Strings of marks, of characters that decompose or compose, of Hangul, and of letters between. */
function troublesomeTexts(count: number, seed: number): string[] {
  const next = random(seed);
  const pick = (from: readonly number[]): number => from[Math.floor(next() * from.length)];
  const mapped: number[] = [];
  for (const table of [tables.COMPOSITIONS, tables.CANONICAL_DECOMPOSITIONS, tables.COMPATIBILITY_DECOMPOSITIONS]) {
    forEachMapping(table, (cp, sequence) => mapped.push(cp, ...sequence));
  }
  const marks: number[] = [];
  forEachRun(tables.COMBINING_CLASSES, (start, end, rank) => {
    for (let cp = start; rank > 0 && cp < end; cp++) marks.push(cp);
  });
  const between = (start: number, length: number) => (): number => start + Math.floor(next() * length);
  const hangul = [between(0xac00, 11172), between(0x1100, 20), between(0x1160, 23), between(0x11a6, 30)];
  const kinds = [() => pick(marks), () => pick(marks), () => pick(mapped), () => pick(mapped), between(0x41, 58)];
  const character = (): number => {
    const from = next() < 0.2 ? hangul : kinds;
    return from[Math.floor(next() * from.length)]();
  };
  const text = (): string =>
    String.fromCodePoint(...Array.from({ length: 1 + Math.floor(next() * 12) }, character).filter((cp) => cp !== SNOWMAN));
  return Array.from({ length: count }, text);
}

describe.each(FORMS)('%s', (form) => {
  it('agrees with the oracle on single code points', () => {
    const characters = SAMPLE.filter((cp) => cp !== SNOWMAN).map((cp) => String.fromCodePoint(cp));
    expect(disagreements(form, characters)).toEqual([]);
  });

  it('agrees with the oracle on strings of marks, Hangul and compatibility characters', () => {
    expect(disagreements(form, troublesomeTexts(fuzzRuns(2000), FUZZ_SEED))).toEqual([]);
  });

  it('gives back the same array if nothing changes', () => {
    const text = encoder.encode('Plain text, Текст, テキスト, 文字, पाठ without a change.');
    expect(normalizeUtf8(form, text)).toBe(text);
    expect(normalizeUtf8(form, new Uint8Array(0))).toHaveLength(0);
  });

  it('says what each code point stands for, as the oracle aligns it', async () => {
    for (const text of troublesomeTexts(60, FUZZ_SEED + 1)) expect(applyChanges(form, text)).toEqual(await oracleOffsets(form, text));
  }, 60_000);
});

it('takes linear time for a long run of marks', () => {
  const marks = '\u0301\u0323'.repeat(200_000);
  expect(normalize('NFC', `e${marks}`)).toBe(`\u1eb9${'\u0323'.repeat(199_999)}${'\u0301'.repeat(200_000)}`);
});

/** start, end in the source of each code point of the result: what Hugging Face's NormalizedString makes of the changes. */
function applyChanges(form: NormalizationForm, text: string): number[][] {
  const { codePoints: result, changes } = normalizeWithChanges(form, Uint32Array.from(codePoints(text)));
  const source = codePoints(text).length;
  const offsets: number[][] = [];
  let at = 0;
  result.forEach((_, i) => {
    const change = changes[i];
    const stands = change > 0 ? Math.max(at - 1, 0) : at;
    offsets.push(change > 0 && at === 0 ? [0, 0] : [stands, stands + 1]);
    if (change <= 0) at += 1 - change;
  });
  expect(at).toBe(source);
  return offsets;
}

async function oracleOffsets(form: NormalizationForm, text: string): Promise<number[][]> {
  const eachCharacter = { type: 'Split', pattern: { Regex: '(?m:.)' }, behavior: 'Isolated', invert: false };
  const encoding = await tokenizerWith({ normalizer: { type: form }, pre_tokenizer: eachCharacter }).encode(text);
  return encoding.getOffsets();
}

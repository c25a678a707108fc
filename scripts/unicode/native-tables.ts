/** native/src/text/unicode_tables.inc: the tables of NFC for native/src/text/nfc.cpp. */

import { HANGUL, MAY_CHANGE } from '../../lib/tokenizer/unicode/normalization-layout';
import { MAX_CODE_POINT } from '../../lib/tokenizer/unicode/code-point-set';
import type { NormalizationFacts } from './normalization-facts';

const PAGE_SIZE = 256;

/** The byte that says what NFC has to know of each code point: see `kNfcEntries` in the generated file. */
function nfcEntries(facts: NormalizationFacts): Uint8Array {
  const entries = new Uint8Array(MAX_CODE_POINT + 1);
  for (const [cp, rank] of facts.classRanks) entries[cp] = rank;
  const flag = (cp: number): void => void (entries[cp] |= MAY_CHANGE);
  for (const cp of facts.canonical.keys()) flag(cp);
  for (const [, second] of facts.compositions.values()) flag(second);
  for (let v = 0; v < HANGUL.vCount; v++) flag(HANGUL.vBase + v);
  for (let t = 1; t < HANGUL.tCount; t++) flag(HANGUL.tBase + t);
  return entries;
}

interface Pages {
  /** For each block of 256 code points, the number of its page. */
  readonly index: number[];
  /** Page 0 is all zero. */
  readonly pages: Uint8Array[];
}

function paginate(entries: Uint8Array): Pages {
  const pages: Uint8Array[] = [new Uint8Array(PAGE_SIZE)];
  const numbers = new Map([[pages[0].join(), 0]]);
  const index: number[] = [];
  for (let start = 0; start < entries.length; start += PAGE_SIZE) {
    const page = entries.subarray(start, start + PAGE_SIZE);
    const key = page.join();
    if (!numbers.has(key)) numbers.set(key, pages.push(page) - 1);
    index.push(numbers.get(key)!);
  }
  return { index, pages };
}

/** Numbers as a list, broken into lines. */
function list(values: Iterable<number | string>): string {
  const lines: string[] = [];
  let line = '';
  for (const value of values) {
    const item = `${value},`;
    if (line.length + item.length > 140) {
      lines.push(line);
      line = '';
    }
    line += item;
  }
  return [...lines, line].join('\n');
}

/** Decompositions of the composites too, in full. */
function fullDecompositions(facts: NormalizationFacts): Array<[number, number[]]> {
  const decompose = (cp: number): number[] => {
    const pair = facts.compositions.get(cp);
    return pair ? [...decompose(pair[0]), pair[1]] : [cp];
  };
  const composites = [...facts.compositions.keys()].map((cp): [number, number[]] => [cp, decompose(cp)]);
  return [...composites, ...facts.canonical].sort((a, b) => a[0] - b[0]);
}

export function nativeTables(facts: NormalizationFacts): string {
  const { index, pages } = paginate(nfcEntries(facts));
  const pool: number[] = [];
  const decompositions = fullDecompositions(facts).map(([cp, sequence]) => {
    const offset = pool.push(...sequence) - sequence.length;
    return `{${cp},${offset},${sequence.length}}`;
  });
  const compositions = [...facts.compositions]
    .sort(([, a], [, b]) => a[1] - b[1] || a[0] - b[0])
    .map(([composite, [first, second]]) => `{${second},${first},${composite}}`);
  return [
    '// Included by nfc.cpp alone.\n',
    `// For each block of ${PAGE_SIZE} code points, the number of its page in kNfcEntries. Page 0 is all zero.`,
    `constexpr uint8_t kNfcPages[${index.length}] = {\n${list(index)}\n};\n`,
    '// Low 7 bits: combining class, numbered by order. High bit: NFC may change the code point, or compose it with what stands before it.',
    `constexpr uint8_t kNfcEntries[${pages.length}][${PAGE_SIZE}] = {\n${pages.map((page) => `{${list(page)}}`).join(',\n')}\n};\n`,
    '// second, first, composite; in order. Without Hangul.',
    `constexpr Composition kCompositions[] = {\n${list(compositions)}\n};\n`,
    '// code point, where its full canonical decomposition begins in kDecomposed, and its length; in order. Without Hangul.',
    `constexpr Decomposition kDecompositions[] = {\n${list(decompositions)}\n};\n`,
    `constexpr uint32_t kDecomposed[] = {\n${list(pool)}\n};`,
    '',
  ].join('\n');
}

/** Supertokens: words are spans of random lengths (TokenAdapt). */
import { randomNumbers } from '../backend/js/dropout';
import type { Kernels } from '../backend/kernels';
import type { CountedWords } from '../backend/training-kernels';
import { invalidArgument } from '../errors';
import { decodeUtf8, encodeUtf8 } from '../tokenizer/utf8';
import type { RandomSpans } from './types';

/** Their weights add up to 1.1, so they are divided by their sum. */
const TOKEN_ADAPT_LENGTHS: NonNullable<RandomSpans['lengths']> = [
  [4, 5, 0.044],
  [6, 7, 0.091],
  [8, 9, 0.146],
  [10, 11, 0.171],
  [12, 13, 0.185],
  [14, 15, 0.171],
  [16, 17, 0.146],
  [18, 19, 0.091],
  [20, 21, 0.044],
  [22, 23, 0.011],
];
const MAX_LENGTH = 1 << 20;
/** Seven equal characters are a word of their own: rulers and padding teach nothing. */
const RUN = /(.)\1{6}/gu;

export interface ResolvedSpans {
  readonly seed: number;
  readonly lengths: ReadonlyArray<readonly [least: number, most: number, weight: number]>;
  readonly totalWeight: number;
}

/** Throws INVALID_ARGUMENT. */
export function resolveSpans(spans: RandomSpans): ResolvedSpans {
  if (typeof spans !== 'object' || spans === null) throw invalidArgument('randomSpans', 'an object', spans);
  const { seed, lengths = TOKEN_ADAPT_LENGTHS } = spans;
  if (typeof seed !== 'number' || seed >>> 0 !== seed) throw invalidArgument('randomSpans.seed', 'an integer from 0 to 2^32 - 1', seed);
  const list: unknown = lengths;
  if (!Array.isArray(list) || list.length === 0) throw invalidArgument('randomSpans.lengths', 'an array of [least, most, weight]', list);
  for (const entry of list as unknown[])
    if (!isLength(entry)) throw invalidArgument('randomSpans.lengths', '[least, most, weight] each', entry);
  const totalWeight = lengths.reduce((sum, [, , weight]) => sum + weight, 0);
  if (totalWeight <= 0) throw invalidArgument('randomSpans.lengths', 'weights of which one is more than 0', totalWeight);
  return { seed, lengths, totalWeight };
}

function isLength(entry: unknown): boolean {
  if (!Array.isArray(entry) || entry.length !== 3) return false;
  const [least, most, weight] = entry as unknown[];
  const sound = [least, most].every((length) => Number.isInteger(length) && (length as number) >= 1 && (length as number) <= MAX_LENGTH);
  return sound && (least as number) <= (most as number) && typeof weight === 'number' && weight >= 0 && weight < Infinity;
}

/** The spans of the words that `toWords` gives. */
export function spanWords(
  toWords: (text: Uint8Array) => CountedWords,
  spans: ResolvedSpans,
  kernels: Kernels,
): (text: Uint8Array) => CountedWords {
  return (text) => {
    const { bytes, offsets } = toWords(text);
    const cut: Uint8Array[] = [];
    for (let i = 0; i + 1 < offsets.length; i++) {
      const word = bytes.subarray(offsets[i], offsets[i + 1]);
      const random = randomNumbers(seedOf(spans.seed, kernels.checksum(word)));
      for (const span of cutSpans(decodeUtf8(word), spans, random)) cut.push(encodeUtf8(span));
    }
    return joined(cut);
  };
}

function cutSpans(text: string, spans: ResolvedSpans, random: () => number): string[] {
  const cut: string[] = [];
  const characters = Array.from(text);
  for (let at = 0; at < characters.length;) {
    const span = characters.slice(at, (at += spanLength(spans, random))).join('');
    let done = 0;
    for (const match of span.matchAll(RUN)) {
      if (match.index > done) cut.push(span.slice(done, match.index));
      cut.push(match[0]);
      done = match.index + match[0].length;
    }
    if (done < span.length) cut.push(span.slice(done));
  }
  return cut;
}

function spanLength({ lengths, totalWeight }: ResolvedSpans, random: () => number): number {
  let place = random() * totalWeight;
  let chosen = lengths[0];
  for (const entry of lengths) {
    if (entry[2] === 0) continue;
    chosen = entry;
    place -= entry[2];
    if (place < 0) break;
  }
  const [least, most] = chosen;
  return least + Math.floor(random() * (most - least + 1));
}

function joined(words: readonly Uint8Array[]): CountedWords {
  const offsets = new Uint32Array(words.length + 1);
  words.forEach((word, i) => (offsets[i + 1] = offsets[i] + word.length));
  const bytes = new Uint8Array(offsets[words.length]);
  words.forEach((word, i) => bytes.set(word, offsets[i]));
  return { bytes, offsets, counts: new Float64Array(words.length).fill(1) };
}

/** Of a seed and a text's checksum. */
function seedOf(seed: number, checksum: bigint): number {
  return (seed ^ Number(checksum & 0xffff_ffffn) ^ Math.imul(Number(checksum >> 32n), 0x9e37_79b9)) >>> 0;
}

/** Comparison with an oracle over many texts; the first difference is shrunk before it is shown. */
import type { Encoding } from '../../lib/tokenizer/types';
import type { OracleEncoding } from '../oracles/hugging-face';
import { minimise, printable } from '../oracles/minimise';
import { FUZZ_SEED } from './fuzz';

/** An encoding as plain arrays, to be compared with an oracle's; byte offsets are left out, for the oracle has none. */
export function plain(encoding: Encoding): OracleEncoding {
  return {
    ids: Array.from(encoding.ids),
    tokens: encoding.tokens,
    offsets: Array.from(encoding.offsets),
    wordIds: Array.from(encoding.wordIds),
    sequenceIds: Array.from(encoding.sequenceIds),
    typeIds: Array.from(encoding.typeIds),
    specialTokensMask: Array.from(encoding.specialTokensMask),
    attentionMask: Array.from(encoding.attentionMask),
    overflowing: encoding.overflowing.map(plain),
  };
}

/** Two ways from a text to an answer that must be the same. */
export interface Comparison {
  readonly ours: (text: string) => unknown;
  /** Called with all texts at once, because oracles are fastest so. */
  readonly theirs: (texts: readonly string[]) => Promise<readonly unknown[]> | readonly unknown[];
}

/** Fails with the shortest text found on which the two sides differ. */
export async function expectSame(texts: readonly string[], { ours, theirs }: Comparison): Promise<void> {
  const expected = await theirs(texts);
  for (let i = 0; i < texts.length; i++) {
    if (same(answer(ours, texts[i]), expected[i])) continue;
    const text = await minimise(texts[i], async (candidate) => !same(answer(ours, candidate), (await theirs([candidate]))[0]));
    const [wanted] = await theirs([text]);
    throw new Error(
      `differs on ${printable(text)} (text ${i} of ${texts.length}, seed ${FUZZ_SEED}, whole: ${printable(texts[i].slice(0, 200))})\n` +
        `  expected ${show(wanted)}\n  received ${show(answer(ours, text))}`,
    );
  }
}

/** Remembers the answers for long lists, so that each backend is compared with one computation. */
export function memoized<T>(compute: (texts: readonly string[]) => Promise<T[]>): (texts: readonly string[]) => Promise<T[]> {
  const known = new Map<string, Promise<T[]>>();
  return (texts) => {
    if (texts.length === 1) return compute(texts);
    const key = texts.join('\0');
    const computed = known.get(key) ?? compute(texts);
    known.set(key, computed);
    return computed;
  };
}

function answer(ours: (text: string) => unknown, text: string): unknown {
  try {
    return ours(text);
  } catch (error) {
    return `threw ${String(error)}`;
  }
}

/** Ids may be typed arrays; everything else is plain. */
function same(left: unknown, right: unknown): boolean {
  if (ArrayBuffer.isView(left) && Array.isArray(right)) return sameIds(left as Uint32Array, right);
  return JSON.stringify(left) === JSON.stringify(right);
}

function sameIds(left: Uint32Array, right: readonly number[]): boolean {
  if (left.length !== right.length) return false;
  for (let i = 0; i < left.length; i++) if (left[i] !== right[i]) return false;
  return true;
}

function show(value: unknown): string {
  const text = JSON.stringify(ArrayBuffer.isView(value) ? Array.from(value as Uint32Array) : value);
  return text.length > 1500 ? `${text.slice(0, 1500)}… (${text.length} characters)` : text;
}

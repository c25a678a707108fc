/**
 * Words out of bytes or characters by attention, as in Thawani, Ghanekar, Zhu, Pujara (Learn Your Tokens: Word-Pooled Tokenization for Language Modeling, EMNLP 2023): rows that are
 * learned stand before the units of each word, every row of a word attends to all of that word, and those first rows become the word.
 */
import { flashAttention } from '../../attention/flash-attention';
import type { AttentionTensor } from '../../attention/tensors';
import type { AttentionAsyncOptions, AttentionOptions, Float32Tensor } from '../../attention/types';
import { selectKernels } from '../../backend/select';
import { invalidArgument, MerganserError } from '../../errors';
import { checkText, textBytes } from '../../tokenizer/text-input';
import type { TextInput } from '../../tokenizer/types';
import { decodeUtf8 } from '../../tokenizer/utf8';
import { matrixOf, tensorOf } from '../embeddings/matrix';
import type { FloatTensor } from '../embeddings/types';
import { checkOffsets } from './chunking';

/** White space as JavaScript's regular expressions know it, before a word or at the end of the text. */
const WORDS = /\s*\S+|\s+$/gu;

/**
 * The bytes of a text, cut into words: white space goes with the word behind it, at the end of the text it is a segment of its own. Segment i is the bytes
 * offsets[i] … offsets[i + 1] − 1. Throws INVALID_ARGUMENT.
 */
export function wordSegments(text: TextInput): { bytes: Uint8Array; offsets: Uint32Array } {
  checkText(text);
  const bytes = textBytes(text, 'replace');
  const offsets = [0];
  for (const [word] of decodeUtf8(bytes).matchAll(WORDS)) offsets.push(offsets[offsets.length - 1] + utf8Length(word));
  return { bytes, offsets: Uint32Array.from(offsets) };
}

/**
 * Puts the rows of `prefix` before those of each segment. Of segments with more than `longest` rows (default: none is too long) the first ones are kept. A segment
 * without rows becomes the prefix alone. Throws INVALID_ARGUMENT.
 */
export function prefixSegments(
  rows: FloatTensor,
  offsets: Uint32Array,
  prefix: FloatTensor,
  { longest = Infinity }: { longest?: number } = {},
): { rows: FloatTensor; offsets: Uint32Array } {
  const units = matrixOf('rows', rows);
  const first = matrixOf('prefix', prefix, { width: units.width });
  checkOffsets(offsets, units.rows);
  if (longest !== Infinity && !(Number.isInteger(longest) && longest >= 0))
    throw invalidArgument('longest', 'an integer of 0 or more', longest);
  const ends = new Uint32Array(offsets.length);
  for (let i = 1; i < offsets.length; i++) ends[i] = ends[i - 1] + first.rows + Math.min(longest, offsets[i] - offsets[i - 1]);
  const taken = new Uint32Array(ends[ends.length - 1]);
  for (let segment = 0, at = 0; segment + 1 < ends.length; segment++) {
    for (let slot = 0; slot < first.rows; slot++) taken[at++] = slot;
    for (let row = offsets[segment]; at < ends[segment + 1]; row++) taken[at++] = first.rows + row;
  }
  const out = new Float32Array(taken.length * units.width);
  selectKernels().gatherRows(first.data, units.data, units.width, taken, out);
  return { rows: tensorOf(out, taken.length, units.width), offsets: ends };
}

export interface SegmentAttentionOptions extends Pick<AttentionOptions, 'scale' | 'threads' | 'backend'>, AttentionAsyncOptions {
  /** Only so many rows of each segment are computed, its first ones. Default: all. */
  keep?: number;
}

/**
 * Attention within segments: every row attends to all rows of its segment, and to no others (block-diagonal attention, in time that grows with the sum of the squared lengths).
 *
 * queries, keys, values: [rows, heads, d] as `flashAttention` takes them; segment i is the rows offsets[i] … offsets[i + 1] − 1. The result is [rows, heads, d of the values], with `keep`
 * `[segments × keep, heads, d]`: what the last layer of a word encoder has to compute. Rejects with INVALID_ARGUMENT, also for segments of fewer rows than `keep`, and with ABORTED.
 */
export async function attendSegments(
  queries: AttentionTensor,
  keys: AttentionTensor,
  values: AttentionTensor,
  offsets: Uint32Array,
  { keep, ...options }: SegmentAttentionOptions = {},
): Promise<Float32Tensor> {
  const asked = keep === undefined ? { tensor: queries, offsets } : firstQueries(queries, offsets, keep);
  const { output } = await flashAttention(asked.tensor, keys, values, { ...options, queryOffsets: asked.offsets, keyOffsets: offsets });
  return output;
}

/** The first `count` rows of each segment, one segment after the other. Throws INVALID_ARGUMENT, also for segments that have fewer. */
export function firstRows(rows: FloatTensor, offsets: Uint32Array, count: number): FloatTensor {
  const { data, width, rows: height } = matrixOf('rows', rows);
  checkOffsets(offsets, height);
  const chosen = firstOfSegments(offsets, count);
  const out = new Float32Array(chosen.length * width);
  selectKernels().gatherRows(data, new Float32Array(0), width, chosen, out);
  return tensorOf(out, chosen.length, width);
}

function firstQueries(queries: AttentionTensor, offsets: Uint32Array, keep: number): { tensor: AttentionTensor; offsets: Uint32Array } {
  const { data, dims } = (queries ?? {}) as Partial<AttentionTensor>;
  if (!(data instanceof Float32Array)) throw invalidArgument('queries.data', 'a Float32Array where keep is given', data);
  if (!Array.isArray(dims) || dims.length !== 3) throw invalidArgument('queries.dims', 'three sizes: rows, heads, d', dims);
  const [rows, heads, d] = dims as readonly number[];
  const { data: kept } = firstRows({ type: 'float32', data, dims: [rows, heads * d] }, offsets, keep);
  return {
    tensor: { type: 'float32', data: kept, dims: [keep * (offsets.length - 1), heads, d] },
    offsets: offsets.map((_, segment) => segment * keep),
  };
}

function firstOfSegments(offsets: Uint32Array, count: number): Uint32Array {
  if (!Number.isInteger(count) || count < 1) throw invalidArgument('the number of first rows', 'an integer of 1 or more', count);
  const short = offsets.findIndex((offset, i) => i > 0 && offset - offsets[i - 1] < count);
  if (short > 0)
    throw new MerganserError(
      'INVALID_ARGUMENT',
      `Expected segments of ${count} rows or more, but segment ${short - 1} has ${offsets[short] - offsets[short - 1]}.`,
    );
  return Uint32Array.from({ length: count * (offsets.length - 1) }, (_, i) => offsets[Math.floor(i / count)] + (i % count));
}

function utf8Length(text: string): number {
  let length = 0;
  for (const character of text) {
    const code = character.codePointAt(0)!;
    length += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return length;
}

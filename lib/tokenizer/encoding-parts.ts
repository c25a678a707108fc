/**
 * Encodings on their way from the model to the user: cut by truncation, joined by post-processing, filled up by padding.
 * They behave as Hugging Face's `Encoding`, with its ranges of sequences.
 */
import type { Encoding } from './types';

/** One encoded text or a part of one. Parts are values: operations make new ones. */
export interface EncodingPart {
  readonly ids: Uint32Array;
  readonly tokens: readonly string[];
  /** start, end of each token, in UTF-16 units. */
  readonly offsets: Uint32Array;
  /** The same in bytes. */
  readonly byteOffsets: Uint32Array;
  readonly wordIds: Int32Array;
  readonly typeIds: Uint32Array;
  readonly specialTokensMask: Uint8Array;
  readonly attentionMask: Uint8Array;
  /** What truncation cut off. */
  readonly overflowing: readonly EncodingPart[];
  /** Where each sequence's tokens stand. If there are none, everything belongs to sequence 0. */
  readonly ranges: ReadonlyMap<number, readonly [start: number, end: number]>;
}

const NO_RANGES: EncodingPart['ranges'] = new Map();

/** Tokens that the post-processor puts in. */
export function specialPart(ids: readonly number[], tokens: readonly string[], typeId: number): EncodingPart {
  const length = ids.length;
  return {
    ids: Uint32Array.from(ids),
    tokens,
    offsets: new Uint32Array(2 * length),
    byteOffsets: new Uint32Array(2 * length),
    wordIds: new Int32Array(length).fill(-1),
    typeIds: new Uint32Array(length).fill(typeId),
    specialTokensMask: new Uint8Array(length).fill(1),
    attentionMask: new Uint8Array(length).fill(1),
    overflowing: [],
    ranges: NO_RANGES,
  };
}

export function withSequence(part: EncodingPart, sequence: number): EncodingPart {
  return { ...part, ranges: new Map(part.ranges).set(sequence, [0, part.ids.length]) };
}

export function withTypeIds(part: EncodingPart, typeId: number): EncodingPart {
  return { ...part, typeIds: new Uint32Array(part.ids.length).fill(typeId) };
}

/** Tokens [start, end) without their ranges and overflow. */
export function slicePart(part: EncodingPart, start: number, end: number): EncodingPart {
  return {
    ids: part.ids.slice(start, end),
    tokens: part.tokens.slice(start, end),
    offsets: part.offsets.slice(2 * start, 2 * end),
    byteOffsets: part.byteOffsets.slice(2 * start, 2 * end),
    wordIds: part.wordIds.slice(start, end),
    typeIds: part.typeIds.slice(start, end),
    specialTokensMask: part.specialTokensMask.slice(start, end),
    attentionMask: part.attentionMask.slice(start, end),
    overflowing: [],
    ranges: NO_RANGES,
  };
}

/**
 * Joins parts. Their overflows are combined: every overflow of the first with the second and with every overflow of the second, then the first
 * with every overflow of the second. The combinations have no overflow of their own (in Hugging Face they repeat each other there).
 */
export function joinParts(parts: readonly EncodingPart[]): EncodingPart {
  if (parts.length === 1) return parts[0];
  if (parts.every((part) => part.overflowing.length === 0)) return joinFlat(parts);
  return parts.reduce((left, right) => {
    const overflowing: EncodingPart[] = [];
    for (const cut of left.overflowing) {
      overflowing.push(joinFlat([cut, right]));
      for (const other of right.overflowing) overflowing.push(joinFlat([cut, other]));
    }
    for (const other of right.overflowing) overflowing.push(joinFlat([left, other]));
    return { ...joinFlat([left, right]), overflowing };
  });
}

function joinFlat(parts: readonly EncodingPart[]): EncodingPart {
  const ranges = new Map<number, readonly [number, number]>();
  let length = 0;
  for (const part of parts) {
    for (const [sequence, [start, end]] of part.ranges) ranges.set(sequence, [length + start, length + end]);
    length += part.ids.length;
  }
  return {
    ids: joinArrays(new Uint32Array(length), parts, (part) => part.ids),
    tokens: parts.flatMap((part) => part.tokens),
    offsets: joinArrays(new Uint32Array(2 * length), parts, (part) => part.offsets),
    byteOffsets: joinArrays(new Uint32Array(2 * length), parts, (part) => part.byteOffsets),
    wordIds: joinArrays(new Int32Array(length), parts, (part) => part.wordIds),
    typeIds: joinArrays(new Uint32Array(length), parts, (part) => part.typeIds),
    specialTokensMask: joinArrays(new Uint8Array(length), parts, (part) => part.specialTokensMask),
    attentionMask: joinArrays(new Uint8Array(length), parts, (part) => part.attentionMask),
    overflowing: [],
    ranges,
  };
}

function joinArrays<Values extends Uint32Array | Int32Array | Uint8Array>(
  target: Values,
  parts: readonly EncodingPart[],
  pick: (part: EncodingPart) => Values,
): Values {
  let end = 0;
  for (const part of parts) {
    const values = pick(part);
    target.set(values, end);
    end += values.length;
  }
  return target;
}

/** The form that users get. */
export function toEncoding(part: EncodingPart): Encoding {
  return {
    ids: part.ids,
    tokens: [...part.tokens],
    offsets: part.offsets,
    byteOffsets: part.byteOffsets,
    wordIds: part.wordIds,
    sequenceIds: sequenceIds(part),
    typeIds: part.typeIds,
    specialTokensMask: part.specialTokensMask,
    attentionMask: part.attentionMask,
    overflowing: part.overflowing.map(toEncoding),
  };
}

/** As Hugging Face counts: sequences 0 … n − 1 for n ranges, and one without a range covers everything. */
function sequenceIds({ ids, ranges }: EncodingPart): Int32Array {
  const sequences = new Int32Array(ids.length).fill(-1);
  for (let sequence = 0; sequence < Math.max(1, ranges.size); sequence++) {
    const [start, end] = ranges.get(sequence) ?? [0, ids.length];
    sequences.fill(sequence, start, end);
  }
  return sequences;
}

/** Padding as Hugging Face does it. */
import { invalidArgument } from '../errors';
import type { ResolvedPadding } from './definition';
import { type EncodingPart, joinParts } from './encoding-parts';
import type { Padding, RaggedTokens } from './types';

const MAX_UINT32 = 0xffff_ffff;

/** Checks a user's settings and fills in the defaults. */
export function resolvePadding(padding: Padding): ResolvedPadding {
  const { length = 'longest', direction = 'right', multipleOf = 0, padId = 0, padTypeId = 0, padToken = '[PAD]' } = padding;
  if (length !== 'longest' && !isUint32(length)) throw invalidArgument('padding.length', '"longest" or an integer of 0 or more', length);
  if (direction !== 'left' && direction !== 'right') throw invalidArgument('padding.direction', '"left" or "right"', direction);
  if (!isUint32(multipleOf)) throw invalidArgument('padding.multipleOf', 'an integer of 0 or more', multipleOf);
  if (!isUint32(padId)) throw invalidArgument('padding.padId', 'a token id', padId);
  if (!isUint32(padTypeId)) throw invalidArgument('padding.padTypeId', 'an integer of 0 or more', padTypeId);
  if (typeof padToken !== 'string') throw invalidArgument('padding.padToken', 'a string', padToken);
  return { length, direction, multipleOf, padId, padTypeId, padToken };
}

function isUint32(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= MAX_UINT32;
}

/** The length that encodings of the given lengths are padded to. */
export function paddedLength(lengths: readonly number[], { length, multipleOf }: ResolvedPadding): number {
  const target = length === 'longest' ? lengths.reduce((longest, next) => Math.max(longest, next), 0) : length;
  return multipleOf > 0 ? Math.ceil(target / multipleOf) * multipleOf : target;
}

/** Pads encodings, and what overflowed from them, to one length. */
export function padParts(parts: readonly EncodingPart[], padding: ResolvedPadding): EncodingPart[] {
  const target = paddedLength(
    parts.map((part) => part.ids.length),
    padding,
  );
  return parts.map((part) => padPart(part, target, padding));
}

function padPart(part: EncodingPart, target: number, padding: ResolvedPadding): EncodingPart {
  const overflowing = part.overflowing.map((overflow) => padPart(overflow, target, padding));
  const missing = target - part.ids.length;
  if (missing <= 0) return { ...part, overflowing };
  const filler: EncodingPart = {
    ids: new Uint32Array(missing).fill(padding.padId),
    tokens: new Array<string>(missing).fill(padding.padToken),
    offsets: new Uint32Array(2 * missing),
    byteOffsets: new Uint32Array(2 * missing),
    wordIds: new Int32Array(missing).fill(-1),
    typeIds: new Uint32Array(missing).fill(padding.padTypeId),
    specialTokensMask: new Uint8Array(missing).fill(1),
    attentionMask: new Uint8Array(missing),
    overflowing: [],
    ranges: new Map(),
  };
  const bare = { ...part, overflowing: [] };
  return { ...joinParts(padding.direction === 'left' ? [filler, bare] : [bare, filler]), overflowing };
}

/** Pads ids alone. */
export function padIds(ids: Uint32Array, target: number, { direction, padId }: ResolvedPadding): Uint32Array {
  if (ids.length >= target) return ids;
  const padded = new Uint32Array(target).fill(padId);
  padded.set(ids, direction === 'left' ? target - ids.length : 0);
  return padded;
}

/** Pads the sequences of a batch to one length. */
export function padBatch(batch: RaggedTokens, padding: ResolvedPadding): RaggedTokens {
  const count = batch.offsets.length - 1;
  const lengths = Array.from({ length: count }, (_, i) => batch.offsets[i + 1] - batch.offsets[i]);
  const target = paddedLength(lengths, padding);
  const offsets = new Uint32Array(count + 1);
  for (let i = 0; i < count; i++) offsets[i + 1] = offsets[i] + Math.max(target, lengths[i]);
  const values = new Uint32Array(offsets[count]);
  for (let i = 0; i < count; i++) {
    values.set(padIds(batch.values.subarray(batch.offsets[i], batch.offsets[i + 1]), target, padding), offsets[i]);
  }
  return { values, offsets };
}

/** Truncation as Hugging Face does it: the settings' limits, which tokens stay, and the parts that overflow. */
import { describe, invalidArgument, MerganserError } from '../errors';
import { type EncodingPart, slicePart } from './encoding-parts';
import type { ResolvedTruncation } from './definition';
import type { Truncation } from './types';

/** Checks a user's settings and fills in the defaults. */
export function resolveTruncation(truncation: Truncation): ResolvedTruncation {
  const { maxLength, strategy = 'longestFirst', stride = 0, direction = 'right' } = truncation;
  if (!isLength(maxLength)) throw invalidArgument('truncation.maxLength', 'an integer of 0 or more', maxLength);
  if (!isLength(stride)) throw invalidArgument('truncation.stride', 'an integer of 0 or more', stride);
  if (!['longestFirst', 'onlyFirst', 'onlySecond'].includes(strategy)) {
    throw invalidArgument('truncation.strategy', '"longestFirst", "onlyFirst" or "onlySecond"', strategy);
  }
  if (direction !== 'left' && direction !== 'right') throw invalidArgument('truncation.direction', '"left" or "right"', direction);
  return { maxLength, strategy, stride, direction };
}

function isLength(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** The room that is left for text when the post-processor adds `added` tokens. */
export function roomForText(truncation: ResolvedTruncation, added: number): ResolvedTruncation {
  if (added === 0) return truncation;
  if (truncation.maxLength < added) {
    throw new MerganserError(
      'INVALID_ARGUMENT',
      `Expected truncation.maxLength to leave room for the ${added} special tokens that are added, but it is ${truncation.maxLength}.`,
    );
  }
  return { ...truncation, maxLength: truncation.maxLength - added };
}

/** Refuses a stride that is larger than the room left for a single text. */
export function checkStride(truncation: ResolvedTruncation, added: number): void {
  const room = truncation.maxLength - added;
  if (room >= 0 && room < truncation.stride) {
    throw new MerganserError(
      'INVALID_ARGUMENT',
      `Expected truncation.stride to be below ${room} (maxLength ${truncation.maxLength} less ${added} special tokens), but got ${describe(truncation.stride)}.`,
    );
  }
}

/**
 * How many tokens of each text stay. Throws INVALID_ARGUMENT where the strategy cannot bring the texts down to `maxLength`.
 * `second` is −1 where there is no second text.
 */
export function keptLengths(first: number, second: number, truncation: ResolvedTruncation): [first: number, second: number] {
  const { maxLength, strategy } = truncation;
  if (maxLength === 0) return [0, second < 0 ? second : 0];
  const excess = first + Math.max(0, second) - maxLength;
  if (excess <= 0) return [first, second];
  if (strategy === 'longestFirst') return second < 0 ? [maxLength, second] : longestFirst(first, second, maxLength);
  if (strategy === 'onlyFirst') return [shortened(first, excess, 'first'), second];
  if (second < 0) throw new MerganserError('INVALID_ARGUMENT', 'Truncation "onlySecond" needs a second text, but there is none.');
  return [first, shortened(second, excess, 'second')];
}

function shortened(length: number, excess: number, which: string): number {
  if (length > excess) return length - excess;
  throw new MerganserError(
    'INVALID_ARGUMENT',
    `Truncation cannot take ${excess} tokens from the ${which} text alone: it has ${length}, and one must stay.`,
  );
}

/** Shortens the longer text to the length of the shorter, then both alike. */
function longestFirst(first: number, second: number, maxLength: number): [number, number] {
  let shorter = Math.min(first, second);
  let longer = shorter > maxLength ? shorter : Math.max(shorter, maxLength - shorter);
  if (shorter + longer > maxLength) {
    shorter = Math.floor(maxLength / 2);
    longer = shorter + (maxLength % 2);
  }
  return first > second ? [longer, shorter] : [shorter, longer];
}

/** Truncates one text or a pair, with what overflows. */
export function truncateParts(parts: readonly EncodingPart[], truncation: ResolvedTruncation): EncodingPart[] {
  const [first, second] = parts as [EncodingPart, EncodingPart | undefined];
  const kept = keptLengths(first.ids.length, second?.ids.length ?? -1, truncation);
  return parts.map((part, index) => truncatePart(part, kept[index], truncation));
}

function truncatePart(part: EncodingPart, length: number, { stride, direction }: ResolvedTruncation): EncodingPart {
  const total = part.ids.length;
  if (length >= total) return part;
  if (length === 0) return { ...slicePart(part, 0, 0), overflowing: [part] };
  checkPartStride(stride, length);
  const slices: EncodingPart[] = [];
  const step = length - stride;
  if (direction === 'right') {
    for (let start = 0, end = 0; end < total; start += step) {
      end = Math.min(start + length, total);
      slices.push(slicePart(part, start, end));
    }
  } else {
    for (let end = total, start = total; start > 0; end -= step) {
      start = Math.max(0, end - length);
      slices.push(slicePart(part, start, end));
    }
  }
  return { ...slices[0], overflowing: slices.slice(1) };
}

/** Parts that overlap by their whole length would never end. */
export function checkPartStride(stride: number, length: number): void {
  if (stride < length) return;
  throw new MerganserError(
    'INVALID_ARGUMENT',
    `Expected truncation.stride to be below the ${length} tokens that each part has room for, but got ${describe(stride)}.`,
  );
}

/** Cutting texts to a number of tokens. */
import type { EncodeControl } from '../backend/kernels';
import { invalidArgument, MerganserError } from '../errors';
import type { Engine } from './engine';
import { toUtf16Offsets } from './offsets';
import { encodeUtf8 } from './utf8';

export type TruncationDirection = 'left' | 'right';

/** Single steps back before they grow. */
const SINGLE_STEPS = 32;
/** Characters per token to begin with, and the tokens beyond the limit that make sure of what stands at it. */
const CHARACTERS_PER_TOKEN = 6;
const SPARE_TOKENS = 64;

/**
 * The longest beginning ('right': the end is cut off) or end ('left') of a text that stops where a token stops and, encoded again, has at most
 * `room` tokens. No character is cut. A cut may change how what remains is encoded; where that takes it over the limit, the cut moves on.
 */
export function truncateText(engine: Engine, text: string, room: number, direction: TruncationDirection, control: EncodeControl): string {
  const count = (part: string): number => countText(engine, part, control, room);
  if (count(text) <= room) return text;
  if (room === 0) return '';
  const window = relevantWindow(engine, text, room, direction, control);
  const cuts = tokenCuts(engine, window, control);
  const take = (cut: number): string => (direction === 'right' ? window.slice(0, cut) : window.slice(cut));
  const tokens = direction === 'right' ? cuts.tokensBefore : cuts.tokensBefore.map((before) => cuts.total - before);
  let index = lastWithin(tokens, room, direction);
  for (let step = 0; index >= 0 && index < tokens.length; step++) {
    const part = take(cuts.positions[index]);
    if (count(part) <= room) return part;
    const stride = step < SINGLE_STEPS ? 1 : 2 ** Math.min(30, step - SINGLE_STEPS);
    index += direction === 'right' ? -stride : stride;
  }
  return '';
}

/** Number of tokens of a text, or some number > limit. */
export function countText(engine: Engine, text: string | Uint8Array, control: EncodeControl, limit: number): number {
  const { encoder } = engine;
  if (encoder === null) return engine.textIds(text, control).length;
  return engine.explainingRefusal(() => engine.kernels.count(encoder, text, control, limit));
}

/** A beginning or end of the text that is sure to hold all tokens that can stay, so that long texts are not encoded as a whole. */
function relevantWindow(engine: Engine, text: string, room: number, direction: TruncationDirection, control: EncodeControl): string {
  const enough = 2 * room + SPARE_TOKENS;
  for (let length = enough * CHARACTERS_PER_TOKEN; length < text.length; length *= 2) {
    const window = direction === 'right' ? sliceCharacters(text, 0, length) : sliceCharacters(text, text.length - length, text.length);
    if (countText(engine, window, control, enough) > enough) return window;
  }
  return text;
}

/** A slice that cuts no surrogate pair. */
function sliceCharacters(text: string, start: number, end: number): string {
  return text.slice(splitsPair(text, start) ? start + 1 : start, splitsPair(text, end) ? end - 1 : end);
}

function splitsPair(text: string, at: number): boolean {
  return /^[\ud800-\udbff][\udc00-\udfff]$/.test(text.slice(Math.max(0, at - 1), at + 1));
}

interface Cuts {
  /** Where the text can be cut, in UTF-16 units, ascending. */
  readonly positions: readonly number[];
  /** Number of tokens before each of them. */
  readonly tokensBefore: readonly number[];
  readonly total: number;
}

/** The places between tokens that are places between characters too. */
function tokenCuts(engine: Engine, text: string, control: EncodeControl): Cuts {
  const bytes = encodeUtf8(text);
  const { ids, spans } = engine.encodeGeneral(bytes, control, true);
  const offsets = toUtf16Offsets(bytes, spans!);
  const positions: number[] = [];
  const tokensBefore: number[] = [];
  // Tokens that share a character have overlapping offsets; so may normalized ones.
  let reached = 0;
  for (let token = 0; token < ids.length; token++) {
    const start = offsets[2 * token];
    if (start >= reached && start !== positions.at(-1)) {
      positions.push(start);
      tokensBefore.push(token);
    }
    reached = Math.max(reached, offsets[2 * token + 1]);
  }
  return { positions, tokensBefore, total: ids.length };
}

/** 'right': the last cut with at most `room` tokens before it; 'left': the first with at most `room` behind it. */
function lastWithin(tokens: readonly number[], room: number, direction: TruncationDirection): number {
  if (direction === 'left') return tokens.findIndex((behind) => behind <= room);
  let low = 0;
  let high = tokens.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (tokens[middle] <= room) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** The tokens that are left for text of `maxTokens`, when `added` are special. Throws INVALID_ARGUMENT. */
export function roomForTokens(maxTokens: number, added: number): number {
  if (!Number.isSafeInteger(maxTokens) || maxTokens < 0) throw invalidArgument('maxTokens', 'an integer of 0 or more', maxTokens);
  if (maxTokens >= added) return maxTokens - added;
  throw new MerganserError(
    'INVALID_ARGUMENT',
    `Expected maxTokens to leave room for the ${added} special tokens that are added to every text, but got ${maxTokens}.`,
  );
}

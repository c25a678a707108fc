/** Finds places at which a text that is not complete yet can be cut, so that both sides encoded alone give the ids of the whole, whatever follows. */
import type { EncodeControl } from '../backend/kernels';
import type { Engine } from './engine';
import type { FusedPath } from './fused-plan';
import { SettledSplits } from './settled-splits';
import { UnmergeablePairs } from './unmergeable-pairs';
import { isWhitespace } from './unicode/predicates';
import { characterLength, codePointAt, decodeUtf8, encodeUtf8, isContinuation } from './utf8';

const SPACE = 0x20;
/** Candidates looked at before the search is given up until more text has come. */
const MAX_TRIALS = 16;

/** Everything before `end` is encoded by itself; what follows begins at `next`. */
export interface Cut {
  readonly end: number;
  readonly next: number;
}

/** Candidates, ascending, and the means to check one. */
interface Candidates {
  readonly positions: readonly number[];
  readonly holds: (position: number) => boolean;
}

const known = new WeakMap<Engine, StreamCuts | null>();

export class StreamCuts {
  private readonly longestToken: number;
  /** Tokens that look at what stands beside them. */
  private readonly looksAround: boolean;
  private readonly startsWithSpace: boolean;

  private constructor(
    private readonly engine: Engine,
    private readonly path: FusedPath,
    private readonly splits: SettledSplits | null,
    private readonly pairs: UnmergeablePairs | null,
  ) {
    this.longestToken = path.added.reduce((longest, token) => Math.max(longest, token.content.length), 0);
    this.looksAround = path.added.some((token) => token.lstrip || token.rstrip || token.singleWord);
    this.startsWithSpace = path.added.some((token) => isWhitespace(codePointAt(token.content, 0)));
  }

  /** null if a tokenizer offers no such places: it is not fused, or its patterns or its model cannot be seen through. */
  static of(engine: Engine): StreamCuts | null {
    // Reading the vocabulary takes up to a second; every stream of a tokenizer asks.
    let cuts = known.get(engine);
    if (cuts === undefined) known.set(engine, (cuts = StreamCuts.make(engine)));
    return cuts;
  }

  private static make(engine: Engine): StreamCuts | null {
    const { fused, model } = engine.plan;
    // Supermerges reach over the ends of pieces.
    if (fused === null || engine.definition.model.supermerges !== undefined) return null;
    const splits = SettledSplits.of(fused.steps);
    const pairs = fused.steps.length === 0 ? UnmergeablePairs.of(model, fused.spaceAlias) : null;
    return splits === null && pairs === null ? null : new StreamCuts(engine, fused, splits, pairs);
  }

  /** The last such place that is found, or null. Throws DISALLOWED_SPECIAL. */
  find(text: Uint8Array, control: EncodeControl): Cut | null {
    const { bounds, tokens } = this.engine.explainingRefusal(() => this.engine.matcher.cutRaw(text, control.actions));
    // Added tokens that begin before this place are there as a whole, with the character behind them.
    const settled = text.length - (this.longestToken === 0 ? 0 : this.longestToken + 4);
    for (let i = tokens.length - 1; i >= 0; i--) {
      const start = bounds[2 * i];
      const end = bounds[2 * i + 1];
      if (start >= settled) continue;
      if (tokens[i] >= 0) {
        const cut = this.behindToken(end, settled);
        if (cut !== null) return cut;
      } else {
        const cut = this.inStretch(text, start, end, settled);
        if (cut !== null) return cut;
      }
    }
    return null;
  }

  /** Behind an added token a new stretch begins anyway. */
  private behindToken(end: number, settled: number): Cut | null {
    const isPlain = !this.looksAround && this.path.prefixSpace !== 'firstUnlessSpace';
    return isPlain && end < settled ? { end, next: end } : null;
  }

  private inStretch(text: Uint8Array, start: number, end: number, settled: number): Cut | null {
    // What ends a stretch near the end of the text may yet turn out to be no token.
    const { positions, holds } = this.candidates(text, start, end, end >= settled);
    let trials = 0;
    for (let i = positions.length - 1; i >= 0 && trials < MAX_TRIALS; i--) {
      const position = positions[i];
      if (position <= start || position + 1 >= settled || !this.allows(text, position, end)) continue;
      trials++;
      if (holds(position)) return { end: position, next: this.path.prefixSpace === 'always' ? position + 1 : position };
    }
    return null;
  }

  private candidates(text: Uint8Array, start: number, end: number, open: boolean): Candidates {
    const { splits, pairs } = this;
    if (splits === null) return { positions: dividedPositions(text, start, end, pairs!), holds: () => true };
    const normalized = this.path.nfc ? normalizedStretch(text, start, end) : null;
    if (normalized !== null) return normalizedCandidates(splits, normalized, open);
    const positions = splits.boundaries(text, start, end, open);
    return { positions, holds: (position) => agrees(splits, text, start, position, positions) };
  }

  /** Whether what begins at `position` can stand at the beginning of a text. */
  private allows(text: Uint8Array, position: number, stretchEnd: number): boolean {
    const next = codePointAt(text, position);
    const beforeSpace = next === SPACE;
    if (this.path.prefixSpace !== 'never' && !beforeSpace) return false;
    // The space is left out, since one is put before the rest; but only before ordinary text.
    if (this.path.prefixSpace === 'always' && position + 1 >= stretchEnd) return false;
    if (this.path.nfc && !beginsNormalization(next)) return false;
    if (!this.looksAround) return true;
    return beforeSpace && !this.startsWithSpace && !isWhitespace(codePointAt(text, characterBefore(text, position)));
  }
}

/** Whether the text up to `position`, being all there is, falls into the same pieces. */
function agrees(splits: SettledSplits, text: Uint8Array, start: number, position: number, boundaries: readonly number[]): boolean {
  const alone = splits.boundaries(text, start, position, false);
  const count = alone.length;
  return alone.every((boundary, i) => boundary === boundaries[i]) && boundaries[count] === position;
}

function dividedPositions(text: Uint8Array, start: number, end: number, pairs: UnmergeablePairs): number[] {
  const positions: number[] = [];
  let previous = -1;
  for (let at = start; at < end; at += characterLength(text[at])) {
    const codePoint = codePointAt(text, at);
    if (previous >= 0 && pairs.divides(previous, codePoint)) positions.push(at);
    previous = codePoint;
  }
  return positions;
}

function characterBefore(text: Uint8Array, position: number): number {
  let before = position - 1;
  while (isContinuation(text[before])) before--;
  return before;
}

/** Characters that neither compose with one before them nor move before it: ASCII, ideographs and their punctuation, full-width forms. */
function beginsNormalization(codePoint: number): boolean {
  return (
    codePoint < 0x80 ||
    (codePoint >= 0x4e00 && codePoint <= 0x9fff) ||
    (codePoint >= 0x3001 && codePoint <= 0x3029) ||
    (codePoint >= 0xff01 && codePoint <= 0xff5e)
  );
}

/** A stretch in NFC, and where its parts came from. */
interface NormalizedStretch {
  readonly text: Uint8Array;
  /** Place in the original text by place in the normalized one, where normalization begins anew. */
  readonly origins: ReadonlyMap<number, number>;
}

/** null if the stretch is in NFC already. */
function normalizedStretch(text: Uint8Array, start: number, end: number): NormalizedStretch | null {
  const string = decodeUtf8(text.subarray(start, end));
  if (string.normalize('NFC') === string) return null;
  const origins = new Map<number, number>();
  const parts: Uint8Array[] = [];
  let origin = start;
  let length = 0;
  for (const part of partsOf(string)) {
    origins.set(length, origin);
    const normalized = encodeUtf8(part.normalize('NFC'));
    parts.push(normalized);
    origin += encodeUtf8(part).length;
    length += normalized.length;
  }
  const joined = new Uint8Array(length);
  parts.reduce((at, part) => (joined.set(part, at), at + part.length), 0);
  return { text: joined, origins };
}

/** A text cut before every character that begins normalization. */
function partsOf(text: string): string[] {
  const parts: string[] = [];
  let start = 0;
  for (let at = 0; at < text.length;) {
    const codePoint = text.codePointAt(at)!;
    if (at > start && beginsNormalization(codePoint)) {
      parts.push(text.slice(start, at));
      start = at;
    }
    at += codePoint > 0xffff ? 2 : 1;
  }
  parts.push(text.slice(start));
  return parts;
}

function normalizedCandidates(splits: SettledSplits, { text, origins }: NormalizedStretch, open: boolean): Candidates {
  const boundaries = splits.boundaries(text, 0, text.length, open);
  const places = new Map<number, number>();
  for (const boundary of boundaries) {
    const origin = origins.get(boundary);
    if (origin !== undefined) places.set(origin, boundary);
  }
  return { positions: [...places.keys()], holds: (position) => agrees(splits, text, 0, places.get(position)!, boundaries) };
}

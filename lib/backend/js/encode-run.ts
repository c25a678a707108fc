import type { EncoderSpec } from '../kernels';
import type { AddedTokens, AddedTokenSearch } from './added-tokens';
import type { IdBuffer } from './id-buffer';
import type { PieceEncoder } from './piece-encoder';
import type { Scanner } from './scanners/scanner';
import type { BoundsList, Splitter } from './splitter';
import { StretchNormalizer } from './stretches';
import type { TextView } from './text-view';

/** Pieces that are encoded at a time. */
const PIECE_BATCH = 512;

/** The parts of an encoder that runs share. */
export interface EncoderParts {
  readonly spec: EncoderSpec;
  /** null if there are none. */
  readonly added: AddedTokens | null;
  readonly splitter: Splitter;
  readonly pieces: PieceEncoder;
}

/**
 * Texts on their way to ids, one after another and each bit by bit, so that long ones can be interrupted:
 * text → stretches between added tokens → normalized → pieces → ids.
 */
export class EncodeRun {
  private readonly parts: EncoderParts;
  private readonly normalizer: StretchNormalizer;
  private readonly ends = new Int32Array(PIECE_BATCH);

  /** null from the last stretch on. */
  private text: TextView | null = null;
  private continues = false;
  private textStart = 0;
  private textEnd = 0;
  /** Finds the added tokens; null when there are no more. */
  private search: AddedTokenSearch | null = null;
  /** Where the text goes on behind the stretch that is being encoded. */
  private position = 0;
  /** Id of the added token behind that stretch, or −1. */
  private tokenBehind = -1;

  /** Where in the text the stretch begins. */
  private stretchStart = 0;
  /** What is left of the stretch: text[at, stop), or the bounds from `nextBound` on. */
  private at = 0;
  private stop = 0;
  private bounds: BoundsList | null = null;
  private nextBound = 0;
  /** Finds the stretch's pieces, unless they are in `bounds`. */
  private scanner: Scanner | null = null;
  /** Whether the scanner's pieces are parts of one piece. */
  private scansParts = false;

  constructor(parts: EncoderParts) {
    this.parts = parts;
    this.normalizer = new StretchNormalizer(parts.spec);
  }

  /** Turns to text[start, end). Throws DisallowedAddedToken. `continues`: see EncodeControl. */
  begin(text: TextView, start: number, end: number, actions: Uint8Array | null, continues = false): void {
    this.search = this.parts.added === null ? null : this.parts.added.search(text.bytes, start, end, actions);
    this.text = text;
    this.continues = continues;
    this.textStart = start;
    this.textEnd = end;
    this.position = start;
    this.tokenBehind = -1;
    this.stretchStart = start;
    this.at = this.stop = 0;
    this.bounds = null;
  }

  /** Appends the ids of the next few hundred pieces. false: the text is finished. */
  advance(out: IdBuffer): boolean {
    if (this.bounds !== null) {
      this.encodeBounds(this.bounds, out);
    } else if (this.at < this.stop) {
      this.encodeScanned(out);
    } else if (this.tokenBehind >= 0) {
      out.push(this.tokenBehind);
      this.tokenBehind = -1;
    } else {
      return this.nextStretch(out);
    }
    return true;
  }

  /** Lets go of the text. */
  release(): void {
    this.text = null;
    this.search = null;
    this.normalizer.release();
  }

  /** About how many bytes of the text are done. */
  get bytesDone(): number {
    const { stretchStart, normalizer } = this;
    return stretchStart - this.textStart + (this.at < this.stop ? this.at - normalizer.start : 0);
  }

  private encodeScanned(out: IdBuffer): void {
    const { text } = this.normalizer;
    let count = 1;
    if (this.scanner !== null) count = this.scanner.scan(text.bytes, this.at, this.stop, this.ends);
    else this.ends[0] = this.stop;
    this.parts.pieces.encode(text, this.at, this.ends, count, this.scansParts, out);
    this.at = this.ends[count - 1];
  }

  /** Encodes pieces that follow one another without a gap. */
  private encodeBounds({ values, length }: BoundsList, out: IdBuffer): void {
    let count = 0;
    const start = values[this.nextBound];
    let end = start;
    while (this.nextBound < length && count < this.ends.length && values[this.nextBound] === end) {
      end = this.ends[count++] = values[this.nextBound + 1];
      this.nextBound += 2;
    }
    if (this.nextBound >= length) this.bounds = null;
    this.parts.pieces.encode(this.normalizer.text, start, this.ends, count, false, out);
  }

  /** Goes on to the next stretch and the token behind it. false: there is neither. */
  private nextStretch(out: IdBuffer): boolean {
    const { search, text } = this;
    if (text === null) return false;
    const start = this.position;
    let end = this.textEnd;
    if (search !== null && search.next()) {
      end = search.tokenStart;
      this.position = search.tokenEnd;
      this.tokenBehind = this.parts.spec.added[search.index].id;
    } else {
      this.search = null;
      this.text = null;
    }
    if (start < end) this.beginStretch(text, start, end, out);
    return true;
  }

  private beginStretch(text: TextView, start: number, end: number, out: IdBuffer): void {
    const { normalizer, parts } = this;
    this.stretchStart = start;
    normalizer.prepare(text, start, end, start > this.textStart ? 'later' : this.continues ? 'within' : 'first');
    if (normalizer.start === normalizer.end) return;
    const { bytes } = normalizer.text;
    if (parts.splitter.scanner !== null) {
      this.scanner = parts.splitter.scanner;
      this.scansParts = false;
    } else if (parts.splitter.isEmpty) {
      const whole = parts.pieces.model.wholeToken(bytes, normalizer.start, normalizer.end);
      if (whole >= 0) {
        out.push(whole);
        return;
      }
      this.scanner = parts.pieces.cuts;
      this.scansParts = this.scanner !== null;
    } else {
      this.bounds = parts.splitter.split(bytes, normalizer.start, normalizer.end);
      this.nextBound = 0;
      if (this.bounds.length === 0) this.bounds = null;
      return;
    }
    this.at = normalizer.start;
    this.stop = normalizer.end;
  }
}

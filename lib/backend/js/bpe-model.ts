import type { BpeSpec } from '../kernels';
import { EventMerger } from './event-merger';
import { Merger } from './merge';
import { naturalPairs } from './natural-pairs';
import { PairTable } from './pair-table';
import { createSymbolReader, type SymbolReader } from './symbols';
import { TokenMap } from './token-map';

/** Scratch arrays of more symbols than this are not kept between calls. */
const KEPT_SYMBOLS = 1 << 16;

/** A BPE model: pieces in, ids out. Knows nothing of pre-tokenization and remembers nothing (see piece-cache.ts). */
export class BpeModel {
  readonly spec: BpeSpec;
  readonly pairs: PairTable;
  /** Whether every character of well-formed text becomes tokens of its own: none is unknown or vanishes. */
  readonly coversAllText: boolean;
  /** The ids of the piece that was encoded last. */
  ids = new Int32Array(64);
  /** How many bytes of the text each of them stands for; only after `mergeWithLengths`. */
  lengths = new Int32Array(0);

  private readonly symbols: SymbolReader;
  private readonly merger: Merger | EventMerger;
  private tokenMap: TokenMap | null = null;
  private tokenLengthsMemo: Uint32Array | null | undefined;

  constructor(spec: BpeSpec) {
    this.spec = spec;
    this.pairs = spec.merges === null ? naturalPairs(spec) : PairTable.fromMerges(spec.merges);
    this.coversAllText = coversAllText(spec);
    this.symbols = createSymbolReader(spec, () => this.tokens);
    this.merger = spec.removals === undefined ? new Merger(this.pairs) : new EventMerger(spec.merges!, spec.removals);
    if (spec.ignoreMerges) this.tokenMap = new TokenMap(spec.tokenBytes, spec.tokenOffsets);
  }

  /** Tokens by their bytes. */
  get tokens(): TokenMap {
    this.tokenMap ??= new TokenMap(this.spec.tokenBytes, this.spec.tokenOffsets);
    return this.tokenMap;
  }

  /**
   * Bytes of text that each token stands for wherever it is part of a piece (a token that is the whole piece is as long as that).
   * null: that depends on the text.
   */
  get tokenLengths(): Uint32Array | null {
    if (this.tokenLengthsMemo === undefined) this.tokenLengthsMemo = tokenLengths(this);
    return this.tokenLengthsMemo;
  }

  /** Upper bound for the number of ids of so many pieces, which have this many bytes together. */
  maxIds(bytes: number, pieces: number): number {
    return this.symbols.maxSymbols(bytes) + (pieces - 1) * this.spec.endOfWordSuffix.length;
  }

  /** The id of a piece that needs no merging because the model takes whole tokens first; −1: merge it. */
  wholeToken(text: Uint8Array, start: number, end: number): number {
    const id = this.tokenMap !== null && this.spec.ignoreMerges ? this.tokenMap.find(text, start, end) : -1;
    return id < (this.spec.removals?.kept ?? Infinity) ? id : -1;
  }

  /** Merges text[start, end); the result is in `ids`. Returns their number. */
  merge(text: Uint8Array, start: number, end: number): number {
    this.reserve(end - start);
    return this.merger.merge(this.ids, this.symbols.read(text, start, end, this.ids, null));
  }

  /** The same with the length of each token in `lengths`. */
  mergeWithLengths(text: Uint8Array, start: number, end: number): number {
    this.reserve(end - start);
    if (this.lengths.length < this.ids.length) this.lengths = new Int32Array(this.ids.length);
    return this.merger.mergeWithLengths(this.ids, this.lengths, this.symbols.read(text, start, end, this.ids, this.lengths));
  }

  private reserve(bytes: number): void {
    const needed = this.symbols.maxSymbols(bytes);
    if (needed > this.ids.length || (this.ids.length > KEPT_SYMBOLS && needed <= KEPT_SYMBOLS)) {
      this.ids = new Int32Array(needed <= KEPT_SYMBOLS ? Math.min(2 * needed, KEPT_SYMBOLS) : needed);
      this.lengths = new Int32Array(0);
    }
  }
}

function coversAllText(spec: BpeSpec): boolean {
  if (spec.unit === 'char' && !spec.byteFallback) return false;
  return spec.byteIds.every((id, byte) => id >= 0 || byte === 0xc0 || byte === 0xc1 || byte > 0xf4);
}

function tokenLengths({ spec, pairs, coversAllText }: BpeModel): Uint32Array | null {
  if (!coversAllText || spec.continuingPrefix.length > 0 || spec.endOfWordSuffix.length > 0) return null;
  const lengths = new Uint32Array(spec.tokenOffsets.length - 1);
  for (let id = 0; id < lengths.length; id++) lengths[id] = spec.tokenOffsets[id + 1] - spec.tokenOffsets[id];
  if (spec.unit === 'byte') return lengths;
  for (const id of spec.byteIds) if (id >= 0) lengths[id] = 1;
  // `<0x41>` may stand for a byte, or for the six characters of its own name if merges make it.
  const bytes = new Set(spec.byteIds);
  for (let rank = 0; rank < pairs.ranks; rank++) if (pairs.left(rank) >= 0 && bytes.has(pairs.product(rank))) return null;
  return lengths;
}

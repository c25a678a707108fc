import type { BpeSpec } from '../kernels';
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
  /** The ids of the piece that was encoded last. */
  ids = new Int32Array(64);
  /** How many bytes of the text each of them stands for; only after `mergeWithLengths`. */
  lengths = new Int32Array(0);

  private readonly symbols: SymbolReader;
  private readonly merger: Merger;
  private tokenMap: TokenMap | null = null;

  constructor(spec: BpeSpec) {
    this.spec = spec;
    this.pairs = spec.merges === null ? naturalPairs(spec) : PairTable.fromMerges(spec.merges);
    this.symbols = createSymbolReader(spec, () => this.tokens);
    this.merger = new Merger(this.pairs);
    if (spec.ignoreMerges) this.tokenMap = new TokenMap(spec.tokenBytes, spec.tokenOffsets);
  }

  /** Tokens by their bytes. */
  get tokens(): TokenMap {
    this.tokenMap ??= new TokenMap(this.spec.tokenBytes, this.spec.tokenOffsets);
    return this.tokenMap;
  }

  /** Upper bound for the number of ids of a piece of this many bytes. */
  maxIds(bytes: number): number {
    return this.symbols.maxSymbols(bytes);
  }

  /** The id of a piece that needs no merging because the model takes whole tokens first; −1: merge it. */
  wholeToken(text: Uint8Array, start: number, end: number): number {
    return this.tokenMap !== null && this.spec.ignoreMerges ? this.tokenMap.find(text, start, end) : -1;
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

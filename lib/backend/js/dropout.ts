import type { BpeSpec, PieceTokens } from '../kernels';
import { BpeModel } from './bpe-model';
import { PairHeap } from './dynamic/pair-heap';
import { IdBuffer } from './id-buffer';
import { NO_RANK } from './pair-table';
import { createSymbolReader, type SymbolReader } from './symbols';

export interface Dropout {
  /** From 0 to 1. */
  readonly probability: number;
  /** From 0 to 2³² − 1. */
  readonly seed: number;
}

/**
 * BPE-dropout (arXiv:1910.13267): each merge is left out with a probability when its turn comes, and waits until another one was made. As Hugging Face's
 * library does it: nothing is remembered, and a piece that is a token as a whole is merged too.
 */
export class DropoutMerger {
  private readonly model: BpeModel;
  private readonly symbols: SymbolReader;
  private readonly heap = new PairHeap();
  private ids = new Int32Array(0);
  private lengths = new Int32Array(0);
  private next = new Int32Array(0);
  private previous = new Int32Array(0);

  constructor(spec: BpeSpec) {
    this.model = new BpeModel(spec);
    this.symbols = createSymbolReader(spec, () => this.model.tokens);
  }

  /** Piece i is text[pieceOffsets[i], pieceOffsets[i + 1]). */
  encode(text: Uint8Array, pieceOffsets: Uint32Array, { probability, seed }: Dropout): PieceTokens {
    const random = randomNumbers(seed);
    const ids = new IdBuffer();
    const spans = new IdBuffer();
    const offsets = new Uint32Array(pieceOffsets.length);
    for (let piece = 0; piece + 1 < pieceOffsets.length; piece++) {
      const start = pieceOffsets[piece];
      const end = pieceOffsets[piece + 1];
      this.reserve(this.symbols.maxSymbols(end - start));
      const count = start === end ? 0 : this.symbols.read(text, start, end, this.ids, this.lengths);
      this.merge(count, () => random() < probability);
      for (let i = 0, at = start; i < count; at += this.lengths[i], i = this.next[i]) {
        ids.push(this.ids[i]);
        spans.push(at);
        spans.push(at + this.lengths[i]);
      }
      offsets[piece + 1] = ids.length;
    }
    return { ids: ids.take(), spans: spans.take(), offsets };
  }

  private merge(count: number, isDropped: () => boolean): void {
    const { heap, ids, lengths, next, previous } = this;
    heap.clear();
    for (let i = 0; i < count; i++) {
      next[i] = i + 1;
      previous[i] = i - 1;
      this.enter(i, count);
    }
    const dropped: Array<readonly [rank: number, at: number]> = [];
    for (;;) {
      const at = heap.pop();
      if (at < 0) return;
      const rank = -heap.count;
      if (isDropped()) {
        dropped.push([rank, at]);
        continue;
      }
      for (const [waiting, place] of dropped) heap.push(-waiting, place, place);
      dropped.length = 0;
      if (lengths[at] === 0 || this.rankAt(at, count) !== rank) continue;
      const right = next[at];
      ids[at] = this.model.pairs.product(rank);
      lengths[at] += lengths[right];
      lengths[right] = 0;
      next[at] = next[right];
      if (next[at] < count) previous[next[at]] = at;
      this.enter(at, count);
      if (previous[at] >= 0) this.enter(previous[at], count);
    }
  }

  private enter(at: number, count: number): void {
    const rank = this.rankAt(at, count);
    if (rank !== NO_RANK) this.heap.push(-rank, at, at);
  }

  private rankAt(at: number, count: number): number {
    const right = this.next[at];
    return right < count ? this.model.pairs.find(this.ids[at], this.ids[right]) : NO_RANK;
  }

  private reserve(symbols: number): void {
    if (symbols <= this.ids.length) return;
    this.ids = new Int32Array(2 * symbols);
    this.lengths = new Int32Array(2 * symbols);
    this.next = new Int32Array(2 * symbols);
    this.previous = new Int32Array(2 * symbols);
  }
}

/** SplitMix with 32 bits: numbers from 0 on, below 1. */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e37_79b9) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0_aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a_2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  };
}

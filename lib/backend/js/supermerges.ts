import type { PieceTokens } from '../kernels';
import { Merger } from './merge';
import { PairTable } from './pair-table';

/** Merges of whole pieces: neighbouring pieces that are one token each become one token, by a list of their own (BoundlessBPE). */
export class Supermerges {
  private readonly merger: Merger;
  private readonly parts = new Set<number>();
  /** The run that is being merged: ids, and how many pieces each stands for. */
  private run = new Int32Array(64);
  private lengths = new Int32Array(64);

  /** left, right, product ids in order of rank; a pair that stands twice counts with its last rank. */
  constructor(triples: Uint32Array) {
    this.merger = new Merger(PairTable.fromMerges(triples));
    for (let i = 0; i < triples.length; i += 3) this.parts.add(triples[i]).add(triples[i + 1]);
  }

  /** Joins the tokens of neighbouring pieces, where `follows(piece)` says that the piece before is one; a token of several pieces belongs to the first. */
  join(tokens: PieceTokens, follows: (piece: number) => boolean): PieceTokens {
    const { ids, offsets } = tokens;
    const pieces = offsets.length - 1;
    const out = new JoinedTokens(tokens);
    const isPart = (piece: number): boolean => offsets[piece + 1] === offsets[piece] + 1 && this.parts.has(ids[offsets[piece]]);
    for (let piece = 0; piece < pieces;) {
      let end = piece + 1;
      if (isPart(piece)) while (end < pieces && follows(end) && isPart(end)) end++;
      if (end === piece + 1) out.keep(piece);
      else {
        const count = this.merge(ids.subarray(offsets[piece], offsets[end]));
        for (let i = 0, from = piece; i < count; from += this.lengths[i++]) out.put(this.run[i], from, from + this.lengths[i]);
      }
      piece = end;
    }
    return out.finish();
  }

  private merge(ids: Uint32Array): number {
    if (ids.length > this.run.length) {
      this.run = new Int32Array(2 * ids.length);
      this.lengths = new Int32Array(2 * ids.length);
    }
    this.run.set(ids);
    this.lengths.fill(1, 0, ids.length);
    return this.merger.mergeWithLengths(this.run, this.lengths, ids.length);
  }
}

/** The tokens of pieces, of which some were joined. */
class JoinedTokens {
  private readonly ids: Uint32Array;
  private readonly spans: Uint32Array;
  private readonly offsets: Uint32Array;
  private count = 0;

  constructor(private readonly tokens: PieceTokens) {
    this.ids = new Uint32Array(tokens.ids.length);
    this.spans = new Uint32Array(tokens.spans.length);
    this.offsets = new Uint32Array(tokens.offsets.length);
  }

  /** A piece with its own tokens. */
  keep(piece: number): void {
    const { ids, spans, offsets } = this.tokens;
    const [from, to] = [offsets[piece], offsets[piece + 1]];
    this.ids.set(ids.subarray(from, to), this.count);
    this.spans.set(spans.subarray(2 * from, 2 * to), 2 * this.count);
    this.offsets[piece + 1] = this.count += to - from;
  }

  /** One token for pieces [from, to), which have one each. */
  put(id: number, from: number, to: number): void {
    const { spans, offsets } = this.tokens;
    this.ids[this.count] = id;
    this.spans[2 * this.count] = spans[2 * offsets[from]];
    this.spans[2 * this.count + 1] = spans[2 * offsets[to] - 1];
    this.offsets.fill(++this.count, from + 1, to + 1);
  }

  finish(): PieceTokens {
    const { ids, spans, offsets, count } = this;
    return { ids: ids.slice(0, count), spans: spans.slice(0, 2 * count), offsets };
  }
}

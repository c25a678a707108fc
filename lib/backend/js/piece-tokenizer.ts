import type { PieceTokens } from '../kernels';
import type { BpeModel } from './bpe-model';
import { IdBuffer } from './id-buffer';
import { PieceEncoder } from './piece-encoder';
import { viewText } from './text-view';

/** Runs a model on ready pieces, and says where the tokens stand. */
export class PieceTokenizer {
  private readonly model: BpeModel;
  private readonly pieces: PieceEncoder;
  private readonly pieceEnd = new Int32Array(1);

  /** `cacheBytes`: upper bound for the memory of pieces. */
  constructor(model: BpeModel, cacheBytes: number) {
    this.model = model;
    this.pieces = new PieceEncoder(model, cacheBytes);
  }

  /** Piece i is text[pieceOffsets[i], pieceOffsets[i + 1]). */
  encode(text: Uint8Array, pieceOffsets: Uint32Array): PieceTokens {
    const ids = new IdBuffer();
    const spans = new IdBuffer();
    const offsets = new Uint32Array(pieceOffsets.length);
    const { tokenLengths } = this.model;
    const view = viewText(text);
    for (let piece = 0; piece + 1 < pieceOffsets.length; piece++) {
      const start = pieceOffsets[piece];
      const end = pieceOffsets[piece + 1];
      if (start < end) {
        const first = ids.length;
        if (tokenLengths === null) {
          this.encodeAndMeasure(text, start, end, ids, spans);
        } else {
          this.pieceEnd[0] = end;
          this.pieces.encode(view, start, this.pieceEnd, 1, false, ids);
          pushSpans(ids, first, start, end, tokenLengths, spans);
        }
      }
      offsets[piece + 1] = ids.length;
    }
    return { ids: ids.take(), spans: spans.take(), offsets };
  }

  /** For models whose tokens do not tell how much text they stand for. */
  private encodeAndMeasure(text: Uint8Array, start: number, end: number, ids: IdBuffer, spans: IdBuffer): void {
    const { model } = this;
    const whole = model.wholeToken(text, start, end);
    if (whole >= 0) {
      ids.push(whole);
      spans.push(start);
      spans.push(end);
      return;
    }
    const count = model.mergeWithLengths(text, start, end);
    for (let i = 0, at = start; i < count; at += model.lengths[i++]) {
      ids.push(model.ids[i]);
      spans.push(at);
      spans.push(at + model.lengths[i]);
    }
  }
}

/** Appends the spans of the ids from `first` on, which are those of the piece [start, end). */
function pushSpans(ids: IdBuffer, first: number, start: number, end: number, tokenLengths: Uint32Array, spans: IdBuffer): void {
  const single = ids.length === first + 1;
  for (let i = first, at = start; i < ids.length; i++) {
    const stop = single ? end : at + tokenLengths[ids.values[i]];
    spans.push(at);
    spans.push(stop);
    at = stop;
  }
}

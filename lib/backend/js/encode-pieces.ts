import type { PieceTokens } from '../kernels';
import type { BpeModel } from './bpe-model';
import { IdBuffer } from './id-buffer';

/** Runs the model on ready pieces, and says where the tokens stand. Piece i is text[pieceOffsets[i], pieceOffsets[i + 1]). */
export function encodePieces(model: BpeModel, text: Uint8Array, pieceOffsets: Uint32Array): PieceTokens {
  const ids = new IdBuffer();
  const spans = new IdBuffer();
  const offsets = new Uint32Array(pieceOffsets.length);
  for (let piece = 0; piece + 1 < pieceOffsets.length; piece++) {
    const start = pieceOffsets[piece];
    const end = pieceOffsets[piece + 1];
    const whole = start < end ? model.wholeToken(text, start, end) : -1;
    if (whole >= 0) {
      ids.push(whole);
      spans.push(start);
      spans.push(end);
    } else if (start < end) {
      const count = model.mergeWithLengths(text, start, end);
      for (let i = 0, at = start; i < count; at += model.lengths[i++]) {
        ids.push(model.ids[i]);
        spans.push(at);
        spans.push(at + model.lengths[i]);
      }
    }
    offsets[piece + 1] = ids.length;
  }
  return { ids: ids.take(), spans: spans.take(), offsets };
}

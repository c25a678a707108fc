import type { EncodingPart } from '../encoding-parts';

/** A stretch of a sequence of ids: the text with this index, or special tokens. */
export type LayoutPiece = number | Uint32Array;

/** What happens to encodings after the model (Hugging Face `PostProcessor`). */
export interface PostProcessor {
  /** Number of special tokens that are added to one text, or to a pair. */
  addedTokens(pair: boolean): number;
  /** One part for each piece of the result; the caller joins them. Gets one part for each text. */
  process(parts: readonly EncodingPart[], addSpecialTokens: boolean): EncodingPart[];
  /** What `process` does to ids alone, whatever the texts are. */
  layout(pieces: readonly LayoutPiece[], addSpecialTokens: boolean): LayoutPiece[];
}

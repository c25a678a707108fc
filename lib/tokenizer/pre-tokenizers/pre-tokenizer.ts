import type { NormalizedText } from '../normalized-text';

/** Pieces of a text: piece i is [bounds[2i], bounds[2i + 1]) of `text`, on character boundaries, never empty, in order. What no piece holds is dropped. */
export interface Pieces {
  readonly text: NormalizedText;
  readonly bounds: Uint32Array;
}

/** A step that splits pieces into smaller ones (Hugging Face `PreTokenizer`), each piece as if it were the whole text. */
export interface PreTokenizer {
  /** Whether it looks at offsets in the original text, so that they must be tracked even where only ids are wanted. */
  readonly needsOffsets: boolean;
  preTokenize(pieces: Pieces): Pieces;
}

import type { Pieces } from './pieces';

/** A step that splits pieces into smaller ones (Hugging Face `PreTokenizer`), each piece as if it were the whole text. */
export interface PreTokenizer {
  /** Whether it looks at offsets in the original text, so that they must be tracked even where only ids are wanted. */
  readonly needsOffsets: boolean;
  preTokenize(pieces: Pieces): Pieces;
}

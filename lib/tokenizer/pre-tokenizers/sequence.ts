import type { Pieces } from './pieces';
import type { PreTokenizer } from './pre-tokenizer';

/** Several pre-tokenizers, each splitting the pieces of the one before. */
export class PreTokenizerSequence implements PreTokenizer {
  readonly needsOffsets: boolean;

  constructor(private readonly preTokenizers: readonly PreTokenizer[]) {
    this.needsOffsets = preTokenizers.some((preTokenizer) => preTokenizer.needsOffsets);
  }

  preTokenize(pieces: Pieces): Pieces {
    return this.preTokenizers.reduce((current, preTokenizer) => preTokenizer.preTokenize(current), pieces);
  }
}

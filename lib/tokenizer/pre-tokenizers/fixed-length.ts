import { characterLength } from '../utf8';
import { type Pieces, splitEach } from './pieces';
import type { PreTokenizer } from './pre-tokenizer';

/** Cuts every `length` characters. */
export class FixedLength implements PreTokenizer {
  readonly needsOffsets = false;

  constructor(private readonly length: number) {}

  preTokenize(pieces: Pieces): Pieces {
    const { bytes } = pieces.text;
    return splitEach(pieces, (start, end, parts) => {
      for (let at = start; at < end;) {
        const from = at;
        for (let count = 0; count < this.length && at < end; count++) at += characterLength(bytes[at]);
        parts.push(from, at);
      }
    });
  }
}

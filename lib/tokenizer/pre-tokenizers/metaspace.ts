import { codePointAt, characterLength } from '../utf8';
import { type Pieces, rewriteEach } from './pieces';
import type { PreTokenizer } from './pre-tokenizer';
import { CharacterSplit } from './split';

const SPACE = 0x20;

/** Which pieces get a replacement character put before them, if they do not begin with one: all, the one at the start of the text, or none. */
export type PrependScheme = 'always' | 'first' | 'never';

export interface MetaspaceOptions {
  /** Code point that stands for a space, usually U+2581. */
  readonly replacement: number;
  readonly prependScheme: PrependScheme;
  /** Whether pieces are split before each replacement character. */
  readonly split: boolean;
}

/** Replaces spaces by a visible character and splits before them, as SentencePiece does. */
export class Metaspace implements PreTokenizer {
  readonly needsOffsets: boolean;
  private readonly split: CharacterSplit | null;

  constructor(private readonly options: MetaspaceOptions) {
    this.needsOffsets = options.prependScheme === 'first';
    this.split = options.split ? new CharacterSplit((codePoint) => codePoint === options.replacement, 'mergedWithNext') : null;
  }

  preTokenize(pieces: Pieces): Pieces {
    const { replacement } = this.options;
    const { bytes } = pieces.text;
    const replaced = rewriteEach(pieces, (writer, start, end) => {
      const first = codePointAt(bytes, start);
      if (first !== SPACE && first !== replacement && this.prepends(pieces, start)) writer.put(replacement, start);
      let copied = start;
      for (let at = start; at < end; at += characterLength(bytes[at])) {
        if (bytes[at] !== SPACE) continue;
        writer.copy(copied, at);
        writer.put(replacement, at);
        copied = at + 1;
      }
      writer.copy(copied, end);
    });
    return this.split === null ? replaced : this.split.preTokenize(replaced);
  }

  private prepends(pieces: Pieces, start: number): boolean {
    const { prependScheme } = this.options;
    return prependScheme === 'always' || (prependScheme === 'first' && pieces.text.originalStart(start) === 0);
  }
}

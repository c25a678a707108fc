/** `Whitespace` and `UnicodeScripts`: splitting where the kind of character changes. */
import { isWhitespace, isWordCharacter } from '../unicode/predicates';
import { characterLength, codePointAt } from '../utf8';
import { type Pieces, splitEach } from './pieces';
import type { PreTokenizer } from './pre-tokenizer';

const SPACE_CLASS = 0;
const WORD_CLASS = 1;
const OTHER_CLASS = 2;

/** The matches of `\w+|[^\w\s]+` (Rust regex): words and runs of other visible characters. White space is dropped. */
export class WordSplit implements PreTokenizer {
  readonly needsOffsets = false;

  preTokenize(pieces: Pieces): Pieces {
    const { bytes } = pieces.text;
    return splitEach(pieces, (start, end, parts) => {
      let runStart = start;
      let runClass = SPACE_CLASS;
      for (let at = start; at < end; at += characterLength(bytes[at])) {
        const characterClass = classOf(codePointAt(bytes, at));
        if (characterClass === runClass) continue;
        if (runClass !== SPACE_CLASS) parts.push(runStart, at);
        runStart = at;
        runClass = characterClass;
      }
      if (runClass !== SPACE_CLASS) parts.push(runStart, end);
    });
  }
}

function classOf(codePoint: number): number {
  if (isWordCharacter(codePoint)) return WORD_CLASS;
  return isWhitespace(codePoint) ? SPACE_CLASS : OTHER_CLASS;
}

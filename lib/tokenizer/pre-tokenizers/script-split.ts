import { ANY_SCRIPT, unigramScript } from '../unicode/predicates';
import { characterLength, codePointAt } from '../utf8';
import { type Pieces, splitEach } from './pieces';
import type { PreTokenizer } from './pre-tokenizer';

/**
 * Splits where the script changes. Characters without a script go with what stands before them; before the first character with one
 * they are dropped, as the library does. Hiragana, Katakana and Han count as one script.
 */
export class ScriptSplit implements PreTokenizer {
  readonly needsOffsets = false;

  preTokenize(pieces: Pieces): Pieces {
    const { bytes } = pieces.text;
    return splitEach(pieces, (start, end, parts) => {
      let partStart = end;
      let lastScript = ANY_SCRIPT;
      for (let at = start; at < end; at += characterLength(bytes[at])) {
        const script = unigramScript(codePointAt(bytes, at));
        if (script === ANY_SCRIPT || script === lastScript) continue;
        parts.push(partStart, at);
        partStart = at;
        lastScript = script;
      }
      parts.push(partStart, end);
    });
  }
}

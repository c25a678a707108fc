import { AlignedWriter } from '../aligned-writer';
import type { NormalizedText } from '../normalized-text';
import { isWhitespace } from '../unicode/predicates';
import { characterLength, codePointAt, isContinuation } from '../utf8';
import type { Normalizer } from './normalizer';

/** Takes white space off the ends. */
export class Strip implements Normalizer {
  constructor(
    private readonly left: boolean,
    private readonly right: boolean,
  ) {}

  normalize(text: NormalizedText): NormalizedText {
    const { bytes } = text;
    let start = 0;
    let end = bytes.length;
    if (this.left) while (start < end && isWhitespace(codePointAt(bytes, start))) start += characterLength(bytes[start]);
    while (this.right && end > start) {
      let last = end - 1;
      while (isContinuation(bytes[last])) last--;
      if (!isWhitespace(codePointAt(bytes, last))) break;
      end = last;
    }
    if (!text.tracked || start === 0) return text.slice(start, end);
    // A copy keeps the origin of the whole text, to which Hugging Face aligns what stands for nothing.
    const writer = new AlignedWriter(text, end - start);
    writer.copy(start, end);
    return writer.finish();
  }
}

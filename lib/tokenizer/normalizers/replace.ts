import { AlignedWriter, NOWHERE } from '../aligned-writer';
import type { NormalizedText } from '../normalized-text';
import type { TextMatcher } from '../text-matcher';
import type { Normalizer } from './normalizer';

/** Replaces every match by `content`, which stands for what the match's last byte stood for. */
export class Replace implements Normalizer {
  constructor(
    private readonly matcher: TextMatcher,
    private readonly content: Uint8Array,
  ) {}

  normalize(text: NormalizedText): NormalizedText {
    const matches = this.matcher(text.bytes);
    return matches.length === 0 ? text : replaceMatches(text, matches, this.content);
  }
}

/** Replaces the given matches (start, end pairs). What replaces an empty match stands for the character before it. */
export function replaceMatches(text: NormalizedText, matches: Uint32Array, content: Uint8Array): NormalizedText {
  const writer = new AlignedWriter(text, text.length + (matches.length / 2) * content.length);
  let copied = 0;
  for (let i = 0; i < matches.length; i += 2) {
    const end = matches[i + 1];
    writer.copy(copied, matches[i]);
    writer.putBytes(content, end === 0 ? NOWHERE : end - 1);
    copied = end;
  }
  writer.copy(copied, text.length);
  return writer.finish();
}

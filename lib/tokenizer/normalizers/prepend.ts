import { AlignedWriter } from '../aligned-writer';
import type { NormalizedText } from '../normalized-text';
import type { Normalizer } from './normalizer';

/** Puts text before the text; it stands for what the first character stands for. */
export class Prepend implements Normalizer {
  constructor(private readonly prefix: Uint8Array) {}

  normalize(text: NormalizedText): NormalizedText {
    if (this.prefix.length === 0) return text;
    const writer = new AlignedWriter(text, text.length + this.prefix.length);
    writer.putBytes(this.prefix, 0);
    writer.copy(0, text.length);
    return writer.finish();
  }
}

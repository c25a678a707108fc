import { AlignedWriter } from '../aligned-writer';
import { BYTE_CODE_POINTS } from '../byte-alphabet';
import type { NormalizedText } from '../normalized-text';
import type { Normalizer } from './normalizer';

/** Writes every byte as its character of GPT-2's printable alphabet. */
export class ByteLevelNormalizer implements Normalizer {
  normalize(text: NormalizedText): NormalizedText {
    const writer = new AlignedWriter(text, text.length + (text.length >> 1));
    writeByteLevel(writer, text, 0, text.length);
    return writer.finish();
  }
}

/** Writes a range's bytes in the alphabet. */
export function writeByteLevel(writer: AlignedWriter, text: NormalizedText, start: number, end: number): void {
  const { bytes } = text;
  for (let at = start; at < end; at++) writer.put(BYTE_CODE_POINTS[bytes[at]], at);
}

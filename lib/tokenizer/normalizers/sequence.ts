import type { NormalizedText } from '../normalized-text';
import type { Normalizer } from './normalizer';

/** Several normalizers, one after the other. */
export class NormalizerSequence implements Normalizer {
  constructor(private readonly normalizers: readonly Normalizer[]) {}

  normalize(text: NormalizedText): NormalizedText {
    let current = text;
    for (const normalizer of this.normalizers) {
      // What has become empty stays empty: even `Prepend` leaves it alone.
      if (current.length === 0) break;
      current = normalizer.normalize(current);
    }
    return current;
  }
}

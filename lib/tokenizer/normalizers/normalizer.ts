import type { Kernels } from '../../backend/kernels';
import type { NormalizedText } from '../normalized-text';

/** A step that rewrites text before it is split (Hugging Face `Normalizer`). */
export interface Normalizer {
  /** The normalized text; the same object if nothing changes. Never called with an empty text. */
  normalize(text: NormalizedText): NormalizedText;
}

/** What components need to be made. */
export interface ComponentContext {
  /** The backend that compiles and runs their regular expressions. */
  readonly kernels: Kernels;
}

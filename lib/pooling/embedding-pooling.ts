/** One embedding for each sequence, without parameters (the designs that Tang & Yang 2024 compare). */
import { objectOf } from '../arguments';
import { float32Vectors, type Float32Vectors } from '../clustering/matrix';
import { invalidArgument } from '../errors';
import { runSteps, runStepsInBackground, type Steps } from '../clustering/steps';
import { checkingStates, meanOfTokens, ownStates, toUnitLength, type HiddenStates } from './hidden-states';

export interface EmbeddingPoolOptions {
  /**
   * 'last': the state of the last token that is no padding, which is the end-of-sequence token on whichever side the padding stands; 'mean': of all tokens; 'weighted-mean':
   * the n-th token counts n times (Muennighoff 2022).
   */
  readonly method: 'last' | 'mean' | 'weighted-mean';
  /** Scale embeddings to unit length. Default false. */
  readonly normalize?: boolean;
}

/**
 * Embeddings [sequences, length] of hidden states [sequences, tokens, length]. `mask`: 1 for each token of all sequences, 0 for padding. Throws INVALID_ARGUMENT, also for
 * a sequence that is all padding.
 */
export function poolEmbeddings(states: HiddenStates, mask: ArrayLike<number>, options: EmbeddingPoolOptions): Float32Vectors {
  return runSteps(pooling(states, mask, options), null);
}

/** The same with time for other work in between, of copied states unless their memory is shared. Rejects with ABORTED besides. */
export async function poolEmbeddingsAsync(
  states: HiddenStates,
  mask: ArrayLike<number>,
  options: EmbeddingPoolOptions & { readonly signal?: AbortSignal },
): Promise<Float32Vectors> {
  const { signal } = objectOf(options, 'options');
  return runStepsInBackground(pooling(await ownStates(states, signal), mask, options), null, signal);
}

function* pooling(states: HiddenStates, mask: ArrayLike<number>, options: EmbeddingPoolOptions): Steps<Float32Vectors> {
  const { method, normalize = false } = objectOf(options, 'options');
  const { data, sequences, tokens, width, places } = yield* checkingStates(states, mask, false);
  if (typeof method !== 'string' || !Object.hasOwn(WEIGHTS, method))
    throw invalidArgument('method', '"last", "mean" or "weighted-mean"', method);
  const out = new Float32Array(sequences * width);
  for (const [sequence, own] of places.entries()) {
    const mean = meanOfTokens(data, sequence * tokens * width, width, own, (n) => WEIGHTS[method](n, own.length));
    out.set(mean, sequence * width);
    yield null;
  }
  if (normalize) toUnitLength(out, width);
  return float32Vectors(out, width);
}

const WEIGHTS: Record<EmbeddingPoolOptions['method'], (n: number, count: number) => number> = {
  last: (n, count) => (n === count - 1 ? 1 : 0),
  mean: () => 1,
  'weighted-mean': (n) => n + 1,
};

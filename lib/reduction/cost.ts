/** What a vision transformer costs, whole and with fewer tokens in some of its layers. */
import { objectOf } from '../arguments';
import { unexpected } from '../errors';

export interface TransformerShape {
  readonly layers: number;
  /** Length of a token. */
  readonly width: number;
  readonly tokens: number;
  /** Numbers of a patch that a token is made of: 3 × 16 × 16, for example. Default 0: the tokens are there already. */
  readonly patchNumbers?: number;
}

export interface ReducedLayers {
  /** Layers that work on all tokens before the reduction. */
  readonly after: number;
  readonly tokens: number;
  /** Of the clustering (Expedit); each goes through all pairs twice, and reconstruction once. Default 5. */
  readonly iterations?: number;
}

/**
 * Multiply-adds of an image: 12 N d² + 2 N² d for each layer, the patches' embedding, and (2 κ + 1) N M d for clustering N tokens to M and back (Liang et al. 2022).
 * Throws INVALID_ARGUMENT for what is no such transformer.
 */
export function transformerMacs(shape: TransformerShape, reduced?: ReducedLayers): number {
  const { layers, width, tokens, patchNumbers = 0 } = objectOf(shape, 'shape');
  const fewer = reduced === undefined ? [] : [objectOf(reduced, 'reduced').after, reduced.tokens, reduced.iterations ?? 0];
  const sizes = [layers, width, tokens, patchNumbers, ...fewer];
  if (!sizes.every((size) => Number.isSafeInteger(size) && size >= 0))
    throw unexpected('sizes', 'whole numbers', sizes.map(String).join(', '));
  if (reduced !== undefined && reduced.after > layers) throw unexpected('after', `at most ${layers}, the layers`, `${reduced.after}`);
  const layer = (count: number): number => 12 * count * width ** 2 + 2 * count ** 2 * width;
  const embedding = tokens * patchNumbers * width;
  if (reduced === undefined) return layers * layer(tokens) + embedding;
  const { after, iterations = 5 } = reduced;
  const clustering = (2 * iterations + 1) * tokens * reduced.tokens * width;
  return after * layer(tokens) + (layers - after) * layer(reduced.tokens) + clustering + embedding;
}

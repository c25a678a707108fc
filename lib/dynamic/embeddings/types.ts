/** Public types of embeddings for new tokens. */

/** A matrix, row by row; onnxruntime's tensors of this type fit. */
export interface FloatTensor {
  readonly type: 'float32';
  readonly data: Float32Array;
  /** [rows, width] */
  readonly dims: readonly number[];
}

/** Tokens that need embeddings, with the tokens that they are made of. */
export interface TokensToEmbed {
  /** The text of each token; U+FFFD where its bytes are not UTF-8. */
  readonly texts: readonly string[];
  /** Token i is made of the base ids parts[partOffsets[i], partOffsets[i + 1]). */
  readonly parts: Uint32Array;
  /** n + 1 entries. */
  readonly partOffsets: Uint32Array;
  /** The text of each part. */
  readonly partTexts: readonly string[];
}

/** Makes embeddings for tokens that a model does not know. */
export interface TokenEmbedder {
  /** One row for each token, as wide as the model's embeddings. */
  embed(tokens: TokensToEmbed): FloatTensor | Promise<FloatTensor>;
}

/** A model of texts: one row for each, of any width. */
export type TextEmbedder = (texts: readonly string[]) => FloatTensor | Promise<FloatTensor>;

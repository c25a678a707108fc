import { invalidArgument } from '../../errors';
import { checkTexts } from './check-tokens';
import { type Matrix, matrixOf, sumRows } from './matrix';
import { type Directions, directionsOf, forEachCosines, sparsemax } from './similarity';
import type { FloatTensor, TextEmbedder, TokenEmbedder, TokensToEmbed } from './types';

export interface FocusOptions {
  /** Gives each text a vector, in the space of `overlapVectors` (in the paper: fastText, trained on text in the new language). */
  embedTexts: TextEmbedder;
  /** Vectors of the tokens that both vocabularies have. */
  overlapVectors: FloatTensor;
  /** The model's embeddings of the same tokens. */
  overlapEmbeddings: FloatTensor;
}

/**
 * FOCUS (Dobler, de Melo: FOCUS: Effective Embedding Initialization for Monolingual Specialization of Multilingual Models, EMNLP 2023): a new token is a sum
 * of the embeddings that both vocabularies have, weighted by sparsemax over the likeness to them.
 */
export class FocusEmbedder implements TokenEmbedder {
  readonly #vectors: Directions;
  readonly #embeddings: Matrix;
  readonly #embedTexts: TextEmbedder;

  /** Throws INVALID_ARGUMENT. */
  constructor(options: FocusOptions) {
    const { embedTexts, overlapVectors, overlapEmbeddings } = options ?? ({} as FocusOptions);
    if (typeof embedTexts !== 'function') throw invalidArgument('embedTexts', 'a function', embedTexts);
    this.#embedTexts = embedTexts;
    const vectors = matrixOf('overlapVectors', overlapVectors);
    if (vectors.rows === 0) throw invalidArgument('overlapVectors', 'a tensor of at least one row', overlapVectors);
    this.#vectors = directionsOf('overlapVectors', vectors);
    this.#embeddings = matrixOf('overlapEmbeddings', overlapEmbeddings, { rows: vectors.rows });
  }

  async embed(tokens: Pick<TokensToEmbed, 'texts'>): Promise<FloatTensor> {
    checkTexts(tokens);
    const { texts } = tokens;
    const { width } = this.#vectors.matrix;
    const vectors = matrixOf('what embedTexts gives', await this.#embedTexts(texts), { rows: texts.length, width });
    const rows: number[] = [];
    const weights: number[] = [];
    const offsets = new Uint32Array(texts.length + 1);
    await forEachCosines(directionsOf('what embedTexts gives', vectors), texts.length, this.#vectors, (token, cosines) => {
      for (const { place, weight } of sparsemax(cosines)) {
        rows.push(place);
        weights.push(weight);
      }
      offsets[token + 1] = rows.length;
    });
    return sumRows(this.#embeddings, Uint32Array.from(rows), offsets, Float64Array.from(weights));
  }
}

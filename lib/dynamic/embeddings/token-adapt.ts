import { invalidArgument } from '../../errors';
import { checkTokens } from './check-tokens';
import { lengthShares } from './composition';
import { type Matrix, matrixOf, sumRows, tensorOf } from './matrix';
import { cosine, type Directions, directionsOf, forEachCosines, largest, softmax } from './similarity';
import type { FloatTensor, TextEmbedder, TokenEmbedder, TokensToEmbed } from './types';

export interface TokenAdaptOptions {
  /** The model's embeddings, a row for each base id. */
  table: FloatTensor;
  /** A model of texts that judges what is like what. */
  embedTexts: TextEmbedder;
  /** What `embedTexts` gives for the text of each base id, where the nearest tokens are looked for; left out: there is no global part. */
  vocabularyVectors?: FloatTensor;
  /** Default 0.3. */
  temperature?: number;
  /** Number of nearest tokens. Default 3. */
  neighbours?: number;
  /** Nearest tokens with a lower weight are dropped. Default 0. */
  threshold?: number;
  /** Weight of the local part; the global one has the rest. Default 0.7. */
  localWeight?: number;
}

/**
 * TokenAdapt's heuristic (Sharthak et al.: Achieving Tokenizer Flexibility in Language Models through Heuristic Adaptation and Supertoken Learning, arXiv
 * 2505.09738): a token is the sum of its parts, weighted by likeness and length, and of the tokens that are most like it.
 */
export class TokenAdaptEmbedder implements TokenEmbedder {
  readonly #table: Matrix;
  readonly #vocabulary: Directions | null;
  readonly #options: Required<Omit<TokenAdaptOptions, 'table' | 'vocabularyVectors'>>;

  /** Throws INVALID_ARGUMENT. */
  constructor(options: TokenAdaptOptions) {
    if (typeof options !== 'object' || options === null) throw invalidArgument('options', 'an object', options);
    const { temperature = 0.3, neighbours = 3, threshold = 0, localWeight = 0.7, embedTexts } = options;
    if (typeof embedTexts !== 'function') throw invalidArgument('embedTexts', 'a function', embedTexts);
    if (!(temperature > 0)) throw invalidArgument('temperature', 'a number above 0', temperature);
    if (!Number.isInteger(neighbours) || neighbours < 1) throw invalidArgument('neighbours', 'an integer of 1 or more', neighbours);
    if (!(threshold >= 0 && threshold < 1)) throw invalidArgument('threshold', 'a number from 0 to below 1', threshold);
    if (!(localWeight >= 0 && localWeight <= 1)) throw invalidArgument('localWeight', 'a number from 0 to 1', localWeight);
    this.#table = matrixOf('table', options.table);
    const vectors = options.vocabularyVectors && matrixOf('vocabularyVectors', options.vocabularyVectors, { rows: this.#table.rows });
    this.#vocabulary = vectors === undefined ? null : directionsOf('vocabularyVectors', vectors);
    this.#options = { temperature, neighbours, threshold, localWeight, embedTexts };
  }

  async embed(tokens: TokensToEmbed): Promise<FloatTensor> {
    checkTokens(tokens);
    const { texts, partTexts } = tokens;
    const vectors = directionsOf(
      'what embedTexts gives',
      matrixOf('what embedTexts gives', await this.#options.embedTexts([...texts, ...partTexts]), {
        rows: texts.length + partTexts.length,
        ...(this.#vocabulary && { width: this.#vocabulary.matrix.width }),
      }),
    );
    const local = sumRows(this.#table, tokens.parts, tokens.partOffsets, this.#localWeights(tokens, vectors));
    const nearest = this.#vocabulary === null ? null : await this.#nearest(texts.length, vectors, this.#vocabulary);
    return nearest === null ? local : this.#combine(local, nearest);
  }

  /** softmax(((p + l) / 2) / T): p the likeness of the part and the whole under a softmax, l its share of the characters. */
  #localWeights(tokens: TokensToEmbed, vectors: Directions): Float64Array {
    const { texts, partOffsets } = tokens;
    const shares = lengthShares(tokens);
    const weights = new Float64Array(shares.length);
    for (let token = 0; token < texts.length; token++) {
      const [from, to] = [partOffsets[token], partOffsets[token + 1]];
      const likeness = softmax(
        Float64Array.from({ length: to - from }, (_, i) => cosine(vectors, token, vectors, texts.length + from + i)),
      );
      const scores = likeness.map((value, i) => (value + shares[from + i]) / 2);
      weights.set(softmax(scores, this.#options.temperature), from);
    }
    return weights;
  }

  /** The nearest tokens' sum for each token; rows of tokens that are like nothing are marked by `found`. */
  async #nearest(count: number, vectors: Directions, vocabulary: Directions): Promise<{ sums: FloatTensor; found: boolean[] }> {
    const { temperature, neighbours, threshold } = this.#options;
    const rows: number[] = [];
    const weights: number[] = [];
    const offsets = new Uint32Array(count + 1);
    await forEachCosines(vectors, count, vocabulary, (token, cosines) => {
      const best = largest(cosines, neighbours);
      const shares = softmax(
        Float64Array.from(best, (row) => cosines[row]),
        temperature,
      );
      const kept = best.map((row, i) => ({ row, share: shares[i] })).filter(({ share }) => share >= threshold);
      const sum = kept.reduce((total, { share }) => total + share, 0);
      rows.push(...kept.map(({ row }) => row));
      weights.push(...kept.map(({ share }) => share / sum));
      offsets[token + 1] = rows.length;
    });
    const sums = sumRows(this.#table, Uint32Array.from(rows), offsets, Float64Array.from(weights));
    return { sums, found: Array.from({ length: count }, (_, i) => offsets[i + 1] > offsets[i]) };
  }

  #combine(local: FloatTensor, { sums, found }: { sums: FloatTensor; found: boolean[] }): FloatTensor {
    const { localWeight } = this.#options;
    const { width } = this.#table;
    const data = local.data.map((value, i) =>
      found[Math.floor(i / width)] ? localWeight * value + (1 - localWeight) * sums.data[i] : value,
    );
    return tensorOf(data, found.length, width);
  }
}

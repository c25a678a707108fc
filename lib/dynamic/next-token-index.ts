import { copyRow, pointsOf, type Vectors } from '../clustering/matrix';
import { invalidArgument, unexpected } from '../errors';
import type {
  AsyncVectorSearchOptions,
  IndexCalibrationOptions,
  CalibrationPoint,
  VectorIndexOptions,
  VectorSearchOptions,
  VectorSearchResult,
} from '../search/types';
import { VectorIndex } from '../search/vector-index';

export interface NextTokenIndexOptions extends Omit<VectorIndexOptions, 'metric' | 'rescore' | 'ids'> {
  /** Added to the logit of each token. Default: none. */
  readonly bias?: Float32Array;
}

/** Of hidden vector i the tokens offsets[i] … offsets[i + 1] − 1, the greatest logit first; of equal ones the lowest id first. */
export interface NextTokens {
  readonly ids: Uint32Array;
  /** ⟨hidden vector, output embedding⟩ + bias. */
  readonly logits: Float32Array;
  /** Hidden vectors + 1 entries. */
  readonly offsets: Uint32Array;
}

/**
 * The most likely next tokens out of a vocabulary so large that computing all logits costs more than the model: candidates come out of a {@link VectorIndex} by inner
 * product, and are scored once more on the output embeddings themselves. (Feher, Vulić, Minixhofer: arXiv 2411.18553 retrieve by cosine, and score by inner product:
 * tokens with long embeddings are missed.)
 *
 * The embeddings stay in the caller's array, and must not change; the index keeps them in eight bits beside.
 */
export class NextTokenIndex implements Disposable {
  /** The index underneath, with the bias as one more dimension. */
  readonly index: VectorIndex;
  readonly #dims: number;
  readonly #hasBias: boolean;

  private constructor(index: VectorIndex, dims: number, hasBias: boolean) {
    this.index = index;
    this.#dims = dims;
    this.#hasBias = hasBias;
  }

  /**
   * Builds an index of output embeddings: row i is token i's, float32 or in half precision. Options are those of `VectorIndex.build`, with `storage` 'int8' by default. Rejects as
   * that does.
   */
  static async build(embeddings: Vectors, { bias, storage = 'int8', ...options }: NextTokenIndexOptions = {}): Promise<NextTokenIndex> {
    const { dims, count } = pointsOf(embeddings, 'embeddings');
    const vectors = bias === undefined ? embeddings : withBias(embeddings, bias, count);
    const index = await VectorIndex.build(vectors, { ...options, storage, metric: 'inner-product', rescore: vectors });
    return new NextTokenIndex(index, dims, bias !== undefined);
  }

  /** Number of tokens. */
  get vocabSize(): number {
    return this.index.size;
  }

  /**
   * The `k` greatest logits of each hidden vector (a matrix, or one vector): exact for the candidates that were found; `probes`, `candidates` and `confidence` say how hard to
   * look. `filter` leaves out tokens, for constrained generation. Throws INVALID_ARGUMENT.
   */
  nextTokens(hidden: Vectors | Float32Array, k: number, options: VectorSearchOptions = {}): NextTokens {
    return tokensOf(this.index.search(this.#queries(hidden), k, options));
  }

  /** The same on other threads. Rejects with ABORTED besides. */
  async nextTokensAsync(hidden: Vectors | Float32Array, k: number, options: AsyncVectorSearchOptions = {}): Promise<NextTokens> {
    return tokensOf(await this.index.searchAsync(this.#queries(hidden), k, options));
  }

  /**
   * Measures what part of the k most likely tokens is found with how many lists; `nextTokens` with `recall` chooses by it. Pass hidden vectors of the model as `queries`:
   * embeddings are not like them.
   */
  calibrate({ queries, ...options }: IndexCalibrationOptions = {}): Promise<readonly CalibrationPoint[]> {
    return this.index.calibrate({ ...options, ...(queries && { queries: this.#queries(queries) }) });
  }

  dispose(): void {
    this.index.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** With a 1 for the bias. */
  #queries(hidden: Vectors): Vectors;
  #queries(hidden: Vectors | Float32Array): Vectors | Float32Array;
  #queries(hidden: Vectors | Float32Array): Vectors | Float32Array {
    if (!this.#hasBias) return hidden;
    const vectors = hidden instanceof Float32Array ? { data: hidden, dims: [1, hidden.length] } : hidden;
    const { dims, count } = pointsOf(vectors, 'hidden');
    if (dims !== this.#dims) throw unexpected('hidden', `vectors of ${this.#dims} numbers`, `vectors of ${dims}`);
    return withBias(vectors, new Float32Array(count).fill(1), count);
  }
}

function tokensOf({ ids, scores, offsets }: VectorSearchResult): NextTokens {
  return { ids, logits: scores, offsets };
}

/** Rows with one more number each, in single precision. */
function withBias(vectors: Vectors, bias: Float32Array, count: number): Vectors {
  if (!(bias instanceof Float32Array) || bias.length !== count)
    throw invalidArgument('bias', `a Float32Array of ${count}, one for each token`, bias);
  const points = pointsOf(vectors, 'embeddings');
  const width = points.dims + 1;
  const data = new Float32Array(count * width);
  for (let row = 0; row < count; row++) {
    copyRow(points, row, data, row * width);
    data[(row + 1) * width - 1] = bias[row];
  }
  return { data, dims: [count, width] };
}

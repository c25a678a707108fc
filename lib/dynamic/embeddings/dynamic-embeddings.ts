import { selectKernels } from '../../backend/select';
import { invalidArgument, MerganserError } from '../../errors';
import { DynamicBatch } from '../dynamic-batch';
import { madeRows, type Matrix, matrixOf, tensorOf } from './matrix';
import { RowCache } from './row-cache';
import type { FloatTensor, TokenEmbedder } from './types';

const CACHE_ROWS = 5000;
/** Of the cache: what arrays can hold everywhere. */
const MOST_NUMBERS = 2 ** 30;

export interface DynamicEmbeddingsOptions {
  /** The model's embeddings, a row for each base id. */
  table: FloatTensor;
  /** Makes those of new tokens. */
  embedder: TokenEmbedder;
  /** Rows of new tokens that are kept for later batches; no batch may use more new tokens. Default 5000. */
  cacheRows?: number;
}

/** The embeddings of batches: the model's own, and those of new tokens, which are made once and kept as long as there is room. */
export class DynamicEmbeddings {
  readonly #table: Matrix;
  readonly #embedder: TokenEmbedder;
  readonly #cache: RowCache;
  /** Batches take turns: a row must not go while another batch is read. */
  #turn: Promise<unknown> = Promise.resolve();

  /** Throws INVALID_ARGUMENT. */
  constructor(options: DynamicEmbeddingsOptions) {
    const { table, embedder, cacheRows = CACHE_ROWS } = options ?? ({} as DynamicEmbeddingsOptions);
    if (typeof embedder?.embed !== 'function') throw invalidArgument('embedder', 'an object with a method embed', embedder);
    if (!Number.isInteger(cacheRows) || cacheRows < 1) throw invalidArgument('cacheRows', 'an integer of 1 or more', cacheRows);
    this.#table = matrixOf('table', table);
    if (cacheRows * this.#table.width > MOST_NUMBERS)
      throw invalidArgument(
        'cacheRows',
        `at most ${Math.floor(MOST_NUMBERS / this.#table.width)} with rows of ${this.#table.width} numbers`,
        cacheRows,
      );
    this.#embedder = embedder;
    this.#cache = new RowCache(cacheRows, this.#table.width);
  }

  /** Number of new tokens whose embeddings are kept. */
  get cached(): number {
    return this.#cache.size;
  }

  /**
   * The embeddings of all tokens of a batch, values.length × width. Throws INVALID_ARGUMENT if the batch uses more new tokens than there is room for,
   * if ids have no row, or if the embedder gives something else than a row of finite numbers for each token; and what the embedder throws.
   */
  lookup(batch: DynamicBatch): Promise<FloatTensor> {
    const result = this.#turn.then(() => {
      if (!(batch instanceof DynamicBatch)) throw invalidArgument('batch', 'a DynamicBatch', batch);
      return this.#lookup(batch);
    });
    this.#turn = result.catch(() => undefined);
    return result;
  }

  async #lookup(batch: DynamicBatch): Promise<FloatTensor> {
    const { rows: height, width } = this.#table;
    const { firstId } = batch.newTokens;
    const used = [...new Set(batch.values.filter((id) => id >= firstId))];
    const rowOf = await this.#rowsOf(batch, used);
    const rows = batch.values.map((id) => (id < firstId ? id : height + rowOf.get(id)!));
    const unknown = batch.values.find((id, i) => id < firstId && rows[i] >= height);
    if (unknown !== undefined)
      throw invalidArgument('table', `a tensor with a row for each id, ${unknown} among them`, tensorOf(this.#table.data, height, width));
    const out = new Float32Array(rows.length * width);
    selectKernels().gatherRows(this.#table.data, this.#cache.table, width, rows, out);
    return tensorOf(out, rows.length, width);
  }

  /** The rows of new tokens in the cache. */
  async #rowsOf(batch: DynamicBatch, ids: readonly number[]): Promise<ReadonlyMap<number, number>> {
    if (ids.length > this.#cache.capacity) {
      throw new MerganserError(
        'INVALID_ARGUMENT',
        `Expected a batch of at most ${this.#cache.capacity} new tokens, the number of cacheRows, but it uses ${ids.length}.`,
      );
    }
    const keys = new Map(ids.map((id) => [id, batch.tokenKey(id)]));
    const rows = new Map<number, number>();
    const missing: number[] = [];
    for (const [id, key] of keys) {
      const row = this.#cache.use(key);
      if (row === undefined) missing.push(id);
      else rows.set(id, row);
    }
    if (missing.length === 0) return rows;
    const { width } = this.#table;
    const tokens = batch.tokensToEmbed(missing);
    const made = madeRows(await this.#embedder.embed(tokens), tokens.texts, width);
    const kept = new Set(keys.values());
    missing.forEach((id, i) => rows.set(id, this.#cache.put(keys.get(id)!, made.data.subarray(i * width, (i + 1) * width), kept)));
    return rows;
  }
}

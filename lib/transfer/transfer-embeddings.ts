import { yieldToEventLoop } from '../backend/js/event-loop';
import { ComposedEmbedder, type CompositionMethod } from '../dynamic/embeddings/composition';
import { madeRows, type Matrix, matrixOf, sumRows, tensorOf } from '../dynamic/embeddings/matrix';
import type { FloatTensor, TokenEmbedder, TokensToEmbed } from '../dynamic/embeddings/types';
import { aborted, invalidArgument } from '../errors';
import type { Tokenizer } from '../tokenizer/tokenizer';
import { TokenSplitter } from './token-splitter';
import { type OverlapMatch, vocabularyOverlap } from './vocabulary-overlap';

/** The tokens that both vocabularies have. */
export interface SharedTokens {
  readonly oldIds: Uint32Array;
  readonly newIds: Uint32Array;
  /** Their texts. */
  readonly texts: readonly string[];
  /** Their rows in the matrix at hand. */
  readonly embeddings: FloatTensor;
}

export interface TransferOptions {
  /** Which tokens are the same, and keep their rows. Default 'bytes'. */
  match?: OverlapMatch;
  /**
   * How the others come about: out of their parts in the old vocabulary ('mean' is that of Fast Vocabulary Transfer, and the default), or by the embedder that a function makes for
   * each matrix: a TokenAdaptEmbedder of the matrix, or a FocusEmbedder of the shared tokens.
   */
  method?: CompositionMethod | ((table: FloatTensor, shared: SharedTokens) => TokenEmbedder | Promise<TokenEmbedder>);
  /** Tokens that an embedder is given at once. Default 1024. */
  batchSize?: number;
  /** Called after each batch of tokens, with the tokens done of all matrices together. */
  onProgress?: (done: number, total: number) => void;
  signal?: AbortSignal;
}

export interface TransferredEmbeddings {
  /** One for each matrix that was given: a row for each id of the new vocabulary. */
  readonly embeddings: readonly FloatTensor[];
  /** For each new id the old one whose row it has; −1: the row was made. */
  readonly oldIds: Int32Array;
  readonly copied: number;
  readonly made: number;
  /** Ids whose rows are the mean of the whole matrix, as they have no text that the old vocabulary could spell: special tokens that are new, and gaps. */
  readonly averaged: Uint32Array;
}

const BATCH = 1024;

/**
 * Embeddings for a model that gets a new tokenizer: rows of tokens that both vocabularies have are copied, and the others are made of them. `matrices`: the model's input embeddings, and its
 * output embeddings if they are not the same, a row for each old id. Throws INVALID_ARGUMENT, ABORTED, and what an embedder throws.
 */
export async function transferEmbeddings(
  oldTokenizer: Tokenizer,
  newTokenizer: Tokenizer,
  matrices: readonly FloatTensor[],
  { match = 'bytes', method = 'mean', batchSize = BATCH, onProgress, signal }: TransferOptions = {},
): Promise<TransferredEmbeddings> {
  if (!Array.isArray(matrices)) throw invalidArgument('matrices', 'an array of tensors', matrices);
  if (!Number.isInteger(batchSize) || batchSize < 1) throw invalidArgument('batchSize', 'an integer of 1 or more', batchSize);
  const { oldIds, shared } = vocabularyOverlap(oldTokenizer, newTokenizer, { match });
  const rows = oldTokenizer.mergeParts().tokenOffsets.length - 1;
  const tables = (matrices as readonly FloatTensor[]).map((matrix, i) => {
    const table = matrixOf(`matrices[${i}]`, matrix);
    if (table.rows < rows) throw invalidArgument(`matrices[${i}]`, `a tensor of ${rows} rows or more, one for each old id`, matrix);
    return table;
  });
  const { missing, averaged } = await splitTokens(oldTokenizer, newTokenizer, oldIds, { batchSize, signal });
  const total = tables.length * missing.reduce((sum, { ids }) => sum + ids.length, 0);
  let done = 0;
  const embeddings: FloatTensor[] = [];
  for (const table of tables) {
    const out = copiedRows(table, oldIds);
    if (averaged.length > 0) fillWithMean(table, averaged, out);
    const embedder = missing.length > 0 ? await embedderOf(method, table, sharedTokens(table, oldIds, newTokenizer)) : null;
    for (const { ids, tokens } of missing) {
      if (signal?.aborted) throw aborted(signal);
      const made = madeRows(await embedder!.embed(tokens), tokens.texts, table.width);
      ids.forEach((id, i) => out.set(made.data.subarray(i * table.width, (i + 1) * table.width), id * table.width));
      onProgress?.((done += ids.length), total);
      await yieldToEventLoop();
    }
    embeddings.push(tensorOf(out, oldIds.length, table.width));
  }
  return { embeddings, oldIds, copied: shared, made: oldIds.length - shared - averaged.length, averaged };
}

interface TokenBatch {
  readonly ids: Uint32Array;
  readonly tokens: TokensToEmbed;
}

/** The tokens that the old vocabulary has not, in batches. */
async function splitTokens(
  oldTokenizer: Tokenizer,
  newTokenizer: Tokenizer,
  oldIds: Int32Array,
  { batchSize, signal }: { batchSize: number; signal: AbortSignal | undefined },
): Promise<{ missing: TokenBatch[]; averaged: Uint32Array }> {
  using splitter = await TokenSplitter.create(oldTokenizer, newTokenizer, signal);
  const made: number[] = [];
  const averaged: number[] = [];
  oldIds.forEach((oldId, id) => oldId < 0 && (splitter.parts(id).length > 0 ? made : averaged).push(id));
  const missing: TokenBatch[] = [];
  for (let start = 0; start < made.length; start += batchSize) {
    if (signal?.aborted) throw aborted(signal);
    const ids = Uint32Array.from(made.slice(start, start + batchSize));
    missing.push({ ids, tokens: splitter.tokensToEmbed(ids) });
    await yieldToEventLoop();
  }
  return { missing, averaged: Uint32Array.from(averaged) };
}

function copiedRows({ data, width }: Matrix, oldIds: Int32Array): Float32Array {
  const out = new Float32Array(oldIds.length * width);
  oldIds.forEach((oldId, id) => {
    if (oldId >= 0) out.set(data.subarray(oldId * width, (oldId + 1) * width), id * width);
  });
  return out;
}

function fillWithMean(table: Matrix, ids: Uint32Array, out: Float32Array): void {
  const all = Uint32Array.from({ length: table.rows }, (_, row) => row);
  const { data } = sumRows(table, all, Uint32Array.of(0, table.rows), null);
  for (const id of ids) out.set(data, id * table.width);
}

function sharedTokens(table: Matrix, oldIds: Int32Array, newTokenizer: Tokenizer): SharedTokens {
  const newIds = Uint32Array.from(Array.from(oldIds.keys()).filter((id) => oldIds[id] >= 0));
  const rows = newIds.map((id) => oldIds[id]);
  const texts = TokenSplitter.textsOf(newTokenizer);
  return {
    oldIds: rows,
    newIds,
    texts: Array.from(newIds, (id) => texts.text(id)),
    embeddings: tensorOf(copiedRows(table, Int32Array.from(rows)), rows.length, table.width),
  };
}

async function embedderOf(method: NonNullable<TransferOptions['method']>, table: Matrix, shared: SharedTokens): Promise<TokenEmbedder> {
  const tensor = tensorOf(table.data, table.rows, table.width);
  if (typeof method !== 'function') return new ComposedEmbedder(tensor, { method });
  const embedder: unknown = await method(tensor, shared);
  if (typeof (embedder as TokenEmbedder | null)?.embed !== 'function')
    throw invalidArgument('what method gives', 'an object with a method embed', embedder);
  return embedder as TokenEmbedder;
}

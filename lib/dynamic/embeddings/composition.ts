import { invalidArgument } from '../../errors';
import { checkTokens } from './check-tokens';
import { type Matrix, matrixOf, sumRows } from './matrix';
import type { FloatTensor, TokenEmbedder, TokensToEmbed } from './types';

/** 'mean' of the parts' embeddings; 'lengthWeighted': each counts by its characters; 'first' or 'last' part's alone. */
export type CompositionMethod = 'mean' | 'lengthWeighted' | 'first' | 'last';

const METHODS: readonly CompositionMethod[] = ['mean', 'lengthWeighted', 'first', 'last'];

/** Embeddings out of those of the parts (FVT: Gee et al., Fast Vocabulary Transfer for Language Model Compression, EMNLP 2022, takes the mean). */
export class ComposedEmbedder implements TokenEmbedder {
  readonly #table: Matrix;
  readonly #method: CompositionMethod;

  /** `table`: the model's embeddings, a row for each base id. Throws INVALID_ARGUMENT. */
  constructor(table: FloatTensor, { method = 'mean' }: { method?: CompositionMethod } = {}) {
    if (!METHODS.includes(method)) throw invalidArgument('method', METHODS.map((name) => `'${name}'`).join(', '), method);
    this.#table = matrixOf('table', table);
    this.#method = method;
  }

  /** Throws INVALID_ARGUMENT. */
  embed(tokens: TokensToEmbed): FloatTensor {
    checkTokens(tokens);
    const { parts, partOffsets } = tokens;
    switch (this.#method) {
      case 'mean':
        return sumRows(this.#table, parts, partOffsets, null);
      case 'lengthWeighted':
        return sumRows(this.#table, parts, partOffsets, lengthShares(tokens));
      case 'first':
        return this.#single(tokens, (i) => partOffsets[i]);
      case 'last':
        return this.#single(tokens, (i) => partOffsets[i + 1] - 1);
    }
  }

  #single({ texts, parts }: TokensToEmbed, place: (token: number) => number): FloatTensor {
    const chosen = Uint32Array.from(texts, (_, i) => parts[place(i)]);
    return sumRows(
      this.#table,
      chosen,
      Uint32Array.from({ length: texts.length + 1 }, (_, i) => i),
      null,
    );
  }
}

/** The part of its token's characters that each part has. */
export function lengthShares({ texts, partTexts, partOffsets }: TokensToEmbed): Float64Array {
  const lengths = Float64Array.from(partTexts, (text) => [...text].length);
  const shares = new Float64Array(lengths.length);
  for (let token = 0; token < texts.length; token++) {
    const [from, to] = [partOffsets[token], partOffsets[token + 1]];
    const total = lengths.subarray(from, to).reduce((sum, length) => sum + length, 0);
    for (let part = from; part < to; part++) shares[part] = total > 0 ? lengths[part] / total : 1 / (to - from);
  }
  return shares;
}

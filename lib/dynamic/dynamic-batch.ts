import type { MergedTokens } from '../backend/dynamic-kernels';
import { bytesKey } from '../backend/js/dynamic/merger-vocabulary';
import { invalidArgument, MerganserError } from '../errors';
import type { Ids } from '../tokenizer/token-decoder';
import type { Tokenizer } from '../tokenizer/tokenizer';
import type { RaggedTokens } from '../tokenizer/types';
import type { TokensToEmbed } from './embeddings/types';
import type { TokenTexts } from './token-texts';
import type { NewTokens } from './types';

/** Where tokens stand in their texts. */
export interface Alignment {
  /** start, end of each token in its text, in UTF-16 units; 0, 0 for tokens that were added. */
  readonly textOffsets: Uint32Array;
  /** Number of the pre-tokenized word that each token begins in; −1 for tokens that were added. */
  readonly wordIds: Int32Array;
}

/** What each sequence gets before it is merged. */
export interface BaseAlignment {
  readonly offsets: Uint32Array;
  readonly wordIds: Int32Array;
}

/**
 * A batch with merged tokens: sequence i is values[offsets[i], offsets[i + 1]). Ids below `newTokens.firstId` are the tokenizer's own; the others belong
 * to this batch alone.
 */
export class DynamicBatch implements RaggedTokens {
  readonly values: Uint32Array;
  readonly offsets: Uint32Array;
  /** The batch as the tokenizer encoded it. */
  readonly base: RaggedTokens;
  /** Token i stands for base.values[baseStarts[i], baseStarts[i + 1]). values.length + 1 entries. */
  readonly baseStarts: Uint32Array;
  readonly newTokens: NewTokens;
  /** (left, right, product, occurrences) of each merge, in order; with `perSample` one sequence's after the other's. */
  readonly merges: Uint32Array;
  /** With `perSample`, sequence i's are the merges mergeOffsets[i] … mergeOffsets[i + 1] − 1; otherwise there is one entry for all of them. */
  readonly mergeOffsets: Uint32Array;
  /** Set if `alignment` was asked for: start, end of each token in its text in UTF-16 units; 0, 0 for tokens that were added. */
  readonly textOffsets: Uint32Array | null;
  /** Set if `alignment` was asked for: the word that each token begins in, counted within its text; −1 for tokens that were added. */
  readonly wordIds: Int32Array | null;
  readonly #tokenizer: Tokenizer;
  readonly #texts: TokenTexts;

  /** @internal */
  constructor(
    tokenizer: Tokenizer,
    base: RaggedTokens,
    merged: MergedTokens,
    { firstId, texts, alignment }: { firstId: number; texts: TokenTexts; alignment: Alignment | null },
  ) {
    this.#tokenizer = tokenizer;
    this.#texts = texts;
    this.base = base;
    this.values = merged.values;
    this.offsets = merged.offsets;
    this.baseStarts = merged.starts;
    this.merges = merged.merges;
    this.mergeOffsets = merged.mergeOffsets;
    this.newTokens = {
      firstId,
      count: merged.newByteOffsets.length - 1,
      bytes: merged.newBytes,
      byteOffsets: merged.newByteOffsets,
      parts: merged.newParts,
      partOffsets: merged.newPartOffsets,
    };
    this.textOffsets = alignment?.textOffsets ?? null;
    this.wordIds = alignment?.wordIds ?? null;
  }

  /** Total number of tokens before the first merge, after it, after the second …: merges + 1 entries. */
  lengths(): Uint32Array {
    const lengths = new Uint32Array(this.merges.length / 4 + 1);
    lengths[0] = this.base.values.length;
    for (let merge = 0; merge + 1 < lengths.length; merge++) lengths[merge + 1] = lengths[merge] - this.merges[4 * merge + 3];
    return lengths;
  }

  /** The string of a token: the tokenizer's own as they stand in its vocabulary, new ones as their parts together. Throws UNKNOWN_TOKEN. */
  tokenString(id: number): string {
    return this.expand([id]).reduce((text, part) => text + (this.#tokenizer.idToToken(part) ?? ''), '');
  }

  /** The text of a token; where its bytes are not UTF-8, with U+FFFD. Throws UNKNOWN_TOKEN. */
  tokenText(id: number): string {
    this.#checkId(id);
    return id < this.newTokens.firstId ? this.#texts.text(id) : this.#texts.write(this.#newBytes(id));
  }

  /** What embedders need to know of new tokens. Throws UNKNOWN_TOKEN for ids that are not new. */
  tokensToEmbed(ids: Ids): TokensToEmbed {
    checkIds(ids);
    const { firstId, parts, partOffsets } = this.newTokens;
    const offsets = new Uint32Array(ids.length + 1);
    const texts = Array.from(ids, (id, i) => {
      this.#newBytes(id);
      offsets[i + 1] = offsets[i] + partOffsets[id - firstId + 1] - partOffsets[id - firstId];
      return this.tokenText(id);
    });
    const all = new Uint32Array(offsets[ids.length]);
    texts.forEach((_, i) => all.set(parts.subarray(partOffsets[ids[i] - firstId], partOffsets[ids[i] - firstId + 1]), offsets[i]));
    return { texts, parts: all, partOffsets: offsets, partTexts: Array.from(all, (part) => this.#texts.text(part)) };
  }

  /** @internal A new token's bytes as a string, one unit for each: the same for the same token of another batch. */
  tokenKey(id: number): string {
    return bytesKey(this.#newBytes(id));
  }

  /**
   * Base ids for ids of this batch: each new token becomes the parts that it was made of when it first came up. (Where a text can be cut into base
   * tokens in several ways, {@link base} has those that stood there.) Throws UNKNOWN_TOKEN.
   */
  expand(ids: Ids): Uint32Array {
    checkIds(ids);
    const { firstId, parts, partOffsets } = this.newTokens;
    let length = 0;
    for (const id of ids) {
      this.#checkId(id);
      length += id < firstId ? 1 : partOffsets[id - firstId + 1] - partOffsets[id - firstId];
    }
    const expanded = new Uint32Array(length);
    let end = 0;
    for (const id of ids) {
      if (id < firstId) {
        expanded[end++] = id;
        continue;
      }
      const own = parts.subarray(partOffsets[id - firstId], partOffsets[id - firstId + 1]);
      expanded.set(own, end);
      end += own.length;
    }
    return expanded;
  }

  #newBytes(id: number): Uint8Array {
    const { firstId, bytes, byteOffsets } = this.newTokens;
    this.#checkId(id);
    if (id < firstId) throw new MerganserError('UNKNOWN_TOKEN', `Expected ids of new tokens, ${firstId} or more, but got ${id}.`);
    return bytes.subarray(byteOffsets[id - firstId], byteOffsets[id - firstId + 1]);
  }

  #checkId(id: unknown): void {
    const { firstId, count } = this.newTokens;
    if (typeof id === 'number' && Number.isInteger(id) && id >= 0 && id < firstId + count) return;
    throw new MerganserError(
      'UNKNOWN_TOKEN',
      `Expected ids below ${firstId + count}, of the tokenizer or of this batch, but got ${String(id)}.`,
    );
  }
}

function checkIds(ids: unknown): void {
  if (!Array.isArray(ids) && !ArrayBuffer.isView(ids)) throw invalidArgument('ids', 'a Uint32Array or an array of ids', ids);
}

/** The places of merged tokens, from those of the tokens that they stand for. */
export function alignMerged(sequences: readonly BaseAlignment[], base: RaggedTokens, merged: MergedTokens): Alignment {
  const textOffsets = new Uint32Array(2 * merged.values.length);
  const wordIds = new Int32Array(merged.values.length);
  sequences.forEach(({ offsets, wordIds: words }, sequence) => {
    const shift = base.offsets[sequence];
    for (let token = merged.offsets[sequence]; token < merged.offsets[sequence + 1]; token++) {
      const first = merged.starts[token] - shift;
      const last = merged.starts[token + 1] - shift - 1;
      textOffsets[2 * token] = offsets[2 * first];
      textOffsets[2 * token + 1] = offsets[2 * last + 1];
      wordIds[token] = words[first];
    }
  });
  return { textOffsets, wordIds };
}

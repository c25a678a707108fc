import { invalidArgument } from '../errors';
import type { TextInput } from '../tokenizer/types';
import type { DynamicBatch } from './dynamic-batch';
import { DynamicTokenizer } from './dynamic-tokenizer';
import type { AsyncDynamicEncodeOptions } from './types';

export interface ReductionTableOptions extends Omit<AsyncDynamicEncodeOptions, 'alignment' | 'merges' | 'reduction' | 'pairs'> {
  /** Most merges that are tabulated. Default: until no pair is left. */
  merges?: number;
  /** Called after each batch with the number of batches so far. */
  onProgress?: (batches: number) => void;
}

/**
 * How long a data set's sequences are after each number of merges: to choose a number of merges for a reduction, or to sample it while a model is adapted
 * ({@link MergeSampler}).
 */
export class ReductionTable {
  /**
   * Mean number of tokens of a sequence after m merges of its batch: entry m. A batch in which no pair is left keeps its length.
   */
  readonly meanLengths: Float64Array;
  /** The mean at word level, against which reductions are measured. With the boundaries 'sentence' and 'superword' that is what 'pretokens' comes to. */
  readonly wordLength: number;

  /** Throws INVALID_ARGUMENT unless the lengths fall, and the word level lies between 0 and the first of them. */
  constructor(meanLengths: ArrayLike<number>, wordLength: number = meanLengths?.[meanLengths.length - 1]) {
    if (!Array.isArray(meanLengths) && !ArrayBuffer.isView(meanLengths))
      throw invalidArgument('meanLengths', 'an array of numbers', meanLengths);
    this.meanLengths = Float64Array.from(meanLengths);
    this.wordLength = wordLength;
    const falls = this.meanLengths.every((length, m) => length >= 0 && (m === 0 || length <= this.meanLengths[m - 1]));
    if (this.meanLengths.length === 0 || !falls) throw invalidArgument('meanLengths', 'numbers of 0 or more that fall', meanLengths);
    if (!(wordLength >= 0 && wordLength <= this.meanLengths[0]))
      throw invalidArgument('wordLength', `a number from 0 to ${this.meanLengths[0]}`, wordLength);
  }

  /**
   * Merges every batch of a data set as far as it goes (or `merges` allows). Throws INVALID_ARGUMENT for a data set without sequences, and as
   * `DynamicTokenizer.encodeBatch`.
   */
  static async measure(
    dynamic: DynamicTokenizer,
    batches: Iterable<readonly TextInput[]> | AsyncIterable<readonly TextInput[]>,
    settings: ReductionTableOptions = {},
  ): Promise<ReductionTable> {
    if (typeof settings !== 'object' || settings === null) throw invalidArgument('settings', 'an object', settings);
    const { onProgress, ...options } = settings;
    if (!(dynamic instanceof DynamicTokenizer)) throw invalidArgument('dynamic', 'a DynamicTokenizer', dynamic);
    if (!isIterable(batches)) throw invalidArgument('batches', 'an iterable of arrays of texts', batches);
    const reachesOverWords = dynamic.boundary === 'sentence' || dynamic.boundary === 'superword';
    const words = reachesOverWords ? new DynamicTokenizer(dynamic.tokenizer) : dynamic;
    const { transition: _, ...wordOptions } = options;
    const saved: number[] = [];
    let [sequences, tokens, wordTokens, done] = [0, 0, 0, 0];
    try {
      for await (const texts of batches) {
        const batch = await dynamic.encodeBatch(texts, options);
        addSavings(batch, saved);
        sequences += texts.length;
        tokens += batch.base.values.length;
        const wholeWords = options.merges === undefined && !reachesOverWords;
        const { values } = wholeWords ? batch : await words.encodeBatch(texts, { ...wordOptions, merges: Infinity });
        wordTokens += values.length;
        onProgress?.(++done);
      }
    } finally {
      if (words !== dynamic) words.dispose();
    }
    if (sequences === 0) throw invalidArgument('batches', 'at least one sequence', []);
    const lengths = [tokens];
    for (const merged of saved) lengths.push(lengths[lengths.length - 1] - merged);
    return new ReductionTable(
      lengths.map((length) => length / sequences),
      Math.min(wordTokens, tokens) / sequences,
    );
  }

  /** Most merges that are tabulated. */
  get mostMerges(): number {
    return this.meanLengths.length - 1;
  }

  /** Per cent of what merging to words saves: 100 · (L₀ − Lₘ) / (L₀ − L_words). More merges than are tabulated count as the last; 0 where words save nothing. */
  reductionAt(merges: number): number {
    if (!(merges >= 0)) throw invalidArgument('merges', 'a number of 0 or more', merges);
    const [longest] = this.meanLengths;
    const length = this.meanLengths[Math.min(Math.floor(merges), this.mostMerges)];
    return longest > this.wordLength ? (100 * (longest - length)) / (longest - this.wordLength) : 0;
  }

  /** The fewest merges that reach a reduction (per cent), or all that are tabulated if none does. Throws INVALID_ARGUMENT. */
  mergesFor(reduction: number): number {
    if (!(reduction >= 0)) throw invalidArgument('reduction', 'a number of per cent, 0 or more', reduction);
    let [low, high] = [0, this.mostMerges];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.reductionAt(middle) >= reduction - ROUNDING) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

/** Against sums such as 99.99999999999999. */
const ROUNDING = 1e-9;

function isIterable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && (Symbol.iterator in value || Symbol.asyncIterator in value);
}

/** Tokens that each merge took away, over all batches. */
function addSavings({ merges, mergeOffsets }: DynamicBatch, saved: number[]): void {
  for (let batch = 0; batch + 1 < mergeOffsets.length; batch++) {
    for (let merge = mergeOffsets[batch]; merge < mergeOffsets[batch + 1]; merge++) {
      const m = merge - mergeOffsets[batch];
      saved[m] = (saved[m] ?? 0) + merges[4 * merge + 3];
    }
  }
}

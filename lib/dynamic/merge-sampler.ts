import { RandomStream } from '../clustering/random';
import { invalidArgument } from '../errors';
import { ReductionTable } from './reduction-table';

/**
 * How reductions are spread while a model is adapted: 'uniform' over the bins, or around a bin by a normal, a Cauchy or Student's t distribution with 10 degrees
 * of freedom.
 */
export type ReductionDistribution = 'uniform' | 'normal' | 'cauchy' | 'studentT';

export interface MergeSamplerOptions {
  /** Default 'uniform'. */
  distribution?: ReductionDistribution;
  /** Bins that the reductions from 0 to 100 % are cut into. Default 30. */
  bins?: number;
  /** Bin around which the other distributions lie. Default 15. */
  mean?: number;
  /** Their standard deviation (of a Cauchy or t distribution the scale), in bins. Default 5. */
  deviation?: number;
  /** Default 0. */
  seed?: number;
}

const DISTRIBUTIONS: readonly ReductionDistribution[] = ['uniform', 'normal', 'cauchy', 'studentT'];
const DEGREES_OF_FREEDOM = 10;
const MOST_BINS = 10_000;
/** A distribution that hardly ever falls into the bins is flat over them. */
const MOST_DRAWS = 1000;

/**
 * Numbers of merges for batches or samples on which a model learns to read merged tokens: a bin of reductions is drawn, and of the numbers of merges whose reduction
 * (by the table) lies in it one at random; where none does, the one nearest to the bin's middle. Draws outside the bins are drawn again. The same seed gives the
 * same numbers.
 */
export class MergeSampler {
  readonly #bins: readonly Uint32Array[];
  readonly #random: RandomStream;
  readonly #options: Required<Omit<MergeSamplerOptions, 'seed'>>;

  /** Throws INVALID_ARGUMENT. */
  constructor(table: ReductionTable, options: MergeSamplerOptions = {}) {
    if (typeof options !== 'object' || options === null) throw invalidArgument('options', 'an object', options);
    const { distribution = 'uniform', bins = 30, mean = 15, deviation = 5, seed = 0 } = options;
    if (!(table instanceof ReductionTable)) throw invalidArgument('table', 'a ReductionTable', table);
    if (!DISTRIBUTIONS.includes(distribution))
      throw invalidArgument('distribution', DISTRIBUTIONS.map((name) => `'${name}'`).join(', '), distribution);
    if (!Number.isInteger(bins) || bins < 1 || bins > MOST_BINS) throw invalidArgument('bins', `an integer from 1 to ${MOST_BINS}`, bins);
    if (!(mean >= 0 && mean < bins)) throw invalidArgument('mean', `a number from 0 to below ${bins}, the number of bins`, mean);
    if (!(deviation > 0 && deviation < Infinity)) throw invalidArgument('deviation', 'a number above 0', deviation);
    if (!Number.isInteger(seed)) throw invalidArgument('seed', 'an integer', seed);
    this.#options = { distribution, bins, mean, deviation };
    this.#random = new RandomStream(seed);
    this.#bins = mergesByBin(table, bins);
  }

  /** A number of merges. */
  next(): number {
    const merges = this.#bins[this.#bin()];
    return merges[this.#random.below(merges.length)];
  }

  /** One for each of so many samples, as `merges` with `perSample` takes them. */
  take(count: number): Uint32Array {
    if (!Number.isInteger(count) || count < 0 || count >= 2 ** 32) throw invalidArgument('count', 'an integer from 0 to 2³² − 1', count);
    return Uint32Array.from({ length: count }, () => this.next());
  }

  #bin(): number {
    const { distribution, bins, mean, deviation } = this.#options;
    if (distribution === 'uniform') return this.#random.below(bins);
    for (let draw = 0; draw < MOST_DRAWS; draw++) {
      const bin = Math.round(mean + deviation * this.#deviate(distribution));
      if (bin >= 0 && bin < bins) return bin;
    }
    return this.#random.below(bins);
  }

  /** Around 0, with scale 1. */
  #deviate(distribution: Exclude<ReductionDistribution, 'uniform'>): number {
    switch (distribution) {
      case 'normal':
        return this.#random.gaussian();
      case 'cauchy':
        return Math.tan(Math.PI * (this.#random.next() - 0.5));
      case 'studentT': {
        // A normal variable over the root of a χ² variable by its degrees of freedom.
        let squares = 0;
        for (let i = 0; i < DEGREES_OF_FREEDOM; i++) squares += this.#random.gaussian() ** 2;
        return this.#random.gaussian() / Math.sqrt(squares / DEGREES_OF_FREEDOM);
      }
    }
  }
}

function mergesByBin(table: ReductionTable, bins: number): Uint32Array[] {
  const lists = Array.from({ length: bins }, (): number[] => []);
  for (let merges = 0; merges <= table.mostMerges; merges++) {
    const bin = Math.floor((table.reductionAt(merges) * bins) / 100);
    lists[Math.min(bin, bins - 1)].push(merges);
  }
  return lists.map((list, bin) => Uint32Array.from(list.length > 0 ? list : [nearest(table, (100 * (bin + 0.5)) / bins)]));
}

/** The number of merges whose reduction comes nearest; the fewer of two. */
function nearest(table: ReductionTable, reduction: number): number {
  const reached = table.mergesFor(reduction);
  const distance = (merges: number): number => Math.abs(table.reductionAt(merges) - reduction);
  return reached > 0 && distance(reached - 1) <= distance(reached) ? reached - 1 : reached;
}

/** What a classifier compares by, checked. */
import { integer } from '../clustering/kmeans-options';
import { invalidArgument } from '../errors';
import type { NearestCentroidOptions } from './types';

export interface ClassifierSettings {
  readonly metric: 'euclidean' | 'cosine' | 'manhattan';
  readonly blocks: number;
  readonly shrinkThreshold: number;
  readonly centroidsPerClass: number;
  readonly priors: 'uniform' | 'empirical' | readonly number[];
  readonly seed: number;
}

/** Throws INVALID_ARGUMENT. */
export function readSettings(options: NearestCentroidOptions): ClassifierSettings {
  if (typeof options !== 'object' || (options as unknown) === null) throw invalidArgument('options', 'an object', options);
  const { metric = 'euclidean', blocks = 1, shrinkThreshold = 0, centroidsPerClass = 1, priors = 'uniform', seed = 1 } = options;
  if (!['euclidean', 'cosine', 'manhattan'].includes(metric))
    throw invalidArgument('metric', '"euclidean", "cosine" or "manhattan"', metric);
  if (!(shrinkThreshold >= 0 && shrinkThreshold < Infinity))
    throw invalidArgument('shrinkThreshold', 'a number that is not negative', shrinkThreshold);
  return {
    metric,
    blocks: integer(blocks, 'blocks', 1, 2 ** 31),
    shrinkThreshold,
    centroidsPerClass: integer(centroidsPerClass, 'centroidsPerClass', 1, 2 ** 31),
    priors: readPriors(priors),
    seed: integer(seed, 'seed', 0, 2 ** 32 - 1),
  };
}

function readPriors(priors: ClassifierSettings['priors']): ClassifierSettings['priors'] {
  if (priors === 'uniform' || priors === 'empirical') return priors;
  if (!Array.isArray(priors)) throw invalidArgument('priors', '"uniform", "empirical" or numbers', priors);
  const numbers = (priors as readonly number[]).slice();
  const bad = numbers.find((prior) => !(prior >= 0 && prior < Infinity));
  if (bad !== undefined) throw invalidArgument('priors', 'finite numbers that are not negative', bad);
  if (!numbers.some((prior) => prior > 0)) throw invalidArgument('priors', 'a positive number at least', numbers.join());
  return numbers;
}

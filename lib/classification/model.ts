/** Centroids as vectors are compared with them. */
import type { ClassifierSettings } from './settings';
import { medianOf, seenBy, type CentroidStatistics } from './statistics';
import { invalidArgument } from '../errors';

export interface ClassModel {
  readonly dims: number;
  readonly classes: number;
  readonly classOf: Uint32Array;
  /** Shrunken, if that is asked for. */
  readonly centroids: Float64Array;
  /** Of vectors around their centroids, in each dimension. */
  readonly deviations: Float64Array;
  /** Of each class; they sum to 1. */
  readonly priors: Float64Array;
  readonly uniform: boolean;
}

/** Throws INVALID_ARGUMENT. */
export function modelOf(statistics: CentroidStatistics, settings: ClassifierSettings, classes: number): ClassModel {
  const { dims, classOf, scatter } = statistics;
  const freedom = seenBy(statistics) - classOf.length;
  const deviations = scatter.map((sum) => (freedom > 0 ? Math.sqrt(sum / freedom) : 0));
  const priors = priorsOf(statistics, settings.priors, classes);
  return {
    dims,
    classes,
    classOf,
    centroids: settings.shrinkThreshold > 0 ? shrunken(statistics, deviations, settings.shrinkThreshold) : statistics.centroids,
    deviations,
    priors,
    uniform: priors.every((prior) => Math.abs(prior - 1 / classes) <= 1e-8 + 1e-5 / classes),
  };
}

function priorsOf({ classOf, counts }: CentroidStatistics, wanted: ClassifierSettings['priors'], classes: number): Float64Array {
  const priors = new Float64Array(classes);
  if (wanted === 'uniform') priors.fill(1);
  else if (wanted === 'empirical') classOf.forEach((code, centroid) => (priors[code] += counts[centroid]));
  else if (wanted.length === classes) priors.set(wanted);
  else throw invalidArgument('priors', `${classes} numbers, one for each class`, wanted.join());
  const sum = priors.reduce((total, prior) => total + prior, 0);
  return priors.map((prior) => prior / sum);
}

/** Nearest shrunken centroids (Tibshirani et al. 2002): soft thresholds for the distances from the mean of all vectors. */
function shrunken(statistics: CentroidStatistics, deviations: Float64Array, threshold: number): Float64Array {
  const { dims, counts, centroids, centre } = statistics;
  const seen = seenBy(statistics);
  // Added to all of them, so that a dimension that hardly varies does not decide.
  const median = medianOf(deviations.slice());
  return centroids.map((value, at) => {
    const dim = at % dims;
    const error = Math.sqrt(1 / counts[Math.floor(at / dims)] - 1 / seen) * (deviations[dim] + median);
    const off = value - centre[dim];
    return centre[dim] + Math.sign(off) * Math.max(0, Math.abs(off) - threshold * error);
  });
}

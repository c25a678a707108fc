/** Centroid lookup: how much of the attention goes to each cluster, by its centroid and its size. */
import type { Kernels } from '../../backend/kernels';
import { MerganserError } from '../../errors';
import type { Pace } from './blocks';

export interface Centroids {
  /** [clusters × dims]. */
  readonly data: Float32Array;
  readonly dims: number;
  /** Keys of each cluster; clusters without keys have no part in anything. */
  readonly sizes: Uint32Array;
}

/** Products of queries and centroids that are in memory at a time. */
const PRODUCTS_AT_A_TIME = 1 << 18;

/**
 * Adds to the score of each cluster what queries give to one key of it, exp(q·C) / Σ_j N_j exp(q·C_j), times `weight`. Exponents are shifted by the greatest.
 * queries: [rows × dims].
 */
export async function addClusterScores(
  kernels: Kernels,
  queries: Float32Array,
  { data, dims, sizes }: Centroids,
  scale: number,
  weight: number,
  scores: Float64Array,
  pace: Pace,
): Promise<void> {
  const clusters = sizes.length;
  const rows = queries.length / dims;
  const step = Math.max(1, Math.floor(PRODUCTS_AT_A_TIME / Math.max(1, clusters)));
  const products = new Float32Array(Math.min(step, rows) * clusters);
  for (let from = 0; from < rows && clusters > 0; from += step) {
    const to = Math.min(rows, from + step);
    kernels.products(queries.subarray(from * dims, to * dims), data, dims, products.subarray(0, (to - from) * clusters));
    for (let row = 0; row < to - from; row++)
      addShares(products.subarray(row * clusters, (row + 1) * clusters), sizes, scale, weight, scores);
    await pace.step();
  }
}

function addShares(products: Float32Array, sizes: Uint32Array, scale: number, weight: number, scores: Float64Array): void {
  const clusters = sizes.length;
  let greatest = -Infinity;
  for (let i = 0; i < clusters; i++) if (sizes[i] > 0) greatest = Math.max(greatest, products[i] * scale);
  if (greatest === -Infinity) return;
  requireFiniteLogit(greatest);
  let sum = 0;
  for (let i = 0; i < clusters; i++) if (sizes[i] > 0) sum += sizes[i] * Math.exp(products[i] * scale - greatest);
  for (let i = 0; i < clusters; i++) if (sizes[i] > 0) scores[i] += (weight * Math.exp(products[i] * scale - greatest)) / sum;
}

/** Throws INVALID_ARGUMENT for what products of long vectors overflow to. */
export function requireFiniteLogit(greatest: number): void {
  if (greatest < Infinity) return;
  throw new MerganserError('INVALID_ARGUMENT', 'Expected queries whose products with the keys are finite, but got longer ones.');
}

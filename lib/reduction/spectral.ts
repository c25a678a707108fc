/** CenterCLIP's spectral clustering: k-medoids among the leading eigenvectors of a graph of the tokens. */
import { spectralEmbedding } from '../clustering/spectral';
import type { Steps } from '../clustering/steps';
import { kMedoidsDirectly } from './medoids';
import type { Plan, TokenRows } from './plan';

export interface SpectralTask {
  readonly clusters: number;
  readonly sigma: number;
  /** Edges only to so many nearest tokens, from either side; null: to all. */
  readonly neighbours: number | null;
  /** Edges only between tokens that are near on their grid of frames, rows and columns; null: between all. */
  readonly locality: { readonly grid: readonly [number, number, number]; readonly window: readonly [number, number] } | null;
}

export function* spectralMedoids(
  tokens: TokenRows,
  weights: Float32Array,
  { clusters, sigma, neighbours, locality }: SpectralTask,
): Steps<Plan> {
  const { count } = tokens;
  const squares = new Float32Array(count * count);
  yield (kernels) => kernels.squaredDistances(tokens.data, tokens.width, squares);
  const affinity = new Float32Array(count * count);
  for (let row = 0; row < count; row++, yield null) {
    const own = squares.subarray(row * count, (row + 1) * count);
    const farthest = neighbours === null ? Infinity : own.slice().sort()[Math.min(neighbours, count - 1)];
    // Whether a pair has an edge may depend on which of the two is asked, if neighbours are counted.
    for (let other = neighbours === null ? row : 0; other < count; other++) {
      if (own[other] > farthest || (locality !== null && !near(row, other, locality))) continue;
      const weight = Math.exp(-own[other] / (2 * sigma * sigma));
      affinity[row * count + other] = affinity[other * count + row] = weight;
    }
  }
  const { data } = yield* spectralEmbedding(affinity, count, clusters);
  return yield* kMedoidsDirectly({ data, count, width: clusters }, weights, clusters, 100);
}

function near(
  a: number,
  b: number,
  { grid: [, rows, columns], window: [temporal, spatial] }: NonNullable<SpectralTask['locality']>,
): boolean {
  const frame = rows * columns;
  const apart = (x: number, y: number): number => 2 * Math.abs(Math.floor(x) - Math.floor(y));
  return (
    apart(a / frame, b / frame) < temporal &&
    apart((a % frame) / columns, (b % frame) / columns) < spatial &&
    apart(a % columns, b % columns) < spatial
  );
}

/** Clustering of a grid of tokens, and their reconstruction from centres (Liang et al. 2022, "Expediting large-scale vision transformer…"). */
import { MOST_MAGNITUDE } from '../backend/reduction-kernels';
import type { Steps } from '../clustering/steps';
import { nearestCentres } from './nearest-centres';
import { lengthsOf, type Plan, type TokenRows } from './plan';
import { cellShares, LEAST_MASS, twoWayPattern, type TwoWayPattern } from './sparse-weights';
import { nearTokens, type NearTokens } from './token-blocks';

export interface ExpeditTask {
  readonly tokens: TokenRows;
  readonly grids: ExpeditGrids;
  readonly iterations: number;
  readonly temperature: number | 'auto';
  /** At most as many as there are cells. */
  readonly nearest: number;
  readonly normalization: 'l1' | 'l2';
}

/** Which tokens make up which cells; the same for all sequences. */
export interface ExpeditGrids {
  readonly cells: number;
  /** Tokens that a cell is the mean of at first. */
  readonly pooling: TwoWayPattern;
  /** The cells within the window around each token's own. */
  readonly near: TwoWayPattern;
  /** Pairs of tokens with a cell in common; null if there are so many that centres are measured faster than they in all iterations. */
  pairs(): NearTokens | null;
}

/** Shorter tokens are in the nearest cache whenever centres are measured. */
const LEAST_WIDTH_OF_PAIRS = 256;
/** A product of a tile takes half the time of one that stands alone, or less. */
const PAIRS_FOR_PRODUCT = 2;

/** Centres are means of tokens with weights softmax(−temperature · squared distance) over the cells near the token's own, a few times over. */
export function* expedit(task: ExpeditTask): Steps<Plan> {
  const { tokens, iterations } = task;
  const { near, pooling, cells } = task.grids;
  let pattern = pooling;
  let { shares, masses } = cellShares(pooling, new Float32Array(pooling.places.length).fill(1));
  const merge = function* (values: Float32Array, width: number, out: Float32Array, greatest: Float32Array | null): Steps<void> {
    yield (kernels) => kernels.combineRows(pattern.byCell, shares, values, width, out, greatest);
  };
  const [centres, greatest] = [new Float32Array(cells * tokens.width), new Float32Array(1)];
  const pairs = tokens.width < LEAST_WIDTH_OF_PAIRS ? null : task.grids.pairs();
  // Numbers are measured by what reads them first.
  if (pairs === null) yield* merge(tokens.data, tokens.width, centres, greatest);
  else yield (kernels) => kernels.blockSquares(pairs.tokens, tokens.data, tokens.width, pairs.squares, greatest);
  // Such tokens will be refused.
  if (!(greatest[0] < MOST_MAGNITUDE)) return refusedPlan(tokens.count, cells, greatest[0]);
  const [squares, lengths] = [new Float32Array(near.places.length), new Float64Array(tokens.count).fill(-1)];
  const measure = function* (iteration: number): Steps<void> {
    // Centres of cells without mass are no means.
    if (pairs !== null && masses.every((mass) => mass >= LEAST_MASS)) {
      const members = iteration === 0 ? pairs.pooling : pairs.near;
      yield (kernels) => kernels.meanSquares(pairs.cells, pairs.squares, members, shares, pairs.near, near.places, squares);
      return;
    }
    if (pairs !== null) yield* merge(tokens.data, tokens.width, centres, null);
    yield (kernels) => kernels.sparseSquares(near.byToken, tokens.data, centres, tokens.width, squares, lengths);
  };
  if (iterations > 0 || task.temperature === 'auto') yield* measure(0);
  const temperature = task.temperature === 'auto' ? inverseMedian(squares, yield* aboveRounding(tokens)) : task.temperature;
  for (let i = 0; i < iterations; i++) {
    if (i > 0) yield* measure(i);
    pattern = near;
    yield (kernels) => kernels.softmaxRows(near.byToken.offsets, squares, temperature, 'l1', squares);
    ({ shares, masses } = cellShares(near, squares));
    if (pairs === null || i === iterations - 1) yield* merge(tokens.data, tokens.width, centres, null);
  }
  const { source, unmerge } = yield* reconstruction(task, centres, temperature);
  return { count: cells, source, size: masses, greatest: greatest[0], reduced: centres, merge, unmerge };
}

function refusedPlan(tokens: number, cells: number, greatest: number): Plan {
  function* nothing(): Steps<void> {}
  return { count: cells, source: new Uint32Array(tokens), size: new Float32Array(cells), greatest, merge: nothing, unmerge: nothing };
}

export function expeditGrids(
  grid: readonly [number, number],
  target: readonly [number, number],
  window: number,
  iterations: number,
): ExpeditGrids {
  const [rows, columns] = grid;
  const [height, width] = target;
  const pooling = twoWayPattern(poolingBins(rows, height), poolingBins(columns, width), target);
  const near = twoWayPattern(nearBins(rows, height, window >> 1), nearBins(columns, width, window >> 1), target);
  let pairs: NearTokens | null | undefined;
  return {
    cells: height * width,
    pooling,
    near,
    pairs() {
      // Centres are measured and summed in every iteration.
      if (pairs === undefined) pairs = nearTokens(grid, pooling, near, PAIRS_FOR_PRODUCT * 2 * iterations * near.places.length);
      return pairs;
    },
  };
}

/** Adaptive average pooling: bin i of n over a length covers [⌊i·length/n⌋, ⌈(i+1)·length/n⌉). For each place its bins. */
function poolingBins(length: number, n: number): number[][] {
  const bins: number[][] = Array.from({ length }, () => []);
  for (let i = 0; i < n; i++) {
    for (let at = Math.floor((i * length) / n); at < Math.ceil(((i + 1) * length) / n); at++) bins[at].push(i);
  }
  return bins;
}

/** For each place the bins up to `radius` from its own. */
function nearBins(length: number, n: number, radius: number): number[][] {
  return Array.from({ length }, (_, at) => {
    const own = Math.floor((at * n) / length);
    const first = Math.max(0, own - radius);
    return Array.from({ length: Math.min(n - 1, own + radius) - first + 1 }, (_bin, i) => first + i);
  });
}

/** 1 over the median, but no less than `least`: a scale on which distances matter whatever the tokens are. */
function inverseMedian(squares: Float32Array, least: number): number {
  const median = Math.max(least, squares.slice().sort()[squares.length >> 1]);
  return median > 0 ? 1 / median : 1;
}

/** Above what kernels find for the squared distance of equal tokens. */
function* aboveRounding(tokens: TokenRows): Steps<number> {
  const lengths = yield* lengthsOf(tokens.data, tokens.count, tokens.width);
  return 2 ** -16 * lengths.reduce((most, length) => Math.max(most, length), 0) ** 2;
}

/** exp(−temperature · squared distance) of the `nearest` centres of each token, and of those as near as the last of them, normalised; the least distance is subtracted first. */
function* reconstruction(
  { tokens, nearest, normalization }: ExpeditTask,
  centres: Float32Array,
  temperature: number,
): Steps<Pick<Plan, 'source' | 'unmerge'>> {
  const { pattern, squares: weights } = yield* nearestCentres(tokens, centres, nearest);
  const { offsets, columns } = pattern;
  const source = Uint32Array.from({ length: tokens.count }, (_, i) => columns[offsets[i]]);
  yield (kernels) => kernels.softmaxRows(offsets, weights, temperature, normalization, weights);
  return {
    source,
    *unmerge(values, valueWidth, out) {
      yield (kernels) => kernels.combineRows(pattern, weights, values, valueWidth, out, null);
    },
  };
}

/**
 * The part of the contract (see kernels.ts) that makes fewer tokens of many. All numbers are finite, and squared lengths fit into single precision; where they do not, nearestRows, joinNearest, combineRows, groupMeans and
 * rowLengths still end, and columns are still columns.
 */

import type { ClusteringKernels } from './clustering-kernels';

/** Callers refuse rows with numbers that are not below that. */
export const MOST_MAGNITUDE = 1e18;

/** findMedoids has all distances in memory: 16 MB of so many rows. */
export const MOST_MEDOID_ROWS = 2048;

/** Rows of a matrix: all of them, or the ones listed. */
export interface RowSelection {
  readonly values: Float32Array;
  readonly rows: Uint32Array | null;
}

/** Row r of a sparse matrix has the entries [offsets[r], offsets[r + 1]). */
export interface SparsePattern {
  readonly offsets: Uint32Array;
  readonly columns: Uint32Array;
}

/**
 * Tokens in an order in which sixteen make a panel. Panel r has a block of pairs with each of the panels columns[offsets[r]] … columns[offsets[r + 1] − 1], which ascend: with itself, and with those that
 * have one with it.
 */
export interface TokenBlocks extends SparsePattern {
  readonly order: Uint32Array;
}

/** Cell c has the blocks [offsets[c], offsets[c + 1]): of each of its panels with each. */
export interface CellBlocks {
  readonly offsets: Uint32Array;
  readonly blocks: Uint32Array;
}

/** Tokens of cells, as places in the cells' panels. */
export interface CellPlaces {
  readonly offsets: Uint32Array;
  readonly places: Uint32Array;
}

/** Which rows join others: so many with the greatest cosines, of equal ones the first, or all whose cosine is at least `threshold`. */
export type Joining = { readonly remove: number } | { readonly threshold: number };

/**
 * Squared distances are within 8 · dims · 2⁻²⁴ of the greater squared length, cosines within 4 · dims · 2⁻²⁴. What is chosen by them is exact but for ties within that:
 * the native backend computes in single precision, the TypeScript one in double.
 */
export interface ReductionKernels {
  readonly background: BackgroundKernels;
  /**
   * For each row of `left` a row of `right`, as its place in the selection: 'cosine': the most similar one, `values` are the cosines (0 with zero vectors); 'euclidean': the nearest one, `values`
   * are squared distances, null if only the places matter. Of equal ones the first. `right` is not empty.
   */
  nearestRows(
    left: RowSelection,
    right: RowSelection,
    dims: number,
    similarity: 'cosine' | 'euclidean',
    columns: Uint32Array,
    values: Float32Array | null,
  ): void;
  /**
   * Some of `candidates` each join the most similar one of `destinations` (as nearestRows finds it): which, their cosines decide. The two are rows of `values`, all different; at most as many can join as there are candidates,
   * and none without destinations. source: for each row its place among those that remain, in order; a row that joins has its destination's. kept[0]: how many remain.
   */
  joinNearest(
    values: Float32Array,
    dims: number,
    candidates: Uint32Array,
    destinations: Uint32Array,
    which: Joining,
    source: Uint32Array,
    kept: Uint32Array,
  ): void;
  /** The `few` nearest rows of `right` for each of `left`, and their squared distances: the nearest first, of equal ones the first. At most as many as there are. */
  fewNearest(left: Float32Array, right: Float32Array, dims: number, few: number, columns: Uint32Array, squares: Float32Array): void;
  /** Squared distances of all pairs of rows, [rows, rows]: symmetric, zeros on the diagonal. */
  squaredDistances(values: Float32Array, dims: number, squares: Float32Array): void;
  /**
   * Density peaks: a row's density is exp(−mean of its `neighbours` least squared distances, its own 0 included, / dims), its score density × distance to the nearest denser row; of equal densities
   * the first row is the denser one, and the densest scores highest; where densities would vanish, both are compared by their logarithms. As many peaks as `peaks` has room for, those of the greatest scores, of equal ones the first: their rows, ascending. `source`: for
   * each row the place of the peak that is nearest; a peak is its own. 1 ≤ neighbours, peaks ≤ rows. `greatest`, unless null: as of greatestMagnitude, or 0 for any below MOST_MAGNITUDE; numbers that are
   * not below it are let in, and nothing else is filled then.
   */
  densityPeaks(
    values: Float32Array,
    dims: number,
    neighbours: number,
    peaks: Uint32Array,
    source: Uint32Array,
    greatest: Float32Array | null,
  ): void;
  /**
   * Deterministic k-medoids: begins with the longest row and those farthest from what is chosen; then each medoid becomes the member with the least sum of distances to its cluster, until none
   * does, or `iterations` times. Of equal ones the first. `medoids`: their rows, ascending. `source`: for each row the place of its nearest medoid; a medoid is its own. 'cosine': by 1 − cosine (half the squared distance of unit rows: no row is all zeros).
   * 1 ≤ medoids ≤ rows ≤ MOST_MEDOID_ROWS. `greatest`: as of densityPeaks.
   */
  findMedoids(
    values: Float32Array,
    dims: number,
    distance: 'euclidean' | 'cosine',
    iterations: number,
    medoids: Uint32Array,
    source: Uint32Array,
    greatest: Float32Array | null,
  ): void;
  /**
   * For each row the mean over all rows, itself included, of ELU(cosine − margin): x above 0, exp(x) − 1 below. Within 10⁻⁵. The `ranked` greatest ones stand in the order that single precision gives them;
   * the others may be estimates.
   */
  meanElu(values: Float32Array, dims: number, margin: number, means: Float64Array, ranked: number): void;
  /** greatest[0]: of all numbers; infinite or NaN if any is either, 0 without numbers. */
  greatestMagnitude(values: Float32Array, greatest: Float32Array): void;
  /**
   * out[r] = Σ over the entries of row r of weights[entry] · row columns[entry] of `values`. A weight of 1 alone copies the row. `greatest`, unless null: as of greatestMagnitude, of the numbers of
   * those rows.
   */
  combineRows(
    pattern: SparsePattern,
    weights: Float32Array,
    values: Float32Array,
    dims: number,
    out: Float32Array,
    greatest: Float32Array | null,
  ): void;
  /**
   * out[g]: the mean of the rows whose number in `groups` is g, by weights: each row's part is weight / masses[g], rounded to single precision, 0 where there is no mass. 'greatest': scaled to the length of
   * the longest of them; zeros stay zeros. `greatest`: as of combineRows.
   */
  groupMeans(
    groups: Uint32Array,
    weights: Float32Array,
    masses: Float64Array,
    values: Float32Array,
    dims: number,
    lengths: 'mean' | 'greatest',
    out: Float32Array,
    greatest: Float32Array | null,
  ): void;
  /** The length of each row, in double precision. */
  rowLengths(values: Float32Array, dims: number, lengths: Float64Array): void;
  /**
   * out[entry] = squared distance of row r of `left` and row columns[entry] of `right`. `known`, unless null: room for a number of each row of `left`, negative at first, which later calls with the same `left`
   * are faster with.
   */
  sparseSquares(
    pattern: SparsePattern,
    left: Float32Array,
    right: Float32Array,
    dims: number,
    out: Float32Array,
    known: Float64Array | null,
  ): void;
  /** squares[block][16][16]: squared distances of the rows of `values` at these places. Of places behind the last row they mean nothing. `greatest`: as of greatestMagnitude. */
  blockSquares(blocks: TokenBlocks, values: Float32Array, dims: number, squares: Float32Array, greatest: Float32Array): void;
  /**
   * out[targets[entry]] = squared distance of a token and a cell's centre, for each entry of `near`. Centres are means of `members` with `shares` that sum to one; so their distances follow from the `squares`
   * of blockSquares, within what those are off by.
   */
  meanSquares(
    cells: CellBlocks,
    squares: Float32Array,
    members: CellPlaces,
    shares: Float32Array,
    near: CellPlaces,
    targets: Uint32Array,
    out: Float32Array,
  ): void;
  /**
   * weights[entry] = exp(−temperature · (squares[entry] − the least of its row)), divided by the row's sum of them ('l1') or by the root of the sum of their squares ('l2'): row r has the entries
   * [offsets[r], offsets[r + 1]). `weights` may be `squares`. Within 10⁻⁶.
   */
  softmaxRows(offsets: Uint32Array, squares: Float32Array, temperature: number, normalization: 'l1' | 'l2', weights: Float32Array): void;
}

/** What of the kernels reduces tokens, in the foreground or in the background. */
export type ReductionCalls = Omit<ReductionKernels, 'background'> & Pick<ClusteringKernels, 'products'>;
export type ReductionCall = keyof ReductionCalls;

/**
 * The same functions, each done when its promise is. The native backend runs them on its own threads; the TypeScript one lets other work of this thread run before each. The arrays must not
 * change meanwhile.
 */
export type BackgroundKernels = { readonly [Name in ReductionCall]: (...call: Parameters<ReductionCalls[Name]>) => Promise<void> };

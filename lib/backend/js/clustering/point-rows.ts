/** Points as numbers to compute with: scaled, centred, in double precision; and sums of them that do not depend on the order. */
import { GREATEST_SQUARE } from '../../../clustering/greatest-square';
import { unexpected } from '../../../errors';
import type { PointArray } from '../../clustering-kernels';
import { fromBfloat16, fromFloat16 } from '../../half-floats';

const CENTRE_SAMPLE = 4096;
/** Rows of the sample that tell whether the mean is far from all, and the square of how many times as far as rows are from each other. */
const [LOOKS, FAR_SQUARE] = [64, 4096];
/** Numbers of points between two pauses. */
const PAUSE = 1e5;
/** The greatest number of single precision. What is shorter than its inverse stays shorter than 1. */
const GREATEST_SCALE = 3.4028234663852886e38;

/** So many coordinates of all points are kept in double precision. */
const KEPT_NUMBERS = 2 ** 21;
/** Zeros behind rows, for those who read short ones as if they were longer. */
export const ROOM = 8;

/** The error for a point that holds no finite numbers. */
export function notFinite(point: number): Error {
  return unexpected('points', 'finite numbers', `a vector that is infinite, NaN or longer than 3e18 as point ${point}`);
}

/** Numbers of a known magnitude are rounded to the coarse grid, and what that leaves to the fine one: numbers that are far smaller than the greatest keep their digits. */
interface Grids {
  readonly coarse: number;
  readonly fine: number;
}

/** 1.5 · 2^e: numbers of at most that magnitude, rounded by adding and subtracting it, sum exactly over `count` of them; and the same for what that leaves. */
function gridsFor(magnitude: number, count: number): Grids {
  if (magnitude === 0) return { coarse: 0, fine: 0 };
  const bits = 50 - Math.floor(Math.log2(count) + 1);
  const coarse = binaryExponent(magnitude) + 1 - bits;
  return { coarse: 1.5 * 2 ** (coarse + 52), fine: 1.5 * 2 ** (coarse - bits + 52) };
}

function rounded(value: number, grid: number): number {
  return value + grid - grid;
}

/** Whole steps of a part of the greatest difference from it: subtracting it from small whole numbers, or from other short ones, is exact then, and so are ties between their scores. */
function shortNumber(value: number, greatest: number): number {
  if (!Number.isFinite(Math.fround(value))) return 0;
  if (!(greatest > 0)) return value;
  const step = 2 ** (binaryExponent(greatest) - 5);
  return Math.floor(value / step + 0.5) * step;
}

/** ⌊log2⌋, exactly. */
function binaryExponent(value: number): number {
  let exponent = Math.floor(Math.log2(value));
  if (2 ** exponent > value) exponent--;
  if (2 ** (exponent + 1) <= value) exponent++;
  return exponent;
}

/** Sums of the points of each cluster: of numbers on the coarse grid, and on the fine one; and how many there are. Behind the last cluster stands one for points that have none yet. */
export interface ClusterSums {
  readonly sums: Float64Array;
  readonly rests: Float64Array;
  readonly weights: Float64Array;
  readonly weightRests: Float64Array;
  readonly sizes: Int32Array;
  /** Not 0: since the one who reads it set it to that. */
  readonly changed: Uint8Array;
}

export class PointRows {
  readonly count: number;
  readonly dims: number;
  /** Subtracted from every point: about the mean of a sample of them, or of the others. */
  readonly centre: Float32Array;
  readonly squaredNorms: Float64Array;
  readonly weights: Float64Array | null;
  /** What products of weights and coordinates are rounded to. */
  private grids: Grids = { coarse: 0, fine: 0 };
  /** The same for weights, which are whole on the fine grid. */
  private readonly weightGrids: Grids;
  /** Σ weight · ‖x‖². */
  totalSquare = 0;
  /** Coordinates of all points as `stage` gives them, if they are few. */
  readonly kept: Float64Array | null;
  private scales: Float32Array | null = null;
  private readonly row: Float64Array;

  // Fields of its own, as objects that users' options were spread into change their hidden class, and compiled code with them.
  private readonly data: PointArray['data'];
  private readonly type: PointArray['type'];
  private readonly chosen: PointArray['rows'];

  private constructor(points: PointArray) {
    this.data = points.data;
    this.type = points.type;
    this.chosen = points.rows;
    this.count = points.count;
    this.dims = points.dims;
    this.centre = new Float32Array(this.dims);
    this.row = new Float64Array(this.dims);
    this.kept = this.count * this.dims <= KEPT_NUMBERS ? new Float64Array(this.count * this.dims + ROOM) : null;
    this.squaredNorms = new Float64Array(this.count);
    // Weights add up exactly too, so that a cluster's weight does not depend on the order.
    this.weightGrids = gridsFor(points.weights?.reduce((most, weight) => Math.max(most, weight), 0) ?? 0, this.count);
    const { coarse, fine } = this.weightGrids;
    this.weights =
      points.weights?.map((weight) => {
        const most = rounded(weight, coarse);
        return most + rounded(weight - most, fine);
      }) ?? null;
  }

  /**
   * With `others`, vectors of as many dimensions, what is subtracted from the points, and so every result to the bit, does not depend on which points there are.
   * Stops now and then. Throws INVALID_ARGUMENT if a point is not finite.
   */
  static *read(points: PointArray, unitLength: boolean, others: Float32Array | null = null): Generator<void, PointRows> {
    const rows = new PointRows(points);
    const { kept, row, dims, count } = rows;
    if (unitLength) yield* rows.findScales();
    if (kept) yield* rows.keep(kept);
    const sampled = (i: number): number => {
      rows.convert(i, row, 0);
      return 0;
    };
    const place = (i: number): number => i * dims;
    if (others !== null) rows.centre.set(shortMean(others.length / dims, dims, Float64Array.from(others), place));
    else rows.centre.set(kept ? shortMean(count, dims, kept, place) : shortMean(count, dims, row, sampled));
    let greatest = 0;
    for (let first = 0; first < count; first += rows.pause) {
      greatest = Math.max(greatest, rows.measure(first, Math.min(count, first + rows.pause)));
      yield;
    }
    rows.grids = gridsFor(greatest, count);
    return rows;
  }

  private *findScales(): Generator<void> {
    const { pause, row } = this;
    const scales = new Float32Array(this.count);
    for (let i = 0; i < this.count; i++) {
      this.convert(i, row, 0);
      const length = Math.sqrt(squareOf(row));
      scales[i] = length > 0 ? Math.min(1 / length, GREATEST_SCALE) : 1;
      if (i % pause === 0) yield;
    }
    this.scales = scales;
  }

  /** Before the centre is known. */
  private *keep(kept: Float64Array): Generator<void> {
    const { data, type, chosen, scales, count, dims, pause } = this;
    if (type === 'float32' && chosen === null && scales === null) {
      kept.set(data);
      return;
    }
    for (let i = 0; i < count; i++) {
      this.convert(i, kept, i * dims);
      if (i % pause === 0) yield;
    }
  }

  /** Squared lengths of points [first, last), which are centred if they are kept. Returns the greatest coordinate times weight. */
  private measure(first: number, last: number): number {
    const { dims, kept, row, centre, weights, squaredNorms } = this;
    let greatest = 0;
    for (let point = first; point < last; point++) {
      if (!kept) this.convert(point, row, 0);
      const most = kept ? centreRow(kept, point * dims, centre, squaredNorms, point) : centreRow(row, 0, centre, squaredNorms, point);
      const square = squaredNorms[point];
      if (!(square < GREATEST_SQUARE)) throw notFinite(point);
      const weight = weights ? weights[point] : 1;
      this.totalSquare += weight * square;
      if (weight * most > greatest) greatest = weight * most;
    }
    return greatest;
  }

  /** Points after which work on all of them stops for a moment. */
  get pause(): number {
    return Math.max(1, Math.floor(PAUSE / this.dims));
  }

  weight(point: number): number {
    return this.weights === null ? 1 : this.weights[point];
  }

  /** The point's coordinates, rounded to single precision as the native backend has them. */
  stage(point: number, out: Float64Array, at = 0): void {
    const { dims, kept, centre } = this;
    if (kept) {
      for (let to = at, from = point * dims, end = from + dims; from < end; from++, to++) out[to] = kept[from];
      return;
    }
    this.convert(point, out, at);
    for (let dim = 0; dim < dims; dim++) out[at + dim] = Math.fround(out[at + dim] - centre[dim]);
  }

  /** The same before the centre is subtracted. */
  private convert(point: number, out: Float64Array, at: number): void {
    const { data, type, chosen, dims } = this;
    const scale = this.scales === null ? 1 : this.scales[point];
    const from = (chosen === null ? point : chosen[point]) * dims;
    if (type === 'float32') {
      for (let dim = 0; dim < dims; dim++) out[at + dim] = Math.fround(data[from + dim] * scale);
      return;
    }
    const widen = type === 'float16' ? fromFloat16 : fromBfloat16;
    for (let dim = 0; dim < dims; dim++) out[at + dim] = Math.fround(widen(data[from + dim]) * scale);
  }

  /** Takes those of points [first, last) that went to other clusters, times their weights, out of the sums of their clusters `before` and puts them into those of `after`. Returns how many they are. */
  move(
    first: number,
    last: number,
    { sums, rests, weights, weightRests, sizes, changed }: ClusterSums,
    before: Uint32Array,
    after: Uint32Array,
  ): number {
    const { dims, kept, row } = this;
    const { coarse, fine } = this.grids;
    const weightGrid = this.weightGrids.coarse;
    const rows = kept ?? row;
    let moved = 0;
    for (let point = first; point < last; point++) {
      const from = before[point];
      const to = after[point];
      if (from === to) continue;
      moved++;
      if (!kept) this.stage(point, row);
      const weight = this.weights ? this.weights[point] : 1;
      let at = to * dims;
      let away = from * dims;
      for (let i = kept ? point * dims : 0, end = i + dims; i < end; i++, at++, away++) {
        const product = weight * rows[i];
        const most = product + coarse - coarse;
        const rest = product - most + fine - fine;
        sums[at] += most;
        rests[at] += rest;
        sums[away] -= most;
        rests[away] -= rest;
      }
      const mostWeight = weight + weightGrid - weightGrid;
      weights[to] += mostWeight;
      weightRests[to] += weight - mostWeight;
      weights[from] -= mostWeight;
      weightRests[from] -= weight - mostWeight;
      sizes[to]++;
      sizes[from]--;
      changed[to] = 1;
      changed[from] = 1;
    }
    return moved;
  }
}

/**
 * The mean, unless it lies far from every row, by rows evenly taken: few that are very far have drawn it away from the others then, where their differences from it would lose
 * what they differ in. Then the nearest of those rows. Rows of the sample stand in `rows` from `placeOf` on once that has been called.
 */
function leavingTheFar(mean: Float64Array, sample: number, rows: Float64Array, placeOf: (i: number) => number): Float64Array {
  const dims = mean.length;
  const looks = Math.min(sample, LOOKS);
  const steps = new Float64Array(Math.max(0, looks - 1));
  const before = new Float64Array(dims);
  let nearest = mean;
  let least = Infinity;
  for (let i = 0; i < looks; i++) {
    const at = placeOf(Math.floor((i * sample) / looks));
    let [off, step] = [0, 0];
    for (let dim = 0; dim < dims; dim++) {
      const value = rows[at + dim];
      const [toMean, toBefore] = [value - mean[dim], value - before[dim]];
      off += toMean * toMean;
      step += toBefore * toBefore;
      before[dim] = value;
    }
    // What is not finite is found later.
    if (!Number.isFinite(off)) return mean;
    if (i > 0) steps[i - 1] = step;
    if (off < least) [least, nearest] = [off, before.slice()];
  }
  steps.sort();
  return steps.length > 0 && least > FAR_SQUARE * steps[steps.length >> 1] ? nearest : mean;
}

/** The mean of a sample of `count` rows, or a row where the mean is far from all; each stands in `rows` from `placeOf` on once that has been called. NaN and infinity, which are found later, count as 0. */
function shortMean(count: number, dims: number, rows: Float64Array, placeOf: (i: number) => number): Float64Array {
  const sample = Math.min(count, CENTRE_SAMPLE);
  const sums = new Float64Array(dims);
  const least = new Float64Array(dims).fill(Infinity);
  const most = new Float64Array(dims).fill(-Infinity);
  for (let i = 0; i < sample; i++) {
    const at = placeOf(Math.floor((i * count) / sample));
    for (let dim = 0; dim < dims; dim++) {
      const value = rows[at + dim];
      sums[dim] += value;
      if (value < least[dim]) least[dim] = value;
      if (value > most[dim]) most[dim] = value;
    }
  }
  const short = sums.map((sum, dim) => {
    const mean = sum / sample;
    return shortNumber(mean, Math.max(most[dim] - mean, mean - least[dim]));
  });
  return leavingTheFar(short.map(Math.fround), sample, rows, (i) => placeOf(Math.floor((i * count) / sample)));
}

/** Subtracts the centre, and tells the squared length. Returns the greatest coordinate. */
function centreRow(rows: Float64Array, at: number, centre: Float32Array, squares: Float64Array, point: number): number {
  let square = 0;
  let most = 0;
  for (let dim = 0; dim < centre.length; dim++) {
    const value = Math.fround(rows[at + dim] - centre[dim]);
    rows[at + dim] = value;
    square += value * value;
    if (value > most) most = value;
    else if (-value > most) most = -value;
  }
  squares[point] = square;
  return most;
}

function squareOf(row: Float64Array): number {
  let square = 0;
  for (let dim = 0; dim < row.length; dim++) square += row[dim] * row[dim];
  return square;
}

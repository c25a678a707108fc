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

/** In place of a cluster. */
export const NONE = -1;

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

/** Sums of the points of each cluster: of numbers on the coarse grid, and on the fine one. */
export interface ClusterSums {
  readonly sums: Float64Array;
  readonly rests: Float64Array;
  readonly weights: Float64Array;
  readonly weightRests: Float64Array;
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
  private scales: Float32Array | null = null;

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
    const row = new Float64Array(rows.dims);
    if (unitLength) yield* rows.findScales(row);
    rows.centre.set(
      others === null
        ? shortMean(rows.count, row, (i) => rows.stage(i, row))
        : shortMean(others.length / rows.dims, row, (i) => row.set(others.subarray(i * rows.dims, (i + 1) * rows.dims))),
    );
    yield* rows.measure(row);
    return rows;
  }

  private *findScales(row: Float64Array): Generator<void> {
    const { pause } = this;
    const scales = new Float32Array(this.count);
    for (let i = 0; i < this.count; i++) {
      this.stage(i, row);
      const length = Math.sqrt(squareOf(row));
      scales[i] = length > 0 ? Math.min(1 / length, GREATEST_SCALE) : 1;
      if (i % pause === 0) yield;
    }
    this.scales = scales;
  }

  private *measure(row: Float64Array): Generator<void> {
    const { pause } = this;
    let greatest = 0;
    for (let i = 0; i < this.count; i++) {
      this.stage(i, row);
      const square = squareOf(row);
      if (!(square < GREATEST_SQUARE)) throw notFinite(i);
      const weight = this.weight(i);
      this.squaredNorms[i] = square;
      this.totalSquare += weight * square;
      for (let dim = 0; dim < row.length; dim++) greatest = Math.max(greatest, weight * Math.abs(row[dim]));
      if (i % pause === 0) yield;
    }
    this.grids = gridsFor(greatest, this.count);
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
    const { data, type, chosen, dims, centre } = this;
    const scale = this.scales === null ? 1 : this.scales[point];
    const from = (chosen === null ? point : chosen[point]) * dims;
    if (type === 'float32') {
      for (let dim = 0; dim < dims; dim++) out[at + dim] = Math.fround(Math.fround(data[from + dim] * scale) - centre[dim]);
      return;
    }
    const widen = type === 'float16' ? fromFloat16 : fromBfloat16;
    for (let dim = 0; dim < dims; dim++) out[at + dim] = Math.fround(Math.fround(widen(data[from + dim]) * scale) - centre[dim]);
  }

  /** Takes weight × point, and the weight, from one cluster's sums (unless that is NONE) to another's. */
  addTo({ sums, rests, weights, weightRests }: ClusterSums, from: number, to: number, point: number, row: Float64Array): void {
    const { coarse, fine } = this.grids;
    const { dims } = this;
    const weight = this.weight(point);
    this.stage(point, row);
    const mostWeight = rounded(weight, this.weightGrids.coarse);
    weights[to] += mostWeight;
    weightRests[to] += weight - mostWeight;
    if (from === NONE) {
      for (let dim = 0, at = to * dims; dim < dims; dim++, at++) {
        const product = weight * row[dim];
        const most = product + coarse - coarse;
        sums[at] += most;
        rests[at] += product - most + fine - fine;
      }
      return;
    }
    for (let dim = 0, at = to * dims, away = from * dims; dim < dims; dim++, at++, away++) {
      const product = weight * row[dim];
      const most = product + coarse - coarse;
      const rest = product - most + fine - fine;
      sums[at] += most;
      rests[at] += rest;
      sums[away] -= most;
      rests[away] -= rest;
    }
    weights[from] -= mostWeight;
    weightRests[from] -= weight - mostWeight;
  }
}

/**
 * The mean, unless it lies far from every row, by rows evenly taken: few that are very far have drawn it away from the others then, where their differences from it would lose
 * what they differ in. Then the nearest of those rows. `stage` brings rows of the sample into `row`.
 */
function leavingTheFar(mean: Float64Array, sample: number, row: Float64Array, stage: (i: number) => void): Float64Array {
  const looks = Math.min(sample, LOOKS);
  const steps = new Float64Array(Math.max(0, looks - 1));
  const before = new Float64Array(row.length);
  let nearest = mean;
  let least = Infinity;
  for (let i = 0; i < looks; i++) {
    stage(Math.floor((i * sample) / looks));
    let [off, step] = [0, 0];
    for (let dim = 0; dim < row.length; dim++) {
      const [toMean, toBefore] = [row[dim] - mean[dim], row[dim] - before[dim]];
      off += toMean * toMean;
      step += toBefore * toBefore;
    }
    // What is not finite is found later.
    if (!Number.isFinite(off)) return mean;
    if (i > 0) steps[i - 1] = step;
    before.set(row);
    if (off < least) [least, nearest] = [off, row.slice()];
  }
  steps.sort();
  return steps.length > 0 && least > FAR_SQUARE * steps[steps.length >> 1] ? nearest : mean;
}

/** The mean of a sample of `count` rows, or a row where the mean is far from all, which `stage` brings into `row` one by one. NaN and infinity, which are found later, count as 0. */
function shortMean(count: number, row: Float64Array, stage: (i: number) => void): Float64Array {
  const sample = Math.min(count, CENTRE_SAMPLE);
  const sums = new Float64Array(row.length);
  const least = new Float64Array(row.length).fill(Infinity);
  const most = new Float64Array(row.length).fill(-Infinity);
  for (let i = 0; i < sample; i++) {
    stage(Math.floor((i * count) / sample));
    for (let dim = 0; dim < sums.length; dim++) {
      sums[dim] += row[dim];
      least[dim] = Math.min(least[dim], row[dim]);
      most[dim] = Math.max(most[dim], row[dim]);
    }
  }
  const short = sums.map((sum, dim) => {
    const mean = sum / sample;
    return shortNumber(mean, Math.max(most[dim] - mean, mean - least[dim]));
  });
  return leavingTheFar(short.map(Math.fround), sample, row, (i) => stage(Math.floor((i * count) / sample)));
}

function squareOf(row: Float64Array): number {
  let square = 0;
  for (let dim = 0; dim < row.length; dim++) square += row[dim] * row[dim];
  return square;
}

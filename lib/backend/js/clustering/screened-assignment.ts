/**
 * Assignment that leaves most scores out: coordinates are rounded to whole numbers, and a number in double precision holds those of two centroids, so that one multiplication
 * serves both. What rounding changes is bounded by the lengths of what it left; only centroids that could still be the nearest get their scores.
 */
import type { BoundedAssignment } from './bounded-assignment';
import type { CentroidSlots } from './centroid-slots';
import type { PointRows } from './point-rows';
import { scoreTwo, TOGETHER } from './score-tile';

/** Sums of products are below 2^25, and a second one stands 26 bits above the first. */
const GREATEST_SUM = 2 ** 25 - 1;
const ABOVE = 2 ** 26;
/** Added and subtracted: rounds to whole numbers, and to multiples of ABOVE. */
const WHOLE = 1.5 * 2 ** 52;
const WHOLE_ABOVE = WHOLE * ABOVE;
const MOST_DIMS = 8192;
const LEAST_DIMS = 8;
const LEAST_CENTROIDS = 16;
/** Centroids, two to a number, that points pass by together. */
const PANEL = 16;
const BLOCK_NUMBERS = 8192;
const BLOCK_SCORES = 32768;
const MOST_POINTS = 64;
/** With more of the centroids left than one in so many, all scores are as fast. */
const TOO_MANY = 8;
/** More than the rounding of the margins themselves. */
const UP = 1 + 1e-6;

export class ScreenedAssignment {
  static serves(points: PointRows, centroids: CentroidSlots): boolean {
    return points.dims <= MOST_DIMS && points.dims >= LEAST_DIMS && centroids.count >= LEAST_CENTROIDS;
  }

  private readonly most: number;
  private readonly pairs: number;
  private readonly block: number;
  /** What score-tile.ts reads. */
  private readonly packed: { readonly dims: number; readonly packed: Float64Array; readonly halves: Float64Array };
  /** A whole step of each slot. */
  private readonly steps: Float64Array;
  /** The longest rest of a centroid. */
  private centroidRest = 0;
  /** Points that have been rounded, from the first one on: point × dims, their steps and the lengths of their rests. */
  private rounded = 0;
  private readonly wholes: Int16Array;
  private readonly pointSteps: Float64Array;
  private readonly pointRests: Float64Array;
  private readonly row: Float64Array;
  /** Of a block. */
  private readonly rows: Float64Array;
  private readonly sums = new Float64Array(2 * PANEL);
  private readonly estimates: Float64Array;
  private readonly best: Float64Array;
  /** Scores that were needed after all. */
  private scored = 0;

  constructor(
    private readonly points: PointRows,
    private readonly centroids: CentroidSlots,
  ) {
    const { dims } = points;
    this.most = Math.floor(Math.sqrt(GREATEST_SUM)) - Math.sqrt(dims);
    this.pairs = Math.ceil(centroids.count / 2 / TOGETHER) * TOGETHER;
    this.packed = { dims, packed: new Float64Array(this.pairs * dims), halves: new Float64Array(this.pairs) };
    this.steps = new Float64Array(centroids.count);
    const fitting = Math.min(MOST_POINTS, Math.floor(BLOCK_NUMBERS / dims), Math.floor(BLOCK_SCORES / this.pairs / 2));
    this.block = Math.max(2, fitting - (fitting % 2));
    this.row = new Float64Array(dims);
    this.rows = new Float64Array(this.block * dims);
    this.wholes = new Int16Array(points.count * dims);
    this.pointSteps = new Float64Array(points.count);
    this.pointRests = new Float64Array(points.count);
    this.best = new Float64Array(this.block);
    this.estimates = new Float64Array(this.block * this.pairs * 2);
  }

  /** After centroids have changed. */
  prepare(): void {
    const { dims, count, rows, halves } = this.centroids;
    const { packed } = this.packed;
    packed.fill(0);
    let greatest = 0;
    for (let slot = 0; slot < count; slot++) {
      const step = this.stepFor(Math.sqrt(-2 * halves[slot]));
      const inverse = 1 / step;
      const pair = slot >> 1;
      const factor = slot % 2 === 0 ? 1 : ABOVE;
      const four = pair - (pair % TOGETHER);
      let square = 0;
      for (let dim = 0, at = slot * dims, to = four * dims + pair - four; dim < dims; dim++, at++, to += TOGETHER) {
        const whole = rows[at] * inverse + WHOLE - WHOLE;
        const rest = rows[at] - whole * step;
        square += rest * rest;
        packed[to] += whole * factor;
      }
      this.steps[slot] = step;
      greatest = Math.max(greatest, square);
    }
    this.centroidRest = Math.sqrt(greatest);
  }

  /** Renews the slots of points [first, last), of equal scores to that of the lowest id. Stops where too many centroids are left; returns the first point that was left out. Bounds, if there are any, begin with the estimates. */
  assign(first: number, last: number, slots: Uint32Array, bounds: BoundedAssignment | null): number {
    for (let from = first; from < last; from += this.block) {
      const to = Math.min(last, from + this.block);
      this.scored = 0;
      this.estimate(from, to);
      for (let point = from; point < to; point++) {
        slots[point] = this.nearest(point, point - from);
        bounds?.begin(point, this.estimates, 2 * this.pairs * (point - from), this.margin(point));
      }
      if (this.scored * TOO_MANY > (to - from) * this.centroids.count) return to;
    }
    return last;
  }

  /** The step with which a row of that length has whole numbers whose length is less than `most`, as rounding adds half a step to each. */
  private stepFor(length: number): number {
    return length > 0 ? length / this.most : 1;
  }

  private round(point: number): void {
    const { points, row, wholes } = this;
    const { dims } = points;
    points.stage(point, row);
    const step = this.stepFor(Math.sqrt(points.squaredNorms[point]));
    const inverse = 1 / step;
    let square = 0;
    for (let dim = 0, to = point * dims; dim < dims; dim++, to++) {
      const whole = row[dim] * inverse + WHOLE - WHOLE;
      const rest = row[dim] - whole * step;
      square += rest * rest;
      wholes[to] = whole;
    }
    this.pointSteps[point] = step;
    this.pointRests[point] = Math.sqrt(square);
  }

  /** What rounding changes scores of the point by. */
  private margin(point: number): number {
    const { points, centroidRest } = this;
    const { greatestNorm } = this.centroids;
    const rest = this.pointRests[point];
    const length = Math.sqrt(points.squaredNorms[point]);
    const error = (points.dims + 16) * 2 ** -50 * (length * greatestNorm + 0.5 * greatestNorm * greatestNorm);
    // ⟨x, c⟩ − ⟨x', c'⟩ = ⟨x − x', c⟩ + ⟨x', c − c'⟩.
    return (rest * greatestNorm + (length + rest) * centroidRest) * UP + error;
  }

  private estimate(from: number, to: number): void {
    const { pairs, packed, rows, sums, wholes } = this;
    const { dims } = this.points;
    for (; this.rounded < to; this.rounded++) this.round(this.rounded);
    for (let i = 0, at = from * dims, end = to * dims; at < end; i++, at++) rows[i] = wholes[at];
    this.best.fill(-Infinity);
    const count = to - from;
    for (let first = 0; first < pairs; first += PANEL) {
      const last = Math.min(first + PANEL, pairs);
      for (let i = 0; i < count; i += 2) {
        const other = Math.min(i + 1, count - 1);
        scoreTwo(packed, rows, i * dims, other * dims, first, last, sums, PANEL);
        this.unpack(i, this.pointSteps[from + i], first, last, 0);
        this.unpack(other, this.pointSteps[from + other], first, last, PANEL);
      }
    }
  }

  private unpack(i: number, step: number, first: number, last: number, at: number): void {
    const { sums, steps, estimates } = this;
    const { halves, count } = this.centroids;
    let best = this.best[i];
    const base = 2 * this.pairs * i;
    const end = Math.min(2 * last, count);
    for (let slot = 2 * first, from = at; slot < end; slot += 2, from++) {
      const sum = sums[from];
      const high = sum + WHOLE_ABOVE - WHOLE_ABOVE;
      const one = (sum - high) * (step * steps[slot]) + halves[slot];
      estimates[base + slot] = one;
      if (one > best) best = one;
      if (slot + 1 === end) break;
      const other = (high / ABOVE) * (step * steps[slot + 1]) + halves[slot + 1];
      estimates[base + slot + 1] = other;
      if (other > best) best = other;
    }
    this.best[i] = best;
  }

  private nearest(point: number, i: number): number {
    const { estimates, centroids } = this;
    const base = 2 * this.pairs * i;
    const end = base + centroids.count;
    const floor = this.best[i] - 2 * this.margin(point);
    let only = -1;
    let left = 0;
    for (let at = base; at < end; at++) {
      if (estimates[at] < floor) continue;
      only = at - base;
      left++;
    }
    if (left === 1) return only;
    this.scored += left;
    this.points.stage(point, this.row);
    let best = -Infinity;
    let nearest = -1;
    for (let slot = 0; slot < centroids.count; slot++) {
      if (estimates[base + slot] < floor) continue;
      const score = centroids.score(this.row, 0, slot);
      if (score < best || (score === best && centroids.ids[nearest] < centroids.ids[slot])) continue;
      best = score;
      nearest = slot;
    }
    return nearest;
  }
}

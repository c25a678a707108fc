/**
 * Assignment that leaves most scores out: coordinates are rounded to whole numbers, and a number in double precision holds those of two or three centroids, so that one
 * multiplication serves all of them. What rounding changes is bounded by the lengths of what it left; only centroids that could still be the nearest get their scores.
 */
import type { BoundedAssignment } from './bounded-assignment';
import type { CentroidSlots } from './centroid-slots';
import type { PointRows } from './point-rows';
import { scoreTwo, TOGETHER } from './score-tile';

/** Of the numbers that hold whole sums of two or three centroids, by how many they hold: the next sum stands so much above the one before, and sums are below half of that. */
const ABOVE = { 2: 2 ** 26, 3: 2 ** 18 } as const;
/** Added and subtracted: rounds to whole numbers. */
const WHOLE = 1.5 * 2 ** 52;
const MOST_DIMS = 8192;
const LEAST_DIMS = 8;
const LEAST_CENTROIDS = 16;
/** Numbers of centroids that points pass by together. */
const PANEL = 16;
const BLOCK_NUMBERS = 8192;
const BLOCK_SUMS = 16384;
const MOST_POINTS = 64;
/** So many coordinates of all points are kept in double precision, as products need them. */
const KEPT_NUMBERS = 2 ** 21;
/** With more of the centroids left than one in so many, other ways are as fast. */
const TOO_MANY = 8;
/** More than the rounding of the margins themselves. */
const UP = 1 + 1e-6;

export class ScreenedAssignment {
  static serves(points: PointRows, centroids: CentroidSlots): boolean {
    return points.dims <= MOST_DIMS && points.dims >= LEAST_DIMS && centroids.count >= LEAST_CENTROIDS;
  }

  private readonly above: number;
  private readonly most: number;
  /** Numbers that hold centroids: the first one's are the slots 0, width and 2 · width. */
  private readonly width: number;
  private readonly block: number;
  /** What score-tile.ts reads. */
  private readonly packed: { readonly dims: number; readonly packed: Float64Array; readonly halves: Float64Array };
  /** −½‖c‖² of each slot, and −∞ after the last one. */
  private readonly halves: Float64Array;
  /** A whole step of centroids. */
  private step = 1;
  /** The longest rest of a centroid. */
  private centroidRest = 0;
  /** Points that have been rounded, from the first one on: point × dims, their lengths and those of their rests. */
  private rounded = 0;
  private readonly wholes: Int16Array | Float64Array;
  private readonly lengths: Float64Array;
  private readonly rests: Float64Array;
  private readonly row: Float64Array;
  /** Of a block, unless all wholes can be read as they are. */
  private readonly rows: Float64Array;
  private readonly sums: Float64Array;
  /** Of a point, by slot. */
  private readonly estimates: Float64Array;
  /** Centroids that are left, and their estimates. */
  private readonly left: Uint32Array;
  private readonly kept: Float64Array;
  private readonly scores = new Float64Array(TOGETHER);
  /** Scores that were needed after all. */
  private scored = 0;

  constructor(
    private readonly points: PointRows,
    private readonly centroids: CentroidSlots,
    /** Centroids to a number. */
    private readonly fields: 2 | 3 = 3,
  ) {
    const { dims, count } = points;
    this.above = ABOVE[fields];
    // No sum is greater than the product of both lengths, to which rounding adds half a step for each dimension.
    this.most = Math.floor(Math.sqrt(this.above / 2 - 1)) - Math.sqrt(dims);
    this.width = Math.ceil(centroids.count / fields / TOGETHER) * TOGETHER;
    this.packed = { dims, packed: new Float64Array(this.width * dims), halves: new Float64Array(this.width) };
    this.halves = new Float64Array(this.width * fields).fill(-Infinity);
    const fitting = Math.min(MOST_POINTS, Math.floor(BLOCK_NUMBERS / dims), Math.floor(BLOCK_SUMS / this.width));
    this.block = Math.max(2, fitting - (fitting % 2));
    this.row = new Float64Array(dims);
    this.wholes = count * dims <= KEPT_NUMBERS ? new Float64Array(count * dims) : new Int16Array(count * dims);
    this.rows = this.wholes instanceof Float64Array ? this.wholes : new Float64Array(this.block * dims);
    this.lengths = new Float64Array(count);
    this.rests = new Float64Array(count);
    this.sums = new Float64Array(this.block * this.width);
    this.estimates = new Float64Array(this.width * fields);
    this.left = new Uint32Array(centroids.count);
    this.kept = new Float64Array(centroids.count);
  }

  /** One that leaves fewer centroids, if there is one. */
  finer(): ScreenedAssignment | null {
    return this.fields === 3 ? new ScreenedAssignment(this.points, this.centroids, 2) : null;
  }

  /** After centroids have changed. */
  prepare(): void {
    const { dims, count, rows, halves, greatestNorm } = this.centroids;
    const { packed } = this.packed;
    const { width } = this;
    packed.fill(0);
    const step = this.stepFor(greatestNorm);
    const inverse = 1 / step;
    let greatest = 0;
    for (let slot = 0, place = 0, factor = 1; slot < count; slot++, place++) {
      if (place === width) {
        place = 0;
        factor *= this.above;
      }
      const four = place - (place % TOGETHER);
      let square = 0;
      for (let dim = 0, at = slot * dims, to = four * dims + place - four; dim < dims; dim++, at++, to += TOGETHER) {
        const whole = rows[at] * inverse + WHOLE - WHOLE;
        const rest = rows[at] - whole * step;
        square += rest * rest;
        packed[to] += whole * factor;
      }
      this.halves[slot] = halves[slot];
      if (square > greatest) greatest = square;
    }
    this.step = step;
    this.centroidRest = Math.sqrt(greatest);
  }

  /** Renews the slots of points [first, last), of equal scores to that of the lowest id. Stops where too many centroids are left; returns the first point that was left out. Bounds, if there are any, begin with the estimates. */
  assign(first: number, last: number, slots: Uint32Array, bounds: BoundedAssignment | null): number {
    for (let from = first; from < last; from += this.block) {
      const to = Math.min(last, from + this.block);
      this.scored = 0;
      this.sum(from, to);
      for (let point = from; point < to; point++) {
        const at = (point - from) * this.width;
        const unit = this.stepFor(this.lengths[point]) * this.step;
        const margin = this.margin(point);
        slots[point] = this.nearest(point, slots[point], at, unit, margin);
        if (!bounds) continue;
        this.estimate(at, unit);
        bounds.begin(point, this.estimates, margin);
      }
      if (this.scored * TOO_MANY > (to - from) * this.centroids.count) return to;
    }
    return last;
  }

  /** A step with which whole numbers of that length are less than `most`. */
  private stepFor(length: number): number {
    return length > 0 ? length / this.most : 1;
  }

  private round(point: number): void {
    const { points, row, wholes } = this;
    const { dims } = points;
    points.stage(point, row);
    const length = Math.sqrt(points.squaredNorms[point]);
    const step = this.stepFor(length);
    const inverse = 1 / step;
    let square = 0;
    for (let dim = 0, to = point * dims; dim < dims; dim++, to++) {
      const whole = row[dim] * inverse + WHOLE - WHOLE;
      const rest = row[dim] - whole * step;
      square += rest * rest;
      wholes[to] = whole;
    }
    this.lengths[point] = length;
    this.rests[point] = Math.sqrt(square);
  }

  /** What rounding changes scores of the point by. */
  private margin(point: number): number {
    const { points, centroidRest } = this;
    const { greatestNorm } = this.centroids;
    const rest = this.rests[point];
    const length = this.lengths[point];
    const error = (points.dims + 16) * 2 ** -50 * (length * greatestNorm + 0.5 * greatestNorm * greatestNorm);
    // ⟨x, c⟩ − ⟨x', c'⟩ = ⟨x − x', c⟩ + ⟨x', c − c'⟩.
    return (rest * greatestNorm + (length + rest) * centroidRest) * UP + error;
  }

  /** Products of the whole numbers of points [from, to) and of all centroids. */
  private sum(from: number, to: number): void {
    const { width, packed, rows, sums, wholes } = this;
    const { dims } = this.points;
    for (; this.rounded < to; this.rounded++) this.round(this.rounded);
    let begin = from * dims;
    if (rows !== wholes) {
      for (let i = 0, at = begin, end = to * dims; at < end; i++, at++) rows[i] = wholes[at];
      begin = 0;
    }
    const count = to - from;
    for (let first = 0; first < width; first += PANEL) {
      const last = Math.min(first + PANEL, width);
      for (let i = 0; i < count; i += 2) {
        const other = Math.min(i + 1, count - 1);
        scoreTwo(packed, rows, begin + i * dims, begin + other * dims, first, last, sums, i * width + first, (other - i) * width);
      }
    }
  }

  /** Looks at the point's own slot first: the estimates of nearly all others are below what that one leaves. */
  private nearest(point: number, own: number, at: number, unit: number, margin: number): number {
    const { sums, halves, width, above, fields, left, kept } = this;
    const inverse = 1 / unit;
    const twice = 2 * margin * inverse * UP;
    const whole = WHOLE * above;
    const wholeAbove = whole * above;
    const scale = 1 / above;
    const scaleAbove = scale * scale;
    let best = this.estimateOf(own, at) + halves[own] * inverse;
    let floor = best - twice;
    let count = 0;
    for (let i = 0; i < width; i++) {
      let sum = sums[at + i];
      if (fields === 3) {
        const high = sum + wholeAbove - wholeAbove;
        const score = high * scaleAbove + halves[2 * width + i] * inverse;
        sum -= high;
        if (score >= floor) {
          left[count] = 2 * width + i;
          kept[count++] = score;
          if (score > best) {
            best = score;
            floor = score - twice;
          }
        }
      }
      const middle = sum + whole - whole;
      const score = middle * scale + halves[width + i] * inverse;
      if (score >= floor) {
        left[count] = width + i;
        kept[count++] = score;
        if (score > best) {
          best = score;
          floor = score - twice;
        }
      }
      const low = sum - middle + halves[i] * inverse;
      if (low >= floor) {
        left[count] = i;
        kept[count++] = low;
        if (low > best) {
          best = low;
          floor = low - twice;
        }
      }
    }
    if (count === 1) return left[0];
    let still = 0;
    for (let i = 0; i < count; i++) if (kept[i] >= floor) left[still++] = left[i];
    return still === 1 ? left[0] : this.nearestOf(point, still);
  }

  /** Of a slot, the whole product. */
  private estimateOf(slot: number, at: number): number {
    const { width, above } = this;
    let sum = this.sums[at + (slot % width)];
    for (let field = this.fields - 1; field > 0; field--) {
      const whole = WHOLE * above ** field;
      const part = sum + whole - whole;
      if (slot >= field * width) return part / above ** field;
      sum -= part;
    }
    return sum;
  }

  /** Estimates of all scores in their own unit. */
  private estimate(at: number, unit: number): void {
    const { sums, halves, width, above, fields, estimates } = this;
    const whole = WHOLE * above;
    for (let i = 0; i < width; i++) {
      let sum = sums[at + i];
      if (fields === 3) {
        const high = sum + whole * above - whole * above;
        estimates[2 * width + i] = (high / above / above) * unit + halves[2 * width + i];
        sum -= high;
      }
      const middle = sum + whole - whole;
      estimates[width + i] = (middle / above) * unit + halves[width + i];
      estimates[i] = (sum - middle) * unit + halves[i];
    }
  }

  /** The nearest of the first `count` centroids that are left, by their scores. */
  private nearestOf(point: number, count: number): number {
    const { centroids, left, scores, row } = this;
    this.scored += count;
    this.points.stage(point, row);
    let best = -Infinity;
    let nearest = -1;
    for (let first = 0; first < count; first += TOGETHER) {
      const last = Math.min(first + TOGETHER, count);
      centroids.scoreFour(row, left, first, last - 1, scores);
      for (let i = first; i < last; i++) {
        const score = scores[i - first];
        if (score < best || (score === best && centroids.ids[nearest] < centroids.ids[left[i]])) continue;
        best = score;
        nearest = left[i];
      }
    }
    return nearest;
  }
}

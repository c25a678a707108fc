/**
 * Assignment of points of few dimensions to few centroids: every score, in one expression, against that of the centroid that the point has, which nearly always stays the greatest.
 * Rows are filled up with zeros, which change no sum. Each length has a function of its own, written out: rows of two numbers filled up to four take up to a quarter longer.
 */
import type { CentroidSlots } from './centroid-slots';
import { ROOM, type PointRows } from './point-rows';

const MOST_DIMS = 8;
const MOST_CENTROIDS = 64;
const BLOCK = 256;

export class ShortAssignment {
  static serves({ dims }: PointRows, { count }: CentroidSlots): boolean {
    return dims <= MOST_DIMS && count <= MOST_CENTROIDS;
  }

  /** Numbers of a centroid's row: 2, 4 or 8. */
  private readonly length: number;
  /** Of all points, if they are kept, or of a block; what follows a point's own coordinates is multiplied by zeros. */
  private readonly rows: Float64Array;
  /** slot × length. */
  private readonly centroidRows: Float64Array;

  constructor(
    private readonly points: PointRows,
    private readonly centroids: CentroidSlots,
  ) {
    const { dims, kept } = points;
    this.length = dims <= 2 ? 2 : dims <= 4 ? 4 : 8;
    this.rows = kept ?? new Float64Array(BLOCK * dims + ROOM);
    this.centroidRows = new Float64Array(centroids.count * this.length);
  }

  /** After centroids have changed. */
  prepare(): void {
    const { dims, rows, count } = this.centroids;
    for (let slot = 0; slot < count; slot++) {
      for (let dim = 0; dim < dims; dim++) this.centroidRows[slot * this.length + dim] = rows[slot * dims + dim];
    }
  }

  /** Renews the slots of points [first, last), of equal scores to that of the lowest id. */
  assign(first: number, last: number, slots: Uint32Array): void {
    const { rows, points } = this;
    for (let from = first; from < last; from += BLOCK) {
      const to = Math.min(last, from + BLOCK);
      if (!points.kept) for (let point = from; point < to; point++) points.stage(point, rows, (point - from) * points.dims);
      this.renew(from, to, points.kept ? 0 : from, slots);
    }
  }

  /** Of points from `begin` on rows are there. */
  private renew(first: number, last: number, begin: number, slots: Uint32Array): void {
    if (this.length === 2) this.ofTwo(first, last, begin, slots);
    else if (this.length === 4) this.ofFour(first, last, begin, slots);
    else this.ofEight(first, last, begin, slots);
  }

  /** Two points at a time share what is loaded. Slots are ids, as nothing puts them into another order. */
  private ofTwo(first: number, last: number, begin: number, slots: Uint32Array): void {
    const { rows, centroidRows: c } = this;
    const { halves, count, dims } = this.centroids;
    for (let point = first; point < last; point += 2) {
      const other = Math.min(point + 1, last - 1);
      const row = dims * (point - begin);
      const next = dims * (other - begin);
      const x0 = rows[row];
      const x1 = rows[row + 1];
      const y0 = rows[next];
      const y1 = rows[next + 1];
      let slot = slots[point];
      let slotOther = slots[other];
      let best = halves[slot] + x0 * c[2 * slot] + x1 * c[2 * slot + 1];
      let bestOther = halves[slotOther] + y0 * c[2 * slotOther] + y1 * c[2 * slotOther + 1];
      for (let i = 0, at = 0; i < count; i++, at += 2) {
        const half = halves[i];
        const c0 = c[at];
        const c1 = c[at + 1];
        const score = half + x0 * c0 + x1 * c1;
        if (score >= best && (score > best || i < slot)) {
          best = score;
          slot = i;
        }
        const scoreOther = half + y0 * c0 + y1 * c1;
        if (scoreOther >= bestOther && (scoreOther > bestOther || i < slotOther)) {
          bestOther = scoreOther;
          slotOther = i;
        }
      }
      slots[point] = slot;
      slots[other] = slotOther;
    }
  }

  private ofFour(first: number, last: number, begin: number, slots: Uint32Array): void {
    const { rows, centroidRows: c } = this;
    const { halves, count, dims } = this.centroids;
    for (let point = first; point < last; point += 2) {
      const other = Math.min(point + 1, last - 1);
      const row = dims * (point - begin);
      const next = dims * (other - begin);
      const x0 = rows[row];
      const x1 = rows[row + 1];
      const x2 = rows[row + 2];
      const x3 = rows[row + 3];
      const y0 = rows[next];
      const y1 = rows[next + 1];
      const y2 = rows[next + 2];
      const y3 = rows[next + 3];
      let slot = slots[point];
      let slotOther = slots[other];
      const own = 4 * slot;
      const ownOther = 4 * slotOther;
      let best = halves[slot] + x0 * c[own] + x1 * c[own + 1] + x2 * c[own + 2] + x3 * c[own + 3];
      let bestOther = halves[slotOther] + y0 * c[ownOther] + y1 * c[ownOther + 1] + y2 * c[ownOther + 2] + y3 * c[ownOther + 3];
      for (let i = 0, at = 0; i < count; i++, at += 4) {
        const half = halves[i];
        const c0 = c[at];
        const c1 = c[at + 1];
        const c2 = c[at + 2];
        const c3 = c[at + 3];
        const score = half + x0 * c0 + x1 * c1 + x2 * c2 + x3 * c3;
        if (score >= best && (score > best || i < slot)) {
          best = score;
          slot = i;
        }
        const scoreOther = half + y0 * c0 + y1 * c1 + y2 * c2 + y3 * c3;
        if (scoreOther >= bestOther && (scoreOther > bestOther || i < slotOther)) {
          bestOther = scoreOther;
          slotOther = i;
        }
      }
      slots[point] = slot;
      slots[other] = slotOther;
    }
  }

  private ofEight(first: number, last: number, begin: number, slots: Uint32Array): void {
    const { rows, centroidRows: c } = this;
    const { halves, count, dims } = this.centroids;
    for (let point = first; point < last; point += 2) {
      const other = Math.min(point + 1, last - 1);
      const row = dims * (point - begin);
      const next = dims * (other - begin);
      const x0 = rows[row];
      const x1 = rows[row + 1];
      const x2 = rows[row + 2];
      const x3 = rows[row + 3];
      const x4 = rows[row + 4];
      const x5 = rows[row + 5];
      const x6 = rows[row + 6];
      const x7 = rows[row + 7];
      const y0 = rows[next];
      const y1 = rows[next + 1];
      const y2 = rows[next + 2];
      const y3 = rows[next + 3];
      const y4 = rows[next + 4];
      const y5 = rows[next + 5];
      const y6 = rows[next + 6];
      const y7 = rows[next + 7];
      let slot = slots[point];
      let slotOther = slots[other];
      let best = this.score(slot, row);
      let bestOther = this.score(slotOther, next);
      for (let i = 0, at = 0; i < count; i++, at += 8) {
        const half = halves[i];
        const c0 = c[at];
        const c1 = c[at + 1];
        const c2 = c[at + 2];
        const c3 = c[at + 3];
        const c4 = c[at + 4];
        const c5 = c[at + 5];
        const c6 = c[at + 6];
        const c7 = c[at + 7];
        const score = half + x0 * c0 + x1 * c1 + x2 * c2 + x3 * c3 + x4 * c4 + x5 * c5 + x6 * c6 + x7 * c7;
        if (score >= best && (score > best || i < slot)) {
          best = score;
          slot = i;
        }
        const scoreOther = half + y0 * c0 + y1 * c1 + y2 * c2 + y3 * c3 + y4 * c4 + y5 * c5 + y6 * c6 + y7 * c7;
        if (scoreOther >= bestOther && (scoreOther > bestOther || i < slotOther)) {
          bestOther = scoreOther;
          slotOther = i;
        }
      }
      slots[point] = slot;
      slots[other] = slotOther;
    }
  }

  private score(slot: number, row: number): number {
    const { rows, centroidRows } = this;
    let score = this.centroids.halves[slot];
    for (let dim = 0, at = 8 * slot; dim < 8; dim++, at++) score += rows[row + dim] * centroidRows[at];
    return score;
  }
}

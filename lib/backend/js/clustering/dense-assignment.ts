/** Assignment by all scores: blocks of points pass by each panel of centroids, two at a time. */
import { PANEL, type CentroidSlots } from './centroid-slots';
import type { PointRows } from './point-rows';
import { scoreOne, scoreTwo } from './score-tile';

/** Points whose coordinates stay in the nearest caches meanwhile. */
const BLOCK_NUMBERS = 8192;
const MOST_POINTS = 64;

export class DenseAssignment {
  private readonly block: number;
  /** Of all points, or of a block. */
  private readonly rows: Float64Array;
  private readonly best: Float64Array;
  private readonly scores = new Float64Array(2 * PANEL);

  constructor(
    private readonly points: PointRows,
    private readonly centroids: CentroidSlots,
  ) {
    this.block = Math.max(2, Math.min(MOST_POINTS, Math.floor(BLOCK_NUMBERS / points.dims), points.count));
    this.rows = points.kept ?? new Float64Array(this.block * points.dims);
    this.best = new Float64Array(this.block);
  }

  /** The slot with the greatest score for points [first, last), of equal ones that of the lowest id; and the squared distance. */
  assign(first: number, last: number, slots: Uint32Array, out: Float32Array | null): void {
    for (let from = first; from < last; from += this.block) {
      const to = Math.min(last, from + this.block);
      this.assignBlock(from, to, slots);
      if (out) for (let i = from; i < to; i++) out[i] = Math.max(0, this.points.squaredNorms[i] - 2 * this.best[i - from]);
    }
  }

  private assignBlock(from: number, to: number, slots: Uint32Array): void {
    const { points, centroids, rows, scores } = this;
    const { dims } = points;
    if (!points.kept) for (let i = from; i < to; i++) points.stage(i, rows, (i - from) * dims);
    const begin = points.kept ? 0 : from;
    this.best.fill(-Infinity);
    for (let first = 0; first < centroids.count; first += PANEL) {
      const last = Math.min(first + PANEL, centroids.count);
      let i = from;
      for (; i + 2 <= to; i += 2) {
        scoreTwo(centroids, rows, (i - begin) * dims, (i + 1 - begin) * dims, first, last, scores, 0, PANEL);
        this.take(i, from, first, last, 0, slots);
        this.take(i + 1, from, first, last, PANEL, slots);
      }
      if (i === to) continue;
      scoreOne(centroids, rows, (i - begin) * dims, first, last, scores, 0);
      this.take(i, from, first, last, 0, slots);
    }
  }

  private take(point: number, from: number, first: number, last: number, at: number, slots: Uint32Array): void {
    const { scores } = this;
    const { ids } = this.centroids;
    let best = this.best[point - from];
    let slot = -1;
    for (let i = first, j = at; i < last; i++, j++) {
      const score = scores[j];
      if (score < best || (score === best && ids[slot < 0 ? slots[point] : slot] < ids[i])) continue;
      best = score;
      slot = i;
    }
    if (slot < 0) return;
    this.best[point - from] = best;
    slots[point] = slot;
  }
}

/**
 * Exact assignment that looks only at the panels that a point could have moved to: the readable form of bounded_assignment.hpp, in double precision and a
 * point at a time.
 *
 * For each point and panel a lower bound of the distance to any centroid of the panel but the point's own is kept, plus what the panel had drifted when it was
 * computed; so bound − drift holds while the panel moves on. For each point there is an upper bound of the distance to its own centroid. What they exclude
 * could not have won in the dense assignment either: every bound carries the rounding error of its score.
 */
import { PANEL, type CentroidSlots } from './centroid-slots';
import type { PointRows } from './point-rows';

/** Bounds are kept in single precision, and are made worse by more than its rounding. */
const DOWN = 1 - 1e-6;
const UP = 1 + 1e-6;

export class BoundedAssignment {
  static bytes(count: number, panels: number): number {
    return 4 * count * panels;
  }

  private readonly bounds: Float32Array;
  private readonly reach: Float64Array;
  private readonly panelDrifts: Float64Array;
  private readonly slotDrifts: Float64Array;
  private readonly row: Float64Array;
  private readonly scores = new Float64Array(PANEL);
  /** The first assignment has been completed. */
  private complete = false;

  constructor(
    private readonly points: PointRows,
    private readonly centroids: CentroidSlots,
    private readonly slots: Uint32Array,
  ) {
    this.bounds = new Float32Array(points.count * centroids.panels);
    this.reach = new Float64Array(points.count);
    this.panelDrifts = new Float64Array(centroids.panels);
    this.slotDrifts = new Float64Array(centroids.count);
    this.row = new Float64Array(points.dims);
  }

  /** The centroid of each slot has moved by so much. */
  drift(bySlot: Float64Array): void {
    for (let panel = 0; panel < this.centroids.panels; panel++) {
      let most = 0;
      for (let slot = panel * PANEL; slot < Math.min((panel + 1) * PANEL, bySlot.length); slot++) {
        this.slotDrifts[slot] = bySlot[slot] * UP;
        most = Math.max(most, this.slotDrifts[slot]);
      }
      this.panelDrifts[panel] += most;
    }
  }

  /** Renews the slots of points [first, last). */
  assign(first: number, last: number): void {
    for (let point = first; point < last; point++) this.assignPoint(point);
    if (last === this.points.count) this.complete = true;
  }

  private assignPoint(point: number): void {
    const { points, centroids, row, slots, bounds, panelDrifts, complete } = this;
    const { panels } = centroids;
    const base = point * panels;
    let reach = Infinity;
    if (complete) {
      reach = (this.reach[point] + this.slotDrifts[slots[point]]) * UP;
      if (this.nearestBound(base) >= reach) {
        this.reach[point] = reach;
        return;
      }
    }
    points.stage(point, row);
    let own = centroids.score(row, 0, slots[point]);
    const norm = points.squaredNorms[point];
    const largest = centroids.greatestNorm;
    const error = (points.dims + 8) * 2 ** -52 * (Math.sqrt(norm) * largest + 0.5 * largest * largest);
    const upper = (score: number): number => Math.sqrt(Math.max(0, norm - 2 * score + 4 * error)) * UP;
    const lower = (score: number): number => Math.sqrt(Math.max(0, norm - 2 * score - 4 * error)) * DOWN;
    reach = Math.min(reach, upper(own));
    for (let panel = 0; panel < panels; panel++) {
      const drift = panelDrifts[panel];
      if (complete && bounds[base + panel] - drift >= reach) continue;
      const first = panel * PANEL;
      const count = Math.min(PANEL, centroids.count - first);
      centroids.scores(row, 0, first, first + count, this.scores);
      if (slots[point] - first >= 0 && slots[point] - first < count) this.scores[slots[point] - first] = -Infinity;
      const winner = this.winner(first, count, own, slots[point]);
      if (winner >= 0) {
        const before = slots[point];
        const ownPanel = Math.floor(before / PANEL);
        // The centroid that was the point's own counts for its panel's bound from now on.
        if (ownPanel === panel) this.scores[before - first] = own;
        else if (complete || ownPanel < panel) {
          bounds[base + ownPanel] = Math.min(bounds[base + ownPanel], (lower(own) + panelDrifts[ownPanel]) * DOWN);
        }
        own = this.scores[winner];
        this.scores[winner] = -Infinity;
        slots[point] = first + winner;
        reach = upper(own);
      }
      let best = -Infinity;
      for (let lane = 0; lane < count; lane++) best = Math.max(best, this.scores[lane]);
      bounds[base + panel] = (lower(best) + drift) * DOWN;
    }
    this.reach[point] = reach;
  }

  private nearestBound(base: number): number {
    let nearest = Infinity;
    for (let panel = 0; panel < this.panelDrifts.length; panel++) {
      const bound = this.bounds[base + panel] - this.panelDrifts[panel];
      if (bound < nearest) nearest = bound;
    }
    return nearest;
  }

  /** The lane that beats the point's own centroid, or −1; of equal scores the lowest id wins. */
  private winner(first: number, count: number, own: number, slot: number): number {
    const { ids } = this.centroids;
    let winner = -1;
    let best = own;
    let id = ids[slot];
    for (let lane = 0; lane < count; lane++) {
      const score = this.scores[lane];
      if (score < best || (score === best && ids[first + lane] > id)) continue;
      winner = lane;
      best = score;
      id = ids[first + lane];
    }
    return winner;
  }
}

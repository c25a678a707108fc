/**
 * Exact assignment that looks only at the panels that a point could have moved to: the readable form of bounded_assignment.hpp, in double precision.
 *
 * For each point and panel a lower bound of the distance to any centroid of the panel but the point's own is kept, plus what the panel had drifted when it was
 * computed; so bound − drift holds while the panel moves on. For each point there is an upper bound of the distance to its own centroid. What they exclude
 * could not have won in the dense assignment either: every bound carries the rounding error of its score.
 *
 * Points go by in blocks, so that those which look at the same panel do so two at a time.
 */
import { PANEL, type CentroidSlots } from './centroid-slots';
import type { PointRows } from './point-rows';
import { scoreOne, scoreTwo } from './score-tile';

/** Bounds are kept in single precision, and are made worse by more than its rounding. */
const DOWN = 1 - 1e-6;
const UP = 1 + 1e-6;
const BLOCK = 64;
/** Of fewer points nothing is concluded. */
const JUDGED = 512;

export class BoundedAssignment {
  static bytes(count: number, panels: number): number {
    return 4 * count * panels;
  }

  private readonly bounds: Float32Array;
  private readonly reach: Float64Array;
  private readonly panelDrifts: Float64Array;
  private readonly slotDrifts: Float64Array;
  private readonly scores = new Float64Array(2 * PANEL);
  /** Of the points of a block that have to look at panels: their numbers, coordinates, scores of their own centroids and the errors of scores. */
  private readonly members = new Uint32Array(BLOCK);
  private readonly rows: Float64Array;
  private readonly own = new Float64Array(BLOCK);
  private readonly errors = new Float64Array(BLOCK);
  /** Places in `members`. */
  private readonly looking = new Uint32Array(BLOCK);
  /** The first assignment has been completed. */
  complete = false;
  /** Of the second assignment: pairs of a point and a panel that bounds could have excluded, and those that they did not. */
  private judged = 0;
  private scored = 0;

  constructor(
    private readonly points: PointRows,
    private readonly centroids: CentroidSlots,
    private readonly slots: Uint32Array,
    /** With a larger share of panels that are looked at, all scores by other means are faster. */
    private readonly useful: number,
  ) {
    this.bounds = new Float32Array(points.count * centroids.panels);
    this.reach = new Float64Array(points.count).fill(Infinity);
    this.panelDrifts = new Float64Array(centroids.panels);
    this.slotDrifts = new Float64Array(centroids.count);
    this.rows = new Float64Array(BLOCK * points.dims);
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

  /** As the first points of the second assignment show. */
  get isUseless(): boolean {
    const { panels } = this.centroids;
    return this.judged >= JUDGED && this.judged <= this.points.count && this.scored > this.useful * this.judged * panels;
  }

  /** Renews the slots of points [first, last). Stops where bounds are useless; returns the first point that was left out. */
  assign(first: number, last: number): number {
    const { points, centroids } = this;
    const { dims } = points;
    for (let from = first; from < last; from += BLOCK) {
      const to = Math.min(last, from + BLOCK);
      const members = this.gather(from, to);
      for (let panel = 0; members > 0 && panel < centroids.panels; panel++) {
        const looking = this.look(panel, members);
        const begin = panel * PANEL;
        const end = Math.min(begin + PANEL, centroids.count);
        let i = 0;
        for (; i + 2 <= looking; i += 2) {
          const [one, other] = [this.looking[i], this.looking[i + 1]];
          scoreTwo(centroids, this.rows, one * dims, other * dims, begin, end, this.scores, 0, PANEL);
          this.take(one, panel, 0);
          this.take(other, panel, PANEL);
        }
        if (i === looking) continue;
        scoreOne(centroids, this.rows, this.looking[i] * dims, begin, end, this.scores, 0);
        this.take(this.looking[i], panel, 0);
      }
      if (!this.complete) continue;
      this.judged += to - from;
      if (this.isUseless) return to;
    }
    if (last === points.count) this.complete = true;
    return last;
  }

  /** Those of points [from, to) whose bounds leave a choice become members; returns their number. */
  private gather(from: number, to: number): number {
    const { points, centroids, slots, reach, complete } = this;
    const { panels } = centroids;
    let members = 0;
    for (let point = from; point < to; point++) {
      const slot = slots[point];
      if (complete) {
        reach[point] = (reach[point] + this.slotDrifts[slot]) * UP;
        if (this.nearestBound(point * panels) >= reach[point]) continue;
      }
      points.stage(point, this.rows, members * points.dims);
      const norm = points.squaredNorms[point];
      const error = this.errorOf(norm);
      const own = centroids.score(this.rows, members * points.dims, slot);
      this.members[members] = point;
      this.errors[members] = error;
      this.own[members] = own;
      reach[point] = Math.min(reach[point], upper(norm, own, error));
      members++;
    }
    return members;
  }

  /** The first assignment of a point that has its slot: scores are less than the given ones and the margin. */
  begin(point: number, estimates: Float64Array, margin: number): void {
    const { points, centroids, rows, bounds } = this;
    const { panels, count } = centroids;
    const slot = this.slots[point];
    const norm = points.squaredNorms[point];
    const error = this.errorOf(norm);
    points.stage(point, rows);
    this.reach[point] = upper(norm, centroids.score(rows, 0, slot), error);
    for (let panel = 0; panel < panels; panel++) {
      const last = Math.min((panel + 1) * PANEL, count);
      let best = -Infinity;
      for (let i = panel * PANEL; i < last; i++) {
        const estimate = estimates[i];
        if (estimate > best && i !== slot) best = estimate;
      }
      bounds[point * panels + panel] = (lower(norm, best + margin, error) + this.panelDrifts[panel]) * DOWN;
    }
  }

  private errorOf(norm: number): number {
    const { greatestNorm } = this.centroids;
    return (this.points.dims + 8) * 2 ** -52 * (Math.sqrt(norm) * greatestNorm + 0.5 * greatestNorm * greatestNorm);
  }

  private nearestBound(base: number): number {
    const { bounds, panelDrifts } = this;
    let nearest = Infinity;
    for (let panel = 0; panel < panelDrifts.length; panel++) {
      const bound = bounds[base + panel] - panelDrifts[panel];
      if (bound < nearest) nearest = bound;
    }
    return nearest;
  }

  /** Lists the members that the panel is within reach of; returns their number. */
  private look(panel: number, members: number): number {
    const { panels } = this.centroids;
    const drift = this.panelDrifts[panel];
    let count = 0;
    for (let i = 0; i < members; i++) {
      const point = this.members[i];
      if (this.complete && this.bounds[point * panels + panel] - drift >= this.reach[point]) continue;
      this.looking[count++] = i;
    }
    if (this.complete) this.scored += count;
    return count;
  }

  /** Moves a member to the centroid of the panel that beats its own, of equal scores to the lowest id, and renews the panel's bound. Scores begin at `at`. */
  private take(member: number, panel: number, at: number): void {
    const { scores, slots, bounds, panelDrifts } = this;
    const { ids, count, panels } = this.centroids;
    const point = this.members[member];
    const slot = slots[point];
    const own = this.own[member];
    const first = panel * PANEL;
    const last = Math.min(first + PANEL, count);
    let best = -Infinity;
    let second = -Infinity;
    let winner = -1;
    for (let i = first, j = at; i < last; i++, j++) {
      const score = scores[j];
      if (score < second || i === slot) continue;
      if (score < best) {
        second = score;
        continue;
      }
      second = best;
      if (score === best && winner >= 0 && ids[winner] < ids[i]) continue;
      best = score;
      winner = i;
    }
    const norm = this.points.squaredNorms[point];
    const error = this.errors[member];
    if (winner >= 0 && (best > own || (best === own && ids[winner] < ids[slot]))) {
      const base = point * panels;
      const ownPanel = Math.floor(slot / PANEL);
      // The centroid that was the point's own counts for its panel's bound from now on.
      if (ownPanel === panel) second = Math.max(second, own);
      else if (this.complete || ownPanel < panel) {
        bounds[base + ownPanel] = Math.min(bounds[base + ownPanel], (lower(norm, own, error) + panelDrifts[ownPanel]) * DOWN);
      }
      this.own[member] = best;
      slots[point] = winner;
      this.reach[point] = upper(norm, best, error);
      best = second;
    }
    bounds[point * panels + panel] = (lower(norm, best, error) + panelDrifts[panel]) * DOWN;
  }
}

/** Of the distance, from the squared length and the score. */
function upper(norm: number, score: number, error: number): number {
  return Math.sqrt(Math.max(0, norm - 2 * score + 4 * error)) * UP;
}

function lower(norm: number, score: number, error: number): number {
  return Math.sqrt(Math.max(0, norm - 2 * score - 4 * error)) * DOWN;
}

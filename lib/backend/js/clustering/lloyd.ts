/** Lloyd's algorithm and nearest centroids in TypeScript; see lloyd.hpp for the native form. */
import { aborted } from '../../../errors';
import type { ClusteringControl, LloydOutcome, LloydSpec } from '../../clustering-kernels';
import { yieldToEventLoop } from '../event-loop';
import { atOnce, inTurns } from '../turns';
import { BoundedAssignment } from './bounded-assignment';
import { CentroidSlots } from './centroid-slots';
import { worthCompiling } from './compiled';
import { DenseAssignment } from './dense-assignment';
import { distanceBetween } from './distance-between';
import { ScreenedAssignment } from './screened-assignment';
import { ShortAssignment } from './short-assignment';
import { PointRows, type ClusterSums } from './point-rows';

/** Bounds that were of no use are tried once more when no larger share of the points moves. */
const FEW_MOVE = 0.08;
/** The share of panels that bounds may leave, by how often they have been tried: at first points still move, and it will be less. */
const USEFUL = [0.5, 0.25];
/** Bounds of so few panels begin an iteration later: where the second assignment is the last they would have been for nothing, and they spare little. */
const FEW_PANELS = 4;
/** Multiplications between two looks at the event loop, and at the clock. */
const SLICE = 4e6;
const STEP = 1e6;
const REPORT_MILLISECONDS = 100;
/** Means of unit vectors that are shorter than this have no direction but that of rounding. */
const LEAST_MEAN = 2 ** -22;

class Lloyd {
  private readonly centroids: CentroidSlots;
  private readonly slots: Uint32Array;
  private readonly before: Uint32Array;
  private sums: ClusterSums;
  private summed = false;
  /** Of each slot, what the objective has less for it, and whether its centroid has moved since that was computed. */
  private readonly parts: Float64Array;
  private readonly stale: Uint8Array;
  private readonly dense: DenseAssignment;
  private readonly short: ShortAssignment | null;
  private screened: ScreenedAssignment | null = null;
  /** It has been decided whether there are screens. */
  private judgedScreens = false;
  private bounded: BoundedAssignment | null = null;
  /** How often. */
  private boundsBegun = 0;
  /** Points, in the last assignment. */
  private moved = 0;

  constructor(
    private readonly spec: LloydSpec,
    private readonly points: PointRows,
    centroids: Float32Array,
  ) {
    this.centroids = new CentroidSlots(centroids, this.points);
    this.dense = new DenseAssignment(this.points, this.centroids);
    this.short = ShortAssignment.serves(this.points, this.centroids) ? new ShortAssignment(this.points, this.centroids) : null;
    this.slots = new Uint32Array(this.points.count);
    this.before = new Uint32Array(this.points.count);
    this.sums = this.noSums();
    this.parts = new Float64Array(this.centroids.count);
    this.stale = new Uint8Array(this.centroids.count).fill(1);
  }

  async run({ signal, onProgress }: ClusteringControl): Promise<LloydOutcome> {
    const { maxIterations, tolerance } = this.spec;
    const objectives: number[] = [];
    let stopReason: LloydOutcome['stopReason'] = 'maxIterations';
    let settled = false;
    let filled = 0;
    let reported = -Infinity;
    while (objectives.length < maxIterations) {
      const moved = await this.assign(objectives.length, signal);
      const now = this.objective();
      const before = objectives.at(-1) ?? now;
      objectives.push(now);
      const converged = objectives.length > 1 && moved === 0;
      const tolerable = objectives.length > 1 && filled === 0 && before - now <= tolerance * before;
      const empty = this.moveCentroids(!converged);
      filled = empty.filled;
      settled = converged && empty.clusters === 0;
      if (performance.now() - reported > REPORT_MILLISECONDS) {
        onProgress?.(objectives.length, now);
        reported = performance.now();
      }
      if (!converged && !tolerable) continue;
      stopReason = converged ? 'converged' : 'tolerance';
      break;
    }
    if (!settled) await this.assign(objectives.length, signal);
    return { stopReason, objectives: Float64Array.from(objectives), objective: this.objective() };
  }

  results(centroids: Float32Array, labels: Uint32Array): void {
    const { ids, dims, count } = this.centroids;
    for (let slot = 0; slot < count; slot++) centroids.set(this.centroids.original(slot), ids[slot] * dims);
    for (let i = 0; i < labels.length; i++) labels[i] = ids[this.slots[i]];
  }

  private async assign(iteration: number, signal: AbortSignal | undefined): Promise<number> {
    const { points, centroids, slots, before } = this;
    this.screenIfWorthwhile();
    if (this.boundsAreDue(iteration)) this.beginBounds();
    if (this.summed) before.set(slots);
    else before.fill(centroids.count);
    this.short?.prepare();
    if (!this.bounded?.complete) this.screened?.prepare();
    const step = Math.max(1, Math.floor(SLICE / (centroids.count * centroids.dims)));
    for (let first = 0; first < points.count; first += step) {
      const last = Math.min(points.count, first + step);
      const done = this.bounded?.complete === true ? this.bounded.assign(first, last) : first;
      if (this.bounded?.isUseless) {
        this.bounded = null;
        this.screened?.prepare();
      }
      if (done < last) this.assignAll(done, last);
      await yieldToEventLoop();
      if (signal?.aborted) throw aborted(signal);
    }
    this.moved = await inTurns(this.renewSums(), signal);
    return this.moved;
  }

  private screenIfWorthwhile(): void {
    const { points, centroids, short, judgedScreens } = this;
    if (short || judgedScreens) return;
    if (!worthCompiling(points.count * centroids.count * centroids.dims)) return;
    this.judgedScreens = true;
    if (ScreenedAssignment.serves(points, centroids)) this.screened = new ScreenedAssignment(points, centroids);
  }

  /** From the second assignment on, or the third; and where bounds excluded too little then, once more when few points move. */
  private boundsAreDue(iteration: number): boolean {
    const { points, centroids, bounded, boundsBegun } = this;
    const { panels } = centroids;
    if (!this.judgedScreens || bounded || BoundedAssignment.bytes(points.count, panels) > this.spec.boundsBytes) return false;
    return boundsBegun === 0
      ? iteration >= (panels > FEW_PANELS ? 1 : 2)
      : boundsBegun < USEFUL.length && this.moved < FEW_MOVE * points.count;
  }

  /** Without bounds, or with bounds that begin. */
  private assignAll(first: number, last: number): void {
    if (this.short) {
      this.short.assign(first, last, this.slots);
      return;
    }
    let done = first;
    while (this.screened && done < last) {
      done = this.screened.assign(done, last, this.slots, this.bounded);
      if (done === last) break;
      this.screened = this.screened.finer();
      this.screened?.prepare();
    }
    if (this.bounded) this.bounded.assign(done, last);
    else if (done < last) this.dense.assign(done, last, this.slots, null);
  }

  private beginBounds(): void {
    const moved = this.centroids.regroup();
    const { dims } = this.centroids;
    const { sums } = this;
    this.sums = this.noSums();
    moved.forEach((slot, old) => {
      for (const of of ['sums', 'rests'] as const) this.sums[of].set(sums[of].subarray(old * dims, (old + 1) * dims), slot * dims);
      for (const of of ['weights', 'weightRests', 'sizes', 'changed'] as const) this.sums[of][slot] = sums[of][old];
    });
    this.slots.forEach((slot, i) => (this.slots[i] = moved[slot]));
    this.stale.fill(1);
    this.bounded = new BoundedAssignment(this.points, this.centroids, this.slots, USEFUL[this.boundsBegun++]);
  }

  private noSums(): ClusterSums {
    const { count, dims } = this.centroids;
    const numbers = (length: number): Float64Array => new Float64Array(length);
    const all = count + 1;
    return {
      sums: numbers(all * dims),
      rests: numbers(all * dims),
      weights: numbers(all),
      weightRests: numbers(all),
      sizes: new Int32Array(all),
      changed: new Uint8Array(all),
    };
  }

  /** Takes moved points out of their clusters' sums and puts them in. Returns their number. */
  private *renewSums(): Generator<void, number> {
    const { points, sums, before, slots } = this;
    let moved = 0;
    for (let first = 0; first < points.count; first += points.pause) {
      moved += points.move(first, Math.min(points.count, first + points.pause), sums, before, slots);
      yield;
    }
    this.summed = true;
    return moved;
  }

  /** Σ w ‖x‖² + Σ over clusters of weight ‖c‖² − 2 ⟨c, sum⟩, in the order of ids. */
  private objective(): number {
    const { parts, stale } = this;
    let total = this.points.totalSquare;
    for (const slot of this.slotsById()) {
      if (stale[slot] || this.sums.changed[slot]) parts[slot] = this.partOf(slot);
      total -= parts[slot];
    }
    stale.fill(0);
    return Math.max(total, 0);
  }

  private partOf(slot: number): number {
    const { rows, dims, halves } = this.centroids;
    const { sums, rests } = this.sums;
    let product = 0;
    for (let at = slot * dims; at < (slot + 1) * dims; at++) product += rows[at] * (sums[at] + rests[at]);
    return 2 * (this.weightOf(slot) * halves[slot] + product);
  }

  private weightOf(slot: number): number {
    return this.sums.weights[slot] + this.sums.weightRests[slot];
  }

  private isFrozen(slot: number): boolean {
    return this.spec.frozen !== null && this.spec.frozen[this.centroids.ids[slot]] !== 0;
  }

  /** The others' means are what they were. Returns how many clusters are empty, and how many of those get points. */
  private moveCentroids(fill: boolean): { clusters: number; filled: number } {
    const { centroids } = this;
    const before = this.bounded && centroids.rows.slice();
    const mean = new Float64Array(centroids.dims);
    let empty = 0;
    for (let slot = 0; slot < centroids.count; slot++) {
      if (this.isFrozen(slot)) continue;
      if (this.sums.sizes[slot] === 0) empty++;
      if (this.weightOf(slot) <= 0 || !this.sums.changed[slot]) continue;
      this.meanOf(slot, mean);
      this.place(slot, mean);
    }
    this.sums.changed.fill(0);
    const filled = fill && empty > 0 ? this.fillEmpty() : 0;
    centroids.measure();
    if (before) this.bounded?.drift(this.distances(before));
    return { clusters: empty, filled };
  }

  private place(slot: number, coordinates: Float64Array): void {
    this.centroids.setOriginal(slot, coordinates);
    this.stale[slot] = 1;
  }

  /** How far centroids have moved. */
  private distances(before: Float64Array): Float64Array {
    const { rows, dims } = this.centroids;
    return Float64Array.from(this.stale, (moved, slot) => (moved ? distanceBetween(before, slot, rows, slot, dims) : 0));
  }

  private meanOf(slot: number, out: Float64Array): void {
    const { dims } = this.centroids;
    const { sums, rests } = this.sums;
    const weight = this.weightOf(slot);
    let square = 0;
    for (let dim = 0, at = slot * dims; dim < dims; dim++, at++) {
      out[dim] = (sums[at] + rests[at]) / weight + this.points.centre[dim];
      square += out[dim] * out[dim];
    }
    if (!this.spec.spherical) return;
    const length = Math.sqrt(square);
    for (let dim = 0; dim < dims; dim++) out[dim] = length < LEAST_MEAN ? 0 : out[dim] / length;
  }

  private slotsById(): Uint32Array {
    const slots = new Uint32Array(this.centroids.count);
    this.centroids.ids.forEach((id, slot) => (slots[id] = slot));
    return slots;
  }

  /** Every empty cluster, in the order of ids, moves to a point of the largest (by the share of its points that is left): the farthest from its centroid, then the next. */
  private fillEmpty(): number {
    const { points } = this;
    const slotOf = this.slotsById();
    const donors = Array.from(slotOf, (slot): Donor => ({
      left: this.sums.sizes[slot],
      size: this.sums.sizes[slot],
      given: 0,
      points: [],
    }));
    const row = new Float64Array(points.dims);
    let filled = 0;
    for (const slot of slotOf) {
      if (this.sums.sizes[slot] > 0 || this.isFrozen(slot)) continue;
      let donor: Donor;
      for (;;) {
        const most = donors.reduce((best, { left }, id) => (left > donors[best].left ? id : best), 0);
        donor = donors[most];
        if (donor.left < 1) return filled;
        if (donor.given === 0) donor.points = this.farPoints(slotOf[most]);
        if (donor.given < donor.points.length) break;
        donor.left = 0;
      }
      points.stage(donor.points[donor.given], row);
      this.place(
        slot,
        row.map((value, dim) => value + points.centre[dim]),
      );
      filled++;
      donor.given++;
      donor.left = donor.size / (donor.given + 1);
    }
    return filled;
  }

  /** A cluster's points that are apart from its centroid by more than rounding, the farthest first; not all of its points. */
  private farPoints(slot: number): number[] {
    const { centroids, points } = this;
    const { dims, centre } = points;
    const original = centroids.original(slot);
    const least = original.reduce((sum, value, dim) => sum + ((Math.abs(value) + Math.abs(centre[dim])) * 2 ** -23) ** 2, 0);
    const row = new Float64Array(dims);
    const found: Array<{ readonly square: number; readonly point: number }> = [];
    this.slots.forEach((own, point) => {
      if (own !== slot || points.weight(point) <= 0) return;
      points.stage(point, row);
      let square = 0;
      for (let dim = 0; dim < dims; dim++) square += (row[dim] - centroids.rows[slot * dims + dim]) ** 2;
      if (square > least) found.push({ square, point });
    });
    found.sort((a, b) => b.square - a.square || a.point - b.point);
    if (found.length === this.sums.sizes[slot]) found.pop();
    return found.map(({ point }) => point);
  }
}

/** A cluster that empty ones take points of. */
interface Donor {
  /** Of its size, once the empty ones have their shares. */
  left: number;
  readonly size: number;
  given: number;
  points: readonly number[];
}

export async function lloyd(
  spec: LloydSpec,
  centroids: Float32Array,
  labels: Uint32Array,
  control: ClusteringControl,
): Promise<LloydOutcome> {
  const points = await inTurns(PointRows.read(spec.points, spec.spherical), control.signal);
  const run = new Lloyd(spec, points, centroids);
  const outcome = await run.run(control);
  run.results(centroids, labels);
  return outcome;
}

function* assignInSteps(
  { points: array, spherical }: Pick<LloydSpec, 'points' | 'spherical'>,
  centroids: Float32Array,
  labels: Uint32Array,
  distancesOut: Float32Array | null,
): Generator<void, void> {
  const points = yield* PointRows.read(array, spherical, centroids);
  const slots = new CentroidSlots(centroids, points);
  const dense = new DenseAssignment(points, slots);
  const step = Math.max(1, Math.floor(STEP / (slots.count * slots.dims)));
  for (let first = 0; first < points.count; first += step) {
    dense.assign(first, Math.min(points.count, first + step), labels, distancesOut);
    yield;
  }
}

type Assignment = Parameters<typeof assignInSteps>;

export function assignNearest(...call: [...Assignment, ClusteringControl]): Promise<void> {
  const [spec, centroids, labels, distancesOut, { signal }] = call;
  return inTurns(assignInSteps(spec, centroids, labels, distancesOut), signal);
}

export function assignNearestSync(...call: Assignment): void {
  atOnce(assignInSteps(...call));
}

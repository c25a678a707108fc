/** Lloyd's algorithm and nearest centroids in TypeScript; see lloyd.hpp for the native form. */
import { aborted } from '../../../errors';
import type { ClusteringControl, LloydOutcome, LloydSpec } from '../../clustering-kernels';
import { yieldToEventLoop } from '../event-loop';
import { atOnce, inTurns } from '../turns';
import { BoundedAssignment } from './bounded-assignment';
import { CentroidSlots, PANEL } from './centroid-slots';
import { PointRows } from './point-rows';

/** An empty cluster becomes one half of a large one: their centroids are that far apart, relative to the coordinates. */
const SPLIT = 1 / 1024;
/** With fewer panels bounds cost more than they save. */
const PANELS_FOR_BOUNDS = 2;
/** Multiplications between two looks at the event loop, and at the clock. */
const SLICE = 4e6;
const STEP = 1e6;
const REPORT_MILLISECONDS = 100;

class Lloyd {
  private readonly centroids: CentroidSlots;
  private readonly slots: Uint32Array;
  private readonly before: Uint32Array;
  private sums: Float64Array;
  private weights: Float64Array;
  private sizes: Uint32Array;
  private summed = false;
  private bounded: BoundedAssignment | null = null;

  constructor(
    private readonly spec: LloydSpec,
    private readonly points: PointRows,
    centroids: Float32Array,
  ) {
    this.centroids = new CentroidSlots(centroids, this.points);
    this.slots = new Uint32Array(this.points.count);
    this.before = new Uint32Array(this.points.count);
    this.sums = new Float64Array(centroids.length);
    this.weights = new Float64Array(this.centroids.count);
    this.sizes = new Uint32Array(this.centroids.count);
  }

  async run({ signal, onProgress }: ClusteringControl): Promise<LloydOutcome> {
    const { maxIterations, tolerance } = this.spec;
    const objectives: number[] = [];
    let stopReason: LloydOutcome['stopReason'] = 'maxIterations';
    let settled = false;
    let reported = performance.now();
    while (objectives.length < maxIterations) {
      const moved = await this.assign(objectives.length, signal);
      const now = this.objective();
      const before = objectives.at(-1) ?? now;
      objectives.push(now);
      const converged = objectives.length > 1 && moved === 0;
      const tolerable = objectives.length > 1 && before - now <= tolerance * before;
      settled = this.moveCentroids(!converged) === 0 && converged;
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
    this.slots.forEach((slot, i) => (labels[i] = ids[slot]));
  }

  private async assign(iteration: number, signal: AbortSignal | undefined): Promise<number> {
    const { points, centroids, slots, before } = this;
    const { panels } = centroids;
    if (iteration === 1 && panels >= PANELS_FOR_BOUNDS && BoundedAssignment.bytes(points.count, panels) <= this.spec.boundsBytes) {
      this.beginBounds();
    }
    before.set(slots);
    const step = Math.max(1, Math.floor(SLICE / (centroids.count * centroids.dims)));
    for (let first = 0; first < points.count; first += step) {
      const last = Math.min(points.count, first + step);
      if (this.bounded) this.bounded.assign(first, last);
      else nearest(points, centroids, first, last, slots, null);
      await yieldToEventLoop();
      if (signal?.aborted) throw aborted(signal);
    }
    return inTurns(this.renewSums(), signal);
  }

  private beginBounds(): void {
    const moved = this.centroids.regroup();
    const { dims } = this.centroids;
    const { sums, weights, sizes } = this;
    this.sums = new Float64Array(sums.length);
    this.weights = new Float64Array(weights.length);
    this.sizes = new Uint32Array(sizes.length);
    moved.forEach((slot, old) => {
      this.sums.set(sums.subarray(old * dims, (old + 1) * dims), slot * dims);
      this.weights[slot] = weights[old];
      this.sizes[slot] = sizes[old];
    });
    this.slots.forEach((slot, i) => (this.slots[i] = moved[slot]));
    this.bounded = new BoundedAssignment(this.points, this.centroids, this.slots);
  }

  /** Takes moved points out of their clusters' sums and puts them in. Returns their number. */
  private *renewSums(): Generator<void, number> {
    const { points, slots, before, sums, weights, sizes } = this;
    const row = new Float64Array(points.dims);
    let moved = 0;
    for (let point = 0; point < points.count; point++) {
      if (points.pausesAt(point)) yield;
      const [from, to] = [before[point], slots[point]];
      if (from !== to) moved++;
      if (this.summed && from === to) continue;
      if (this.summed) {
        points.addTo(sums, from * points.dims, point, -1, row);
        weights[from] -= points.weight(point);
        sizes[from]--;
      }
      points.addTo(sums, to * points.dims, point, 1, row);
      weights[to] += points.weight(point);
      sizes[to]++;
    }
    this.summed = true;
    return moved;
  }

  /** Σ w ‖x‖² + Σ over clusters of weight ‖c‖² − 2 ⟨c, sum⟩, in the order of ids. */
  private objective(): number {
    const { rows, dims, halves } = this.centroids;
    let total = this.points.totalSquare;
    for (const slot of this.slotsById()) {
      let product = 0;
      for (let at = slot * dims; at < (slot + 1) * dims; at++) product += rows[at] * this.sums[at];
      total -= 2 * (this.weights[slot] * halves[slot] + product);
    }
    return Math.max(total, 0);
  }

  private isFrozen(slot: number): boolean {
    return this.spec.frozen !== null && this.spec.frozen[this.centroids.ids[slot]] !== 0;
  }

  /** Returns how many clusters are empty. */
  private moveCentroids(splitLarge: boolean): number {
    const { centroids, weights } = this;
    const before = centroids.rows.slice();
    const mean = new Float64Array(centroids.dims);
    let empty = 0;
    for (let slot = 0; slot < centroids.count; slot++) {
      if (this.isFrozen(slot)) continue;
      if (this.sizes[slot] === 0) empty++;
      if (weights[slot] <= 0) continue;
      this.meanOf(slot, mean);
      centroids.setOriginal(slot, mean);
    }
    if (splitLarge && empty > 0) this.fillEmpty();
    centroids.measure();
    this.bounded?.drift(distances(before, centroids.rows, centroids.dims));
    return empty;
  }

  private meanOf(slot: number, out: Float64Array): void {
    const { dims } = this.centroids;
    let square = 0;
    for (let dim = 0; dim < dims; dim++) {
      out[dim] = this.sums[slot * dims + dim] / this.weights[slot] + this.points.centre[dim];
      square += out[dim] * out[dim];
    }
    if (!this.spec.spherical || square === 0) return;
    const length = Math.sqrt(square);
    for (let dim = 0; dim < dims; dim++) out[dim] /= length;
  }

  private slotsById(): Uint32Array {
    const slots = new Uint32Array(this.centroids.count);
    this.centroids.ids.forEach((id, slot) => (slots[id] = slot));
    return slots;
  }

  /** Every empty cluster, in the order of ids, gets half of the largest. */
  private fillEmpty(): void {
    const { centroids } = this;
    const { count } = centroids;
    const slotOf = this.slotsById();
    const sizes = Uint32Array.from({ length: count }, (_, id) => this.sizes[slotOf[id]]);
    const shifted = (centroid: Float32Array, sign: number): Float64Array =>
      Float64Array.from(centroid, (value, dim) => value * (1 + (dim % 2 ? -sign : sign) * SPLIT));
    for (let id = 0; id < count; id++) {
      if (this.sizes[slotOf[id]] > 0 || this.isFrozen(slotOf[id])) continue;
      let donor = 0;
      for (let other = 1; other < count; other++) if (sizes[other] > sizes[donor]) donor = other;
      if (sizes[donor] < 2) return;
      const centroid = centroids.original(slotOf[donor]).slice();
      centroids.setOriginal(slotOf[id], shifted(centroid, 1));
      if (!this.isFrozen(slotOf[donor])) centroids.setOriginal(slotOf[donor], shifted(centroid, -1));
      sizes[id] = sizes[donor] >> 1;
      sizes[donor] -= sizes[id];
    }
  }
}

function distances(from: Float64Array, to: Float64Array, dims: number): Float64Array {
  const result = new Float64Array(from.length / dims);
  for (let slot = 0; slot < result.length; slot++) {
    let square = 0;
    for (let at = slot * dims; at < (slot + 1) * dims; at++) square += (to[at] - from[at]) ** 2;
    result[slot] = Math.sqrt(square);
  }
  return result;
}

/** The slot with the greatest score for points [first, last), of equal ones the lowest; and the squared distance. */
function nearest(
  points: PointRows,
  centroids: CentroidSlots,
  first: number,
  last: number,
  slots: Uint32Array,
  out: Float32Array | null,
): void {
  const row = new Float64Array(points.dims);
  const scores = new Float64Array(PANEL);
  for (let point = first; point < last; point++) {
    points.stage(point, row);
    let best = -Infinity;
    for (let slot = 0; slot < centroids.count; slot += PANEL) {
      const end = Math.min(slot + PANEL, centroids.count);
      centroids.scores(row, 0, slot, end, scores);
      for (let lane = 0; lane < end - slot; lane++) {
        if (scores[lane] <= best) continue;
        best = scores[lane];
        slots[point] = slot + lane;
      }
    }
    if (out) out[point] = Math.max(0, points.squaredNorms[point] - 2 * best);
  }
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
  const step = Math.max(1, Math.floor(STEP / (slots.count * slots.dims)));
  for (let first = 0; first < points.count; first += step) {
    nearest(points, slots, first, Math.min(points.count, first + step), labels, distancesOut);
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

/** Centroids in slots, 16 to a panel; near ones can be put into the same panel. */
import type { PointRows } from './point-rows';
import { TOGETHER } from './score-tile';

export const PANEL = 16;
const POWER_STEPS = 4;

export class CentroidSlots {
  readonly count: number;
  readonly panels: number;
  readonly dims: number;
  /** slot × dims, centred. */
  readonly rows: Float64Array;
  /** The same in the caller's coordinates. */
  readonly originals: Float32Array;
  /** The same as `rows`, as score-tile.ts reads them. */
  readonly packed: Float64Array;
  /** −½‖c‖² of each slot, and −∞ after the last one. */
  readonly halves: Float64Array;
  /** Of each slot. */
  readonly ids: Uint32Array;
  greatestNorm = 0;

  constructor(
    centroids: Float32Array,
    private readonly points: PointRows,
  ) {
    this.dims = points.dims;
    this.count = centroids.length / this.dims;
    this.panels = Math.ceil(this.count / PANEL);
    this.rows = new Float64Array(centroids.length);
    this.originals = new Float32Array(centroids.length);
    const wholeFours = Math.ceil(this.count / TOGETHER) * TOGETHER;
    this.packed = new Float64Array(wholeFours * this.dims);
    this.halves = new Float64Array(wholeFours).fill(-Infinity);
    this.ids = Uint32Array.from({ length: this.count }, (_, i) => i);
    for (let slot = 0; slot < this.count; slot++) this.setOriginal(slot, centroids.subarray(slot * this.dims));
    this.measure();
  }

  /** Rounded as the native backend does. */
  setOriginal(slot: number, coordinates: ArrayLike<number>): void {
    const { dims, originals } = this;
    const { centre } = this.points;
    for (let dim = 0, at = slot * dims; dim < dims; dim++, at++) {
      originals[at] = coordinates[dim];
      this.rows[at] = Math.fround(originals[at] - centre[dim]);
    }
    this.pack(slot);
  }

  private pack(slot: number): void {
    const { rows, packed, dims } = this;
    const four = slot - (slot % TOGETHER);
    let square = 0;
    for (let at = slot * dims, to = four * dims + slot - four, end = at + dims; at < end; at++, to += TOGETHER) {
      square += rows[at] * rows[at];
      packed[to] = rows[at];
    }
    this.halves[slot] = -0.5 * square;
  }

  original(slot: number): Float32Array {
    return this.originals.subarray(slot * this.dims, (slot + 1) * this.dims);
  }

  /** After centroids have changed. */
  measure(): void {
    let least = 0;
    for (let slot = 0; slot < this.count; slot++) if (this.halves[slot] < least) least = this.halves[slot];
    this.greatestNorm = Math.sqrt(-2 * least);
  }

  /** ⟨x, c⟩ − ½‖c‖²: the greatest score is the least distance. Sums run over the dimensions in order. */
  score(row: Float64Array, at: number, slot: number): number {
    const { rows, dims } = this;
    let sum = this.halves[slot];
    for (let dim = 0, from = slot * dims; dim < dims; dim++) sum += row[at + dim] * rows[from + dim];
    return sum;
  }

  /** The same of slots[first … last], at most four; scores that are too many are the last one's. */
  scoreFour(row: Float64Array, slots: Uint32Array, first: number, last: number, out: Float64Array): void {
    const { rows, halves, dims } = this;
    const s0 = slots[first];
    const s1 = slots[Math.min(first + 1, last)];
    const s2 = slots[Math.min(first + 2, last)];
    const s3 = slots[last];
    let [sum0, sum1, sum2, sum3] = [halves[s0], halves[s1], halves[s2], halves[s3]];
    let [c0, c1, c2, c3] = [s0 * dims, s1 * dims, s2 * dims, s3 * dims];
    for (let dim = 0; dim < dims; dim++) {
      const x = row[dim];
      sum0 += x * rows[c0++];
      sum1 += x * rows[c1++];
      sum2 += x * rows[c2++];
      sum3 += x * rows[c3++];
    }
    out[0] = sum0;
    out[1] = sum1;
    out[2] = sum2;
    out[3] = sum3;
  }

  /** Puts near centroids into the same panel. The result says where each slot went. */
  regroup(): Uint32Array {
    const order = Uint32Array.from({ length: this.count }, (_, i) => i);
    this.split(order);
    const { dims } = this;
    const rows = this.rows.slice();
    const originals = this.originals.slice();
    const ids = this.ids.slice();
    const moved = new Uint32Array(this.count);
    order.forEach((old, slot) => {
      this.rows.set(rows.subarray(old * dims, (old + 1) * dims), slot * dims);
      this.originals.set(originals.subarray(old * dims, (old + 1) * dims), slot * dims);
      this.ids[slot] = ids[old];
      moved[old] = slot;
      this.pack(slot);
    });
    return moved;
  }

  /** Halves the slots along the direction in which they differ most, and the halves again. */
  private split(slots: Uint32Array): void {
    if (slots.length <= PANEL) return;
    const projections = this.projections(slots);
    const sorted = Array.from(slots, (slot, i) => ({ slot, projection: projections[i] }));
    sorted.sort((a, b) => a.projection - b.projection || a.slot - b.slot);
    sorted.forEach(({ slot }, i) => (slots[i] = slot));
    const half = (Math.ceil(slots.length / PANEL) >> 1) * PANEL;
    this.split(slots.subarray(0, half));
    this.split(slots.subarray(half));
  }

  /** A few steps of the power method, but for a constant. */
  private projections(slots: Uint32Array): Float64Array {
    const { rows, dims } = this;
    const mean = new Float64Array(dims);
    for (const slot of slots) addTimes(1 / slots.length, rows, slot * dims, mean);
    let direction = mean.map((value, dim) => rows[slots[0] * dims + dim] - value);
    const projections = new Float64Array(slots.length);
    for (let step = 0; step < POWER_STEPS; step++) {
      const next = new Float64Array(dims);
      const less = productWith(direction, mean, 0);
      let sum = 0;
      for (let i = 0; i < slots.length; i++) {
        const projection = productWith(direction, rows, slots[i] * dims) - less;
        addTimes(projection, rows, slots[i] * dims, next);
        projections[i] = projection;
        sum += projection;
      }
      addTimes(-sum, mean, 0, next);
      const length = Math.sqrt(productWith(next, next, 0));
      direction = next.map((value) => (length > 0 ? value / length : 0));
    }
    return projections;
  }
}

function addTimes(factor: number, rows: Float64Array, at: number, out: Float64Array): void {
  for (let dim = 0; dim < out.length; dim++) out[dim] += factor * rows[at + dim];
}

function productWith(row: Float64Array, rows: Float64Array, at: number): number {
  let even = 0;
  let odd = 0;
  let dim = 0;
  for (; dim + 1 < row.length; dim += 2) {
    even += row[dim] * rows[at + dim];
    odd += row[dim + 1] * rows[at + dim + 1];
  }
  return dim < row.length ? even + odd + row[dim] * rows[at + dim] : even + odd;
}

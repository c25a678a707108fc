/** Binary codes of rows, and what they say about the scores of a query: see `BinaryCodes` in the contract. */
import { PAGE_SLOTS, type BinaryCodes, type ScoreKind } from '../../search-kernels';
import { rotate } from './rotation';
import { roundEven } from './slot-rows';

/** Groups of four dimensions: an even number of them, so that all groups of a slot are whole bytes. */
export function groupsOf(dims: number): number {
  return 2 * Math.ceil(dims / 8);
}

/** Encodes the row in `slot`, whose list has the centroid `centroid`. */
export function encodeRow(codes: BinaryCodes, slot: number, row: Float32Array, centroid: Float32Array, kind: ScoreKind): void {
  const { bits, factors, centre, signs } = codes;
  const dims = row.length;
  const residual = row.map((value, i) => value - centroid[i]);
  const [page, lane] = [Math.floor(slot / PAGE_SLOTS), slot % PAGE_SLOTS];
  let square = 0;
  let along = 0;
  for (let i = 0; i < dims; i++) {
    square += residual[i] * residual[i];
    along += residual[i] * centroid[i];
  }
  const rotated = residual;
  rotate(rotated, signs);
  const base = centroid.map((value, i) => value - centre[i]);
  rotate(base, signs);
  let sum = 0;
  let own = 0;
  const nibbles = new Uint8Array(groupsOf(dims));
  for (let i = 0; i < dims; i++) {
    sum += Math.abs(rotated[i]);
    if (rotated[i] >= 0) nibbles[i >> 2] |= 1 << (i & 3);
    own += rotated[i] >= 0 ? base[i] : -base[i];
  }
  const factor = sum === 0 ? 0 : Math.fround(square / sum);
  factors[2 * page * PAGE_SLOTS + lane] = (kind === 'dot' ? along : -square / 2) - factor * own;
  factors[(2 * page + 1) * PAGE_SLOTS + lane] = factor;
  nibbles.forEach((nibble, group) => writeNibble(bits, page, lane, group, nibbles.length, nibble));
}

function writeNibble(bits: Uint8Array, page: number, lane: number, group: number, groups: number, nibble: number): void {
  const at = (page * groups + group) * 16 + (lane & 15);
  bits[at] = lane < 16 ? (bits[at] & 0xf0) | nibble : (bits[at] & 0x0f) | (nibble << 4);
}

/** What a query adds up of a slot's bits. Everything is single precision, rounded step by step: all backends examine the same vectors. */
export class CodeScorer {
  private readonly groups: number;
  /** Per group: a whole number for each of 16 values of its four bits. */
  private readonly table: Uint8Array;
  private readonly step: number;
  private readonly lowest: number;

  constructor(
    private readonly codes: BinaryCodes,
    query: Float32Array,
  ) {
    this.groups = groupsOf(query.length);
    const rotated = query.map((value, i) => value - codes.centre[i]);
    rotate(rotated, codes.signs);
    const padded = new Float32Array(4 * this.groups);
    padded.set(rotated);
    const levels = Math.min(255, Math.floor(65535 / this.groups));
    const lows = new Float32Array(this.groups);
    let widest = 0;
    let lowest = 0;
    for (let group = 0; group < this.groups; group++) {
      let low = 0;
      for (let i = 0; i < 4; i++) low = Math.fround(low - Math.abs(padded[4 * group + i]));
      lows[group] = low;
      widest = Math.max(widest, -2 * low);
      lowest = Math.fround(lowest + low);
    }
    this.step = Math.fround(widest / levels);
    this.lowest = lowest;
    this.table = new Uint8Array(16 * this.groups);
    if (this.step === 0) return;
    for (let group = 0; group < this.groups; group++) {
      for (let bits = 0; bits < 16; bits++) {
        let sum = 0;
        for (let i = 0; i < 4; i++) sum = Math.fround(sum + (bits & (1 << i) ? padded[4 * group + i] : -padded[4 * group + i]));
        this.table[16 * group + bits] = Math.min(levels, roundEven(Math.fround(Math.fround(sum - lows[group]) / this.step)));
      }
    }
  }

  /** base + offset + factor × (⟨s, R q⟩ + margin). */
  estimate(page: number, lane: number, base: number, margin: number): number {
    const { bits, factors } = this.codes;
    let sum = 0;
    for (let group = 0; group < this.groups; group++) {
      const byte = bits[(page * this.groups + group) * 16 + (lane & 15)];
      sum += this.table[16 * group + (lane < 16 ? byte & 15 : byte >> 4)];
    }
    const value = Math.fround(Math.fround(sum * this.step) + Math.fround(this.lowest + margin));
    const offset = Math.fround(base + factors[2 * page * PAGE_SLOTS + lane]);
    return Math.fround(offset + Math.fround(factors[(2 * page + 1) * PAGE_SLOTS + lane] * value));
  }
}

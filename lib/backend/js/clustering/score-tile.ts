/**
 * Scores of one or two points and some centroids, ⟨x, c⟩ − ½‖c‖². Sums run over the dimensions in order. Centroids stand in fours, dimension by dimension, so that four
 * numbers beside each other serve every coordinate, and two points share what is loaded: loads and their checks are what takes the time.
 */

/** Centroids that stand together. */
export const TOGETHER = 4;

export interface PackedCentroids {
  readonly dims: number;
  /** four × dim × 4, with zeros where there are no more centroids. */
  readonly packed: Float64Array;
  /** −½‖c‖², and −∞ where there are no more centroids. */
  readonly halves: Float64Array;
}

/** Slots [first, last) in whole fours, to out[to …]. */
export function scoreOne(
  { dims, packed, halves }: PackedCentroids,
  rows: Float64Array,
  row: number,
  first: number,
  last: number,
  out: Float64Array,
  to: number,
): void {
  for (let slot = first, at = to; slot < last; slot += TOGETHER, at += TOGETHER) {
    let s0 = halves[slot];
    let s1 = halves[slot + 1];
    let s2 = halves[slot + 2];
    let s3 = halves[slot + 3];
    let c = slot * dims;
    for (let i = row, end = row + dims; i < end; i++, c += 4) {
      const x = rows[i];
      s0 += x * packed[c];
      s1 += x * packed[c + 1];
      s2 += x * packed[c + 2];
      s3 += x * packed[c + 3];
    }
    out[at] = s0;
    out[at + 1] = s1;
    out[at + 2] = s2;
    out[at + 3] = s3;
  }
}

/** The same of two points; the second one's scores begin at out[to + width]. */
export function scoreTwo(
  { dims, packed, halves }: PackedCentroids,
  rows: Float64Array,
  row: number,
  other: number,
  first: number,
  last: number,
  out: Float64Array,
  to: number,
  width: number,
): void {
  for (let slot = first, at = to; slot < last; slot += TOGETHER, at += TOGETHER) {
    let s0 = halves[slot];
    let s1 = halves[slot + 1];
    let s2 = halves[slot + 2];
    let s3 = halves[slot + 3];
    let t0 = s0;
    let t1 = s1;
    let t2 = s2;
    let t3 = s3;
    let c = slot * dims;
    for (let i = row, end = row + dims, j = other; i < end; i++, j++, c += 4) {
      const x = rows[i];
      const y = rows[j];
      const c0 = packed[c];
      const c1 = packed[c + 1];
      const c2 = packed[c + 2];
      const c3 = packed[c + 3];
      s0 += x * c0;
      t0 += y * c0;
      s1 += x * c1;
      t1 += y * c1;
      s2 += x * c2;
      t2 += y * c2;
      s3 += x * c3;
      t3 += y * c3;
    }
    out[at] = s0;
    out[at + 1] = s1;
    out[at + 2] = s2;
    out[at + 3] = s3;
    out[at + width] = t0;
    out[at + width + 1] = t1;
    out[at + width + 2] = t2;
    out[at + width + 3] = t3;
  }
}

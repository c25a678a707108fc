/** Vectors whose numbers are each rounded to a level, as one number; see scalar_codes.hpp for the native form. */
import type { ScalarCoding } from '../../quantizer-kernels';
import { readRows } from './code-vectors';

export function encodeScalars({ points, first, count, starts, basis }: ScalarCoding, codes: Uint32Array): void {
  const { dims } = points;
  const rows = readRows(points, first, count);
  const sums = new Float64Array(count);
  starts.forEach((those, i) => addLevels(rows, i, dims, those, basis[i], sums));
  codes.set(sums);
}

/** sums[i] += factor × the level of rows[i × stride + at]. */
function addLevels(rows: Float32Array, at: number, stride: number, starts: Float32Array, factor: number, sums: Float64Array): void {
  const { from, scale, levels, starts: startIn } = cellsFor(starts);
  const last = levels.length - 1;
  for (let i = 0, place = at; i < sums.length; i++, place += stride) {
    const value = rows[place];
    const cell = Math.max(0, Math.min(last, (value - from) * scale)) | 0;
    sums[i] += factor * (levels[cell] + (value >= startIn[cell] ? 1 : 0));
  }
}

/**
 * Cells of equal width of which none has two starts, from before the first start to behind the last: how many levels begin before each, and the start in it; infinite if there is none. A search
 * for the start of each number takes three times as long.
 */
interface Cells {
  readonly from: number;
  readonly scale: number;
  readonly levels: Uint8Array;
  readonly starts: Float32Array;
}

const known = new WeakMap<Float32Array, Cells>();

function cellsFor(starts: Float32Array): Cells {
  let cells = known.get(starts);
  if (cells === undefined) known.set(starts, (cells = cellsOf(starts)));
  return cells;
}

function cellsOf(starts: Float32Array): Cells {
  const from = starts[0] - 1;
  for (let count = 64; ; count *= 2) {
    const scale = count / (starts[starts.length - 1] + 1 - from);
    const cells = { from, scale, levels: new Uint8Array(count), starts: new Float32Array(count).fill(Infinity) };
    const places = Array.from(starts, (start) => ((start - from) * scale) | 0);
    if (places.some((place, i) => i > 0 && place === places[i - 1])) continue;
    places.forEach((place, i) => {
      cells.starts[place] = starts[i];
      cells.levels.fill(i + 1, place + 1);
    });
    return cells;
  }
}

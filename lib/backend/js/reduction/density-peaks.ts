/** Density peaks in TypeScript: distances in double precision. */
import { MOST_MAGNITUDE } from '../../reduction-kernels';
import { greatestMagnitude } from './combinations';
import { descending } from './descending';
import { eachRowOfSquares, nearestRows } from './nearest';

export function densityPeaks(
  values: Float32Array,
  dims: number,
  neighbours: number,
  peaks: Uint32Array,
  source: Uint32Array,
  greatest: Float32Array | null,
): void {
  if (greatest !== null) {
    greatestMagnitude(values, greatest);
    if (!(greatest[0] < MOST_MAGNITUDE)) return;
  }
  const count = source.length;
  const density = new Float64Array(count);
  eachRowOfSquares(values, values, dims, (row, squares) => {
    squares[row] = 0;
    const least = squares.slice().sort().subarray(0, neighbours);
    density[row] = Math.exp(-least.reduce((sum, square) => sum + square, 0) / neighbours / dims);
  });
  const order = descending(density);
  const ranks = new Uint32Array(count);
  order.forEach((row, rank) => (ranks[row] = rank));
  const scores = new Float64Array(count);
  eachRowOfSquares(values, values, dims, (row, squares) => {
    let least = Infinity;
    for (let other = 0; other < count; other++) if (ranks[other] < ranks[row]) least = Math.min(least, squares[other]);
    scores[row] = ranks[row] === 0 ? Infinity : density[row] * Math.sqrt(least);
  });
  peaks.set(descending(scores).subarray(0, peaks.length).sort());
  nearestRows({ values, rows: null }, { values, rows: peaks }, dims, 'euclidean', source, null);
  peaks.forEach((row, place) => (source[row] = place));
}

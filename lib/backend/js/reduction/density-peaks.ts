/** Density peaks in TypeScript: distances in double precision. */
import { MOST_MAGNITUDE } from '../../reduction-kernels';
import { greatestMagnitude } from './combinations';
import { descending } from './descending';
import { eachRowOfSquares, nearestRows } from './nearest';

/** A density of no less than its exponential, times the least distance that single precision has, is no subnormal number. */
const LEAST_EXPONENT = -640;

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
  const exponents = new Float64Array(count);
  eachRowOfSquares(values, values, dims, (row, squares) => {
    squares[row] = 0;
    const least = squares.slice().sort().subarray(0, neighbours);
    exponents[row] = -least.reduce((sum, square) => sum + square, 0) / neighbours / dims;
  });
  // Where densities would vanish, all are compared by their logarithms, and scores, too: of those that would not, logarithms are of what they are rounded to.
  const byLogarithms = exponents.some((exponent) => exponent < LEAST_EXPONENT);
  const density = exponents.map((exponent) => {
    if (exponent < LEAST_EXPONENT) return exponent;
    return byLogarithms ? Math.log(Math.exp(exponent)) : Math.exp(exponent);
  });
  const order = descending(density);
  const ranks = new Uint32Array(count);
  order.forEach((row, rank) => (ranks[row] = rank));
  const scores = new Float64Array(count);
  eachRowOfSquares(values, values, dims, (row, squares) => {
    let least = Infinity;
    for (let other = 0; other < count; other++) if (ranks[other] < ranks[row]) least = Math.min(least, squares[other]);
    scores[row] = ranks[row] === 0 ? Infinity : byLogarithms ? density[row] + Math.log(least) / 2 : density[row] * Math.sqrt(least);
  });
  peaks.set(descending(scores).subarray(0, peaks.length).sort());
  nearestRows({ values, rows: null }, { values, rows: peaks }, dims, 'euclidean', source, null);
  peaks.forEach((row, place) => (source[row] = place));
}

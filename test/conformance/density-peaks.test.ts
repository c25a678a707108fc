/** Density peaks of the addon: the decisions that distances of all pairs in single precision make. The TypeScript backend has them in double precision. */
import { selectKernels } from '../../lib/backend/select';
import { blobs } from '../clustering/blobs';
import { describeEachBackend } from './backends';
import { HARD } from './hard-rows';

/** The peaks and places of densityPeaks by distances of all pairs. `far`: densities and scores by their logarithms, as any of them may be too small for double precision. */
function peaksBy(
  squares: Float32Array,
  dims: number,
  neighbours: number,
  peaks: number,
  far = false,
): { peaks: number[]; source: number[] } {
  const count = Math.sqrt(squares.length);
  const rows = Array.from({ length: count }, (_, i) => squares.subarray(i * count, (i + 1) * count));
  const density = rows.map((row) => {
    const least = row.slice().sort().subarray(0, neighbours);
    const exponent = -least.reduce((sum, value) => sum + value, 0) / neighbours / dims;
    return far ? exponent : Math.exp(exponent);
  });
  const descending = (values: readonly number[]): number[] => values.map((_, i) => i).sort((a, b) => values[b] - values[a] || a - b);
  const order = descending(density);
  const scores: number[] = [];
  order.forEach((token, place) => {
    const apart = order.slice(0, place).reduce((least, before) => Math.min(least, rows[token][before]), Infinity);
    const score = far ? density[token] + Math.log(apart) / 2 : density[token] * Math.sqrt(apart);
    scores[token] = place === 0 ? Infinity : score;
  });
  const chosen = descending(scores)
    .slice(0, peaks)
    .sort((a, b) => a - b);
  const source = rows.map((row, token) => {
    const own = chosen.map((peak) => (peak === token ? -1 : row[peak]));
    return own.indexOf(Math.min(...own));
  });
  return { peaks: chosen, source };
}

describeEachBackend('density peaks', (backend) => {
  const kernels = selectKernels(backend);

  const testNative = backend === 'native' ? test : test.skip;

  testNative.each(HARD)('densityPeaks: by the same bits of distances as squaredDistances has, %s', (_, make) => {
    for (const [count, dims, peaks] of [
      [150, 300, 1],
      [170, 131, 20],
      [260, 256, 60],
      [700, 270, 90],
      [130, 259, 129],
      [70, 40, 70],
    ]) {
      const values = make(3, count, dims);
      const squares = new Float32Array(count * count);
      kernels.squaredDistances(values, dims, squares);
      for (const neighbours of [5, 20]) {
        const [found, source] = [new Uint32Array(peaks), new Uint32Array(count)];
        kernels.densityPeaks(values, dims, neighbours, found, source, null);
        expect({ peaks: [...found], source: [...source] }).toEqual(peaksBy(squares, dims, neighbours, peaks));
      }
    }
  });

  // Densities from 10⁻⁸ down to exp(−10¹⁰), which are 0 in double precision.
  test.each([
    [60, 3, 8],
    [300, 64, 40],
    [150, 300, 20],
  ])('densityPeaks: tokens too far apart for their densities, %i × %i', (count, dims, peaks) => {
    for (const scale of [30, 1e3, 1e5]) {
      const values = blobs(5, count, 12, dims, 0.5).map((value) => value * scale);
      const squares = new Float32Array(count * count);
      kernels.squaredDistances(values, dims, squares);
      const [found, source] = [new Uint32Array(peaks), new Uint32Array(count)];
      kernels.densityPeaks(values, dims, 5, found, source, null);
      expect({ peaks: [...found], source: [...source] }).toEqual(peaksBy(squares, dims, 5, peaks, true));
      expect([...found]).not.toEqual(Array.from({ length: peaks }, (_, i) => i));
    }
  });

  test('densityPeaks: among tokens whose densities vanish those that are equal stand back', () => {
    // Exponents are 0 for the two at 0, −800 for those at 140 and 100, −1250 for the others.
    const [found, source] = [new Uint32Array(3), new Uint32Array(6)];
    kernels.densityPeaks(Float32Array.of(0, 350, 300, 140, 100, 0), 1, 2, found, source, null);
    expect({ found: [...found], source: [...source] }).toEqual({ found: [0, 3, 4], source: [0, 1, 1, 1, 2, 0] });
  });
});

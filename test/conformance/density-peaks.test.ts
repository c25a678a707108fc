/** Density peaks of the addon: the decisions that distances of all pairs in single precision make. The TypeScript backend has them in double precision. */
import { selectKernels } from '../../lib/backend/select';
import { describeEachBackend } from './backends';
import { HARD } from './hard-rows';

/** The peaks and places of densityPeaks by distances of all pairs. */
function peaksBy(squares: Float32Array, dims: number, neighbours: number, peaks: number): { peaks: number[]; source: number[] } {
  const count = Math.sqrt(squares.length);
  const rows = Array.from({ length: count }, (_, i) => squares.subarray(i * count, (i + 1) * count));
  const density = rows.map((row) => {
    const least = row.slice().sort().subarray(0, neighbours);
    return Math.exp(-least.reduce((sum, value) => sum + value, 0) / neighbours / dims);
  });
  const descending = (values: readonly number[]): number[] => values.map((_, i) => i).sort((a, b) => values[b] - values[a] || a - b);
  const order = descending(density);
  const scores: number[] = [];
  order.forEach((token, place) => {
    const apart = order.slice(0, place).reduce((least, before) => Math.min(least, rows[token][before]), Infinity);
    scores[token] = place === 0 ? Infinity : density[token] * Math.sqrt(apart);
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
});

/** Token reduction of very long and very short tokens, of equal ones, and on grids that cells do not fill. */
import { reduce, type ReduceOptions } from '../../lib/index';
import { blobs } from '../clustering/blobs';
import { describeEachBackend } from '../conformance/backends';

const N = 48;
const SMALL = blobs(3, N, 6, 8, 0.5);

describeEachBackend('reduce, extremes', (backend) => {
  const run = (data: Float32Array, width: number, options: ReduceOptions) =>
    reduce({ data, dims: [data.length / width, width] }, { backend, ...options });
  const expedit = { method: 'expedit', grid: [6, 8], target: [3, 4] } as const;

  test('cells that the edges of a grid cut off have no destination, as in tomesd', () => {
    const [rows, columns] = [5, 7];
    const tokens = SMALL.subarray(0, rows * columns * 8);
    for (const seed of [undefined, 1, 2, 3]) {
      const options = { method: 'tome-grid', grid: [rows, columns], cell: [2, 3], ...(seed !== undefined && { seed }) } as const;
      // Four whole cells.
      expect(run(tokens, 8, { ...options, remove: 31 }).size.length).toBe(4);
      expect(() => run(tokens, 8, { ...options, remove: 32 })).toThrow('remove');
    }
    expect(run(tokens, 8, { method: 'tome-grid', grid: [1, 35], remove: 0 }).size.length).toBe(35);
    expect(() => run(tokens, 8, { method: 'tome-grid', grid: [1, 35], remove: 1 })).toThrow('remove');
  });

  test("Expedit's own temperature where most tokens are equal, whatever their scale", () => {
    // Three of four tokens are the same one, whose distances from itself are nothing but rounding.
    const tokens = Float32Array.from({ length: N * 8 }, (_, i) => (i % 32 < 8 ? SMALL[i] : SMALL[i % 8]));
    const once = run(tokens, 8, { ...expedit, target: [6, 8], temperature: 'auto', iterations: 1 });
    for (const scale of [2 ** -10, 2 ** 20]) {
      const scaled = run(
        tokens.map((value) => scale * value),
        8,
        { ...expedit, target: [6, 8], temperature: 'auto', iterations: 1 },
      );
      scaled.tokens.data.forEach((value, i) => expect(value / scale).toBeCloseTo(once.tokens.data[i], 4));
    }
    // Not every token by itself: distances are told apart by a softmax, not by rounding.
    expect(Math.max(...once.size)).toBeGreaterThan(1.0001);
  });

  test('temperatures that single precision does not have', () => {
    for (const temperature of [1e-300, 1e-42, 1e300]) {
      for (const normalization of ['l1', 'l2'] as const) {
        const { tokens, unmerge } = run(SMALL, 8, { ...expedit, temperature, normalization });
        expect(unmerge(tokens.data).every(Number.isFinite)).toBe(true);
      }
    }
  });

  test.each<ReduceOptions>([
    { ...expedit, temperature: 'auto' },
    { method: 'dpc-knn', clusters: 6 },
    { method: 'k-medoids', clusters: 6 },
    { method: 'spectral', clusters: 6 },
  ])('$method refuses tokens whose distances are not finite in single precision', (options) => {
    const width = 512;
    const wide = blobs(3, N, 6, width, 0.5);
    const greatest = wide.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const long = wide.map((value) => (value / greatest) * 9e17);
    expect(() => run(long, width, options)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
    const { tokens, size } = run(
      long.map((value) => value / 4),
      width,
      options,
    );
    expect([...tokens.data, ...size].every(Number.isFinite)).toBe(true);
  });

  test('means of very many tokens', () => {
    const count = 70_000;
    const options = { method: 'tome', every: count, remove: count - 1, size: new Float32Array(count).fill(0.1) } as const;
    const { tokens, size, merge } = run(new Float32Array(3 * count).fill(0.9), 3, options);
    tokens.data.forEach((value) => expect(Math.abs(value / 0.9 - 1)).toBeLessThan(2e-5));
    expect(size[0] / 7000).toBeCloseTo(1, 6);
    // So many numbers of each that rows are summed together.
    const wide = run(new Float32Array(256 * 8192).fill(0.9), 256, { method: 'expedit', grid: [64, 128], target: [2, 2], iterations: 1 });
    wide.tokens.data.forEach((value) => expect(Math.abs(value / 0.9 - 1)).toBeLessThan(2e-5));
    for (const at of [0, 3 * 1024, 3 * count - 1]) {
      const wrong = new Float32Array(3 * count);
      wrong[at] = NaN;
      expect(() => run(wrong, 3, options)).toThrow(`in token ${Math.floor(at / 3)}`);
    }
    expect(Math.abs(merge(new Float32Array(count).fill(7))[0] / 7 - 1)).toBeLessThan(2e-5);
  });

  test('PiToMe goes by directions, however long tokens are', () => {
    const expected = run(SMALL, 8, { method: 'pitome', remove: 12, margin: 0.3 }).source;
    for (const exponent of [-100, -80, -64, 40, 57]) {
      const scaled = SMALL.map((value) => value * 2 ** (exponent - 3));
      expect(run(scaled, 8, { method: 'pitome', remove: 12, margin: 0.3 }).source).toEqual(expected);
    }
  });
});

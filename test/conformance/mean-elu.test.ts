/** Energies of tokens (PiToMe) on every backend, against their definition in double precision. */
import fc from 'fast-check';
import { selectKernels } from '../../lib/backend/select';
import { RandomStream } from '../../lib/clustering/random';
import { blobs } from '../clustering/blobs';
import { describeEachBackend } from './backends';
import { dot } from './hard-rows';
import { cosine, RUNS, shape, Worst } from './token-rows';

/** In double precision. */
function exactMeanElu(values: Float32Array, dims: number, margin: number): Float64Array {
  const rows = values.length / dims;
  const unit = Float64Array.from(values);
  for (let i = 0; i < rows; i++) {
    const length = Math.sqrt(dot(values, i, values, i, dims));
    for (let k = 0; k < dims; k++) unit[i * dims + k] /= length;
  }
  const means = new Float64Array(rows);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < rows; j++) {
      let x = -margin;
      for (let k = 0; k < dims; k++) x += unit[i * dims + k] * unit[j * dims + k];
      means[i] += (x > 0 ? x : Math.expm1(x)) / rows;
    }
  }
  return means;
}

describeEachBackend('mean ELU', (backend) => {
  const kernels = selectKernels(backend);

  test('meanElu', () => {
    fc.assert(
      fc.property(shape, fc.double({ min: -1.5, max: 1.5, noNaN: true }), ({ left, dims, seed }, margin) => {
        const values = blobs(seed, 2 * left, 5, dims, 0.5);
        const worst = new Worst();
        const means = new Float64Array(2 * left);
        kernels.meanElu(values, dims, margin, means, 2 * left);
        for (let i = 0; i < 2 * left; i += 7) {
          let sum = 0;
          for (let j = 0; j < 2 * left; j++) {
            const x = cosine(values, i, values, j, dims) - margin;
            sum += x > 0 ? x : Math.expm1(x);
          }
          worst.add(means[i], sum / (2 * left), 5e-7);
        }
        worst.check();
      }),
      RUNS,
    );
  });

  /** What estimates of cosines, and what they are off by, must not be fooled by. */
  const LONG: Record<string, (value: number, token: number, dim: number) => number> = {
    'as they are': (value) => value,
    'one dimension a hundred times as large': (value, _, dim) => (dim === 2 ? 100 * value : value),
    'zeros among them': (value, token) => (token % 5 === 1 ? 0 : value),
    'some very short': (value, token) => (token % 3 === 1 ? 1e-32 * value : value),
    'many equal ones': (value, token) => (token % 3 === 0 ? 1 : value),
  };

  test.each(
    Object.keys(LONG)
      // The TypeScript backend keeps products in single precision.
      .filter((name) => backend === 'native' || name !== 'some very short')
      .flatMap((name) => [136, 400].map((dims) => [name, dims] as const)),
  )('meanElu of long tokens, %s, %d numbers', (name, dims) => {
    const count = 333;
    const values = blobs(5, count, 20, dims, 1).map((value, i) => LONG[name](value, Math.floor(i / dims), i % dims));
    const means = new Float64Array(count);
    kernels.meanElu(values, dims, 0.45, means, count);
    const worst = new Worst();
    for (let i = 0; i < count; i += 7) {
      let sum = 0;
      for (let j = 0; j < count; j++) {
        const x = cosine(values, i, values, j, dims) - 0.45;
        sum += x > 0 ? x : Math.expm1(x);
      }
      worst.add(means[i], sum / count, 1e-6);
    }
    worst.check();
  });

  test.each([0, 1, 40, 100, 511, 512])('meanElu ranks the %d greatest as all of them', (ranked) => {
    const [rows, dims, margin] = [512, 256, 0.45];
    const values = blobs(9, rows, 8, dims, 0.5);
    const [all, some] = [new Float64Array(rows), new Float64Array(rows)];
    kernels.meanElu(values, dims, margin, all, rows);
    kernels.meanElu(values, dims, margin, some, ranked);
    const [expected, actual] = [all, some].map((means) => Array.from(means.keys()).sort((a, b) => means[b] - means[a] || a - b));
    expect(actual.slice(0, ranked)).toEqual(expected.slice(0, ranked));
    expect(Math.max(...some.map((mean, row) => Math.abs(mean - all[row])))).toBeLessThan(1e-5);
  });

  test('meanElu keeps the order where tokens at regular places are unlike the others', () => {
    const [rows, dims, margin] = [512, 128, 0.5];
    for (const seed of [3, 7]) {
      const random = new RandomStream(seed);
      const centres = Array.from({ length: 2 * dims }, () => 3 * random.gaussian());
      const values = new Float32Array(rows * dims);
      for (let i = 0; i < values.length; i++) {
        const [row, dim] = [Math.floor(i / dims), i % dims];
        // Rounding takes nothing away from those, and much from numbers beside a very great one.
        if (row % (rows / 16) === 0) values[i] = random.gaussian() < 0 ? -1 : 1;
        else values[i] = (dim === row % 2 ? 40 : 0) + centres[(row % 4 < 2 ? 0 : dims) + dim] + random.gaussian();
      }
      const means = new Float64Array(rows);
      kernels.meanElu(values, dims, margin, means, rows);
      const expected = exactMeanElu(values, dims, margin);
      const order = Array.from(means.keys()).sort((a, b) => means[a] - means[b]);
      const worst = order.slice(1).reduce((most, row, i) => Math.max(most, expected[order[i]] - expected[row]), 0);
      expect([seed, worst < 1e-7 ? 0 : worst]).toEqual([seed, 0]);
      expect(Math.max(...means.map((mean, row) => Math.abs(mean - expected[row])))).toBeLessThan(1e-5);
    }
  });
});

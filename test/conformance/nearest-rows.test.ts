/** The nearest of many tokens on every backend, against definitions in double precision, and to the bit however many are asked for. */
import fc from 'fast-check';
import { selectKernels } from '../../lib/backend/select';
import type { RowSelection } from '../../lib/backend/reduction-kernels';
import { RandomStream } from '../../lib/clustering/random';
import { blobs } from '../clustering/blobs';
import { describeEachBackend } from './backends';
import { HARD, dot } from './hard-rows';
import { cosine, RUNS, shape, someRows, square, Worst } from './token-rows';

describeEachBackend('nearest rows', (backend) => {
  const kernels = selectKernels(backend);

  test('nearestRows: tokens that are alike only in their last dimensions, which are not looked at where the first ones rule pairs out', () => {
    const [count, dims, half] = [128, 512, 256];
    const random = new RandomStream(3);
    const left = Float32Array.from({ length: count * dims }, () => random.gaussian());
    const right = new Float32Array(count * dims);
    const partners = Uint32Array.from({ length: count }, (_, i) => (37 * i + 64) % count);
    for (let i = 0; i < count; i++) {
      for (let k = 0; k < half; k++) {
        left[i * dims + k] *= 0.7;
        // The row at the same place has a third of the partner's cosine, and comes first.
        right[i * dims + k] = left[i * dims + k];
        right[partners[i] * dims + half + k] = left[i * dims + half + k];
      }
    }
    for (const similarity of ['cosine', 'euclidean'] as const) {
      const columns = new Uint32Array(count);
      kernels.nearestRows({ values: left, rows: null }, { values: right, rows: null }, dims, similarity, columns, new Float32Array(count));
      expect(columns).toEqual(partners);
    }
  });

  test('nearestRows: the most similar and the nearest, of all rows and of some', () => {
    fc.assert(
      fc.property(shape, fc.boolean(), fc.boolean(), ({ left, right, dims, seed }, byCosine, some) => {
        const a = blobs(seed, left, 5, dims, 0.5);
        const b = blobs(seed + 2, some ? 2 * right : right, 5, dims, 0.5);
        const selection: RowSelection = { values: b, rows: some ? someRows(right) : null };
        const [columns, values] = [new Uint32Array(left), new Float32Array(left)];
        kernels.nearestRows({ values: a, rows: null }, selection, dims, byCosine ? 'cosine' : 'euclidean', columns, values);
        const worst = new Worst();
        for (let i = 0; i < left; i++) {
          const all = Array.from({ length: right }, (_, j) => {
            const row = selection.rows?.[j] ?? j;
            return byCosine ? -cosine(a, i, b, row, dims) : square(a, i, b, row, dims);
          });
          const least = Math.min(...all);
          const room = 1e-5 * (1 + dot(a, i, a, i, dims));
          worst.add(all[columns[i]], least, room);
          worst.add(byCosine ? -values[i] : values[i], least, room);
        }
        worst.check();
      }),
      RUNS,
    );
  });

  // Few rows at a time are computed in full; of many, bytes may tell first which are worth that.
  test.each(HARD)('nearestRows: the same bits for many rows at once as for few, %s', (_, make) => {
    for (const dims of [128, 131, 200]) {
      const [count, others] = [170, 150];
      const [a, b] = [make(3, count, dims), make(5, others, dims)];
      for (const [values, rows] of [
        [b, null],
        [a, someRows(others / 2)],
      ] as const) {
        for (const similarity of ['cosine', 'euclidean'] as const) {
          const [columns, scores] = [new Uint32Array(count), new Float32Array(count)];
          kernels.nearestRows({ values: a, rows: null }, { values, rows }, dims, similarity, columns, scores);
          for (let first = 0; first < count; first += 40) {
            const size = Math.min(40, count - first);
            const [fewColumns, fewScores] = [new Uint32Array(size), new Float32Array(size)];
            const left = { values: a.subarray(first * dims, (first + size) * dims), rows: null };
            kernels.nearestRows(left, { values, rows }, dims, similarity, fewColumns, fewScores);
            expect([...columns.subarray(first, first + size)]).toEqual([...fewColumns]);
            expect([...scores.subarray(first, first + size)]).toEqual([...fewScores]);
          }
        }
      }
    }
  });

  // Of so many tokens whole groups may be passed over.
  test.each(['groups', 'groups and others', 'some that are no numbers'])(
    'nearestRows: the same bits where tokens are in groups, %s',
    (kind) => {
      for (const dims of [33, 64, 100]) {
        const [count, others] = [700, 1100];
        const all = blobs(7, count + others, 30, dims, 0.3);
        const [a, b] = [all.slice(0, count * dims), all.slice(count * dims)];
        if (kind !== 'groups') {
          // Equal ones, opposite ones, zeros, tokens of any length, and some that are in no group.
          for (let i = 0; i < others; i += 7) b.copyWithin(i * dims, (others - 1 - i) * dims, (others - i) * dims);
          for (const values of [a, b]) {
            values.fill(0, 5 * dims, 8 * dims);
            const random = new RandomStream(3);
            for (let i = 20 * dims; i < 80 * dims; i++) values[i] = random.gaussian() * 1e-12;
            for (let i = 80 * dims; i < 160 * dims; i++) values[i] *= i % 2 === 0 ? -1e9 : 1e9;
          }
        }
        if (kind === 'some that are no numbers')
          for (const values of [a, b]) values.fill(NaN, 200 * dims, 203 * dims).fill(Infinity, 301 * dims, 302 * dims);
        for (const rows of [null, someRows(others / 2)]) {
          const [columns, scores, places] = [new Uint32Array(count), new Float32Array(count), new Uint32Array(count)];
          const [left, right] = [a, b].map((values, i) => ({ values, rows: i === 0 ? null : rows }));
          kernels.nearestRows(left, right, dims, 'cosine', columns, scores);
          kernels.nearestRows(left, right, dims, 'cosine', places, null);
          if (kind === 'some that are no numbers') {
            expect([...columns, ...places].every((column) => column < (rows ?? { length: others }).length)).toBe(true);
            continue;
          }
          expect(places).toEqual(columns);
          for (let first = 0; first < count; first += 50) {
            const [fewColumns, fewScores] = [new Uint32Array(50), new Float32Array(50)];
            kernels.nearestRows(
              { values: a.subarray(first * dims, (first + 50) * dims), rows: null },
              right,
              dims,
              'cosine',
              fewColumns,
              fewScores,
            );
            expect(columns.subarray(first, first + 50)).toEqual(fewColumns);
            expect(scores.subarray(first, first + 50)).toEqual(fewScores);
          }
        }
      }
    },
  );

  test.each(HARD)('nearestRows: the same places if only these are wanted, %s', (_, make) => {
    for (const [count, others, dims] of [
      [170, 150, 128],
      [171, 10, 131],
      [97, 24, 200],
      [90, 1, 64],
    ]) {
      const [left, right] = [3, 5].map((seed, i) => ({ values: make(seed, i === 0 ? count : others, dims), rows: null }));
      for (const similarity of ['cosine', 'euclidean'] as const) {
        const [columns, places] = [new Uint32Array(count), new Uint32Array(count)];
        kernels.nearestRows(left, right, dims, similarity, columns, new Float32Array(count));
        kernels.nearestRows(left, right, dims, similarity, places, null);
        expect(places).toEqual(columns);
      }
    }
  });
});

/** The kernels of token reduction on every backend, against their definitions in double precision. */
import fc from 'fast-check';
import { expeditGrids } from '../../lib/reduction/expedit';
import { cellShares } from '../../lib/reduction/sparse-weights';
import { selectKernels } from '../../lib/backend/select';
import { blobs } from '../clustering/blobs';
import { describeEachBackend } from './backends';
import { dot } from './hard-rows';
import { RUNS, shape, square, Worst } from './token-rows';

describeEachBackend('reduction kernels', (backend) => {
  const kernels = selectKernels(backend);

  test('fewNearest: ascending, all different, none nearer left out', () => {
    fc.assert(
      fc.property(shape, fc.integer({ min: 1, max: 20 }), ({ left, right, dims, seed }, wanted) => {
        const few = Math.min(wanted, right);
        const [a, b] = [blobs(seed, left, 5, dims, 0.5), blobs(seed + 2, right, 5, dims, 0.5)];
        const [columns, squares] = [new Uint32Array(left * few), new Float32Array(left * few)];
        kernels.fewNearest(a, b, dims, few, columns, squares);
        const worst = new Worst();
        for (let i = 0; i < left; i++) {
          const expected = Array.from({ length: right }, (_, j) => square(a, i, b, j, dims));
          const own = [...columns.subarray(i * few, (i + 1) * few)];
          const sorted = [...expected].sort((x, y) => x - y);
          const room = 1e-5 * (1 + dot(a, i, a, i, dims));
          expect(new Set(own).size).toBe(few);
          own.forEach((column, k) => {
            worst.add(expected[column], sorted[k], room);
            worst.add(squares[i * few + k], sorted[k], room);
          });
        }
        worst.check();
      }),
      RUNS,
    );
  });

  test('squaredDistances: symmetric, zeros on the diagonal', () => {
    fc.assert(
      fc.property(shape, ({ left, dims, seed }) => {
        const values = blobs(seed, left, 5, dims, 0.5);
        const squares = new Float32Array(left * left).fill(NaN);
        kernels.squaredDistances(values, dims, squares);
        const worst = new Worst();
        for (let i = 0; i < left; i++) {
          worst.add(squares[i * left + i], 0, 1e-30);
          for (let j = 0; j < i; j++) {
            worst.add(squares[i * left + j], square(values, i, values, j, dims), 1e-5 * (1 + dot(values, i, values, i, dims)));
            worst.add(squares[j * left + i], squares[i * left + j], 1e-30);
          }
        }
        worst.check();
      }),
      RUNS,
    );
  });

  test('densityPeaks: as defined', () => {
    fc.assert(
      fc.property(shape, ({ left, right, dims, seed }) => {
        const values = blobs(seed, left, 5, dims, 0.5);
        const [neighbours, count] = [Math.min(5, left), Math.min(right, left)];
        const [peaks, source] = [new Uint32Array(count), new Uint32Array(left)];
        kernels.densityPeaks(values, dims, neighbours, peaks, source, null);
        const squares = Array.from({ length: left }, (_, i) => Array.from({ length: left }, (_v, j) => square(values, i, values, j, dims)));
        const density = squares.map((row) => {
          const least = [...row].sort((a, b) => a - b).slice(0, neighbours);
          return Math.exp(-least.reduce((sum, value) => sum + value, 0) / neighbours / dims);
        });
        const denser = (i: number, j: number): boolean => density[j] > density[i] || (density[j] === density[i] && j < i);
        const scores = squares.map((row, i) => density[i] * Math.sqrt(Math.min(...row.filter((_, j) => denser(i, j)))));
        const order = scores.map((_, i) => i).sort((a, b) => (scores[a] === scores[b] ? a - b : scores[b] - scores[a]));
        expect([...peaks]).toEqual(order.slice(0, count).sort((a, b) => a - b));
        const worst = new Worst();
        squares.forEach((row, i) => {
          const least = Math.min(...Array.from(peaks, (peak) => row[peak]));
          worst.add(row[peaks[source[i]]], least, 1e-5 * (1 + dot(values, i, values, i, dims)));
        });
        worst.check();
      }),
      RUNS,
    );
  });

  test('densityPeaks: of tokens whose squares are beyond the greatest number', () => {
    const [tokens, dims] = [200, 256];
    const values = blobs(1, tokens, 5, dims, 0.5).map((x, i) => (i < dims ? 0 : Math.sign(x) * 9.2e17));
    const [peaks, source] = [new Uint32Array(20), new Uint32Array(tokens)];
    kernels.densityPeaks(values, dims, 5, peaks, source, null);
    expect(new Set(peaks).size).toBe(20);
    expect(Math.max(...peaks)).toBeLessThan(tokens);
    expect(Math.max(...source)).toBeLessThan(20);
  });

  test.each([1, 7, 16, 131])('rowLengths of %d numbers', (dims) => {
    const rows = 40;
    const values = blobs(4, rows, 3, dims, 0.5).map((value, i) => (Math.floor(i / dims) === 5 ? 0 : value * 10 ** ((i / dims) % 20)));
    const lengths = new Float64Array(rows);
    kernels.rowLengths(values, dims, lengths);
    const worst = new Worst();
    for (let i = 0; i < rows; i++) worst.add(lengths[i], Math.sqrt(dot(values, i, values, i, dims)), 1e-12 * (1e-300 + lengths[i]));
    worst.check();
  });

  test.each([1, 7, 16, 131])('groupMeans of %d numbers: groups of any size, of no mass, none, and of zeros', (dims) => {
    const [rows, count] = [700, 9];
    // Group 4 has no rows, group 7 most of them, more than are summed in single precision at once.
    const groups = Uint32Array.from({ length: rows }, (_, i) => (i % 8 < 7 ? 7 : [0, 1, 2, 3, 5, 6, 8][(i >> 3) % 7]));
    const values = blobs(4, rows, 3, dims, 0.5).map((value, i) => (groups[Math.floor(i / dims)] === 5 ? 0 : value));
    const weights = Float32Array.from(groups, (group, i) => (group === 2 ? 0 : 1 + (i % 3)));
    const masses = new Float64Array(count);
    groups.forEach((group, i) => (masses[group] += weights[i]));
    const [means, scaled, greatest] = [new Float32Array(count * dims).fill(NaN), new Float32Array(count * dims), new Float32Array(1)];
    kernels.groupMeans(groups, weights, masses, values, dims, 'mean', means, greatest);
    expect(greatest[0]).toBe(values.reduce((most, value) => Math.max(most, Math.abs(value)), 0));
    kernels.groupMeans(groups, weights, masses, values, dims, 'greatest', scaled, null);
    const worst = new Worst();
    for (let group = 0; group < count; group++) {
      const members = [...groups.keys()].filter((row) => groups[row] === group);
      const longest = Math.max(0, ...members.map((row) => Math.sqrt(dot(values, row, values, row, dims))));
      const length = Math.sqrt(dot(means, group, means, group, dims));
      for (let k = 0; k < dims; k++) {
        const at = group * dims + k;
        const mean = masses[group] > 0 ? members.reduce((sum, row) => sum + weights[row] * values[row * dims + k], 0) / masses[group] : 0;
        worst.add(means[at], mean, 1e-4);
        worst.add(scaled[at], length > 0 ? (means[at] * longest) / length : 0, 1e-6 * (1 + longest));
      }
    }
    worst.check();
    values[dims * 699] = NaN;
    kernels.groupMeans(groups, weights, masses, values, dims, 'mean', means, greatest);
    expect(greatest[0] < Infinity).toBe(false);
  });

  test('joinNearest: who joins whom, as nearestRows has it', () => {
    fc.assert(
      fc.property(shape, fc.double({ min: 0, max: 1 }), fc.boolean(), ({ left, right, dims, seed }, part, some) => {
        const count = left + right + 3;
        // Some rows are equal, so that some cosines are.
        const values = blobs(seed, count, 5, dims, 0.5);
        for (let row = 10; row < count; row += 5) values.copyWithin(row * dims, (row - 10) * dims, (row - 9) * dims);
        const order = Uint32Array.from({ length: count }, (_, i) => i);
        const [candidates, destinations] = [
          order.filter((i) => i % 3 !== 1 && i > 1).subarray(0, left),
          order.filter((i) => i % 3 === 1).reverse(),
        ];
        const [columns, cosines] = [new Uint32Array(candidates.length), new Float32Array(candidates.length)];
        const rows = [candidates, destinations].map((list) => ({ values, rows: list }));
        kernels.nearestRows(rows[0], rows[1], dims, 'cosine', columns, cosines);
        const ranked = [...columns.keys()].sort((i, j) => cosines[j] - cosines[i] || i - j);
        const remove = some ? Math.floor(part * candidates.length) : candidates.length;
        const threshold = cosines[ranked[remove]] ?? 2;
        for (const which of [{ remove }, { threshold }]) {
          const joining = ranked.filter((i, rank) => ('remove' in which ? rank < remove : cosines[i] >= threshold));
          const joins = new Map(joining.map((i) => [candidates[i], destinations[columns[i]]]));
          const remaining = [...order].filter((i) => !joins.has(i));
          const [source, kept] = [new Uint32Array(count).fill(7), new Uint32Array(1)];
          kernels.joinNearest(values, dims, candidates, destinations, which, source, kept);
          expect(kept[0]).toBe(remaining.length);
          expect([...source]).toEqual([...order].map((i) => remaining.indexOf(joins.get(i) ?? i)));
        }
      }),
      RUNS,
    );
  });

  test('joinNearest: without candidates or destinations none joins', () => {
    const values = blobs(1, 6, 2, 4, 0.5);
    for (const [candidates, destinations] of [
      [[], [1, 2]],
      [[1, 2], []],
    ]) {
      const [source, kept] = [new Uint32Array(6), new Uint32Array(1)];
      kernels.joinNearest(values, 4, Uint32Array.from(candidates), Uint32Array.from(destinations), { threshold: -2 }, source, kept);
      expect([...source, kept[0]]).toEqual([0, 1, 2, 3, 4, 5, 6]);
    }
  });

  test.each([1e-30, 1e16])('cosines of tokens that are %d times as long', (times) => {
    const [count, dims] = [80, 64];
    const [a, b] = [blobs(1, count, 5, dims, 0.5), blobs(2, count, 5, dims, 0.5)];
    const nearest = (left: Float32Array, right: Float32Array): { columns: Uint32Array; cosines: Float32Array } => {
      const [columns, cosines] = [new Uint32Array(count), new Float32Array(count)];
      kernels.nearestRows({ values: left, rows: null }, { values: right, rows: null }, dims, 'cosine', columns, cosines);
      return { columns, cosines };
    };
    const [expected, found] = [
      nearest(a, b),
      nearest(
        a.map((x) => x * times),
        b.map((x) => x * times),
      ),
    ];
    expect(found.columns).toEqual(expected.columns);
    found.cosines.forEach((cosine, i) => expect(cosine).toBeCloseTo(expected.cosines[i], 4));
  });

  test('combineRows and sparseSquares', () => {
    fc.assert(
      fc.property(shape, ({ left, right, dims, seed }) => {
        const [a, b] = [blobs(seed, left, 5, dims, 0.5), blobs(seed + 2, right, 5, dims, 0.5)];
        // Pairs of rows with the same entries, rows with none, rows of their own.
        const lists = Array.from({ length: left }, (_, i) =>
          Array.from({ length: (i >> 1) % 4 === 3 ? 0 : 1 + ((i >> 1) % 9) }, (_v, k) => (k * 5 + (i >> 1)) % right),
        );
        const offsets = Uint32Array.from([0, ...lists.map((_, i) => lists.slice(0, i + 1).reduce((sum, list) => sum + list.length, 0))]);
        const columns = Uint32Array.from(lists.flat());
        const weights = Float32Array.from(columns, (_, i) => (i % 7) - 2);
        const out = new Float32Array(left * dims).fill(NaN);
        const greatest = new Float32Array(1);
        kernels.combineRows({ offsets, columns }, weights, b, dims, out, greatest);
        expect(greatest[0]).toBe(
          columns.reduce(
            (most, column) => b.subarray(column * dims, (column + 1) * dims).reduce((m, x) => Math.max(m, Math.abs(x)), most),
            0,
          ),
        );
        const squares = new Float32Array(columns.length);
        kernels.sparseSquares({ offsets, columns }, a, b, dims, squares, null);
        const worst = new Worst();
        for (let i = 0; i < left; i++) {
          for (let k = 0; k < dims; k++) {
            let sum = 0;
            for (let entry = offsets[i]; entry < offsets[i + 1]; entry++) sum += weights[entry] * b[columns[entry] * dims + k];
            worst.add(out[i * dims + k], sum, 1e-4);
          }
          for (let entry = offsets[i]; entry < offsets[i + 1]; entry++) {
            const room = 1e-5 * (1 + dot(a, i, a, i, dims) + dot(b, columns[entry], b, columns[entry], dims));
            worst.add(squares[entry], square(a, i, b, columns[entry], dims), room);
          }
        }
        worst.check();
      }),
      RUNS,
    );
  });

  test.each(['l1', 'l2'] as const)('softmaxRows: rows of any length, in place, %s', (normalization) => {
    const lengths = [1, 0, 3, 16, 17, 40, 25, 64];
    const offsets = Uint32Array.from([0, ...lengths.map((_, i) => lengths.slice(0, i + 1).reduce((sum, length) => sum + length, 0))]);
    const squares = blobs(3, offsets.at(-1)!, 4, 1, 2).map((value, i) => (i % 31 === 7 ? 1e9 : 20 * Math.abs(value)));
    const weights = squares.slice();
    kernels.softmaxRows(offsets, weights, 0.3, normalization, weights);
    const worst = new Worst();
    for (let row = 0; row < lengths.length; row++) {
      const own = squares.subarray(offsets[row], offsets[row + 1]);
      const expected = Array.from(own, (value) => Math.exp(-0.3 * (value - Math.min(...own))));
      const divisor = normalization === 'l1' ? expected.reduce((a, b) => a + b, 0) : Math.hypot(...expected);
      expected.forEach((value, i) => worst.add(weights[offsets[row] + i], value / divisor, 1e-6));
    }
    worst.check();
  });

  test('softmaxRows: a temperature beyond single precision leaves the least squares', () => {
    const weights = new Float32Array(6);
    kernels.softmaxRows(Uint32Array.of(0, 1, 6), Float32Array.of(1e-38, 1e-30, 1e-38, 0.5, 1e-38, 7), 1e300, 'l1', weights);
    expect([...weights]).toEqual([1, 0, 0.5, 0, 0.5, 0]);
  });

  test('combineRows and sparseSquares: neighbours on a grid, which share most columns, and numbers that are none', () => {
    // Windows of 9 of 40 tokens, one further for each row, in groups of four and more.
    const [rows, tokens, dims] = [13, 40, 300];
    const [a, b] = [blobs(6, rows, 5, dims, 0.5), blobs(8, tokens, 5, dims, 0.5)];
    const lists = Array.from({ length: rows }, (_, i) => Array.from({ length: 9 }, (_v, k) => 2 * i + k));
    const offsets = Uint32Array.from({ length: rows + 1 }, (_, i) => 9 * i);
    const columns = Uint32Array.from(lists.flat());
    const weights = Float32Array.from(columns, (_, i) => (i % 7) - 2);
    // Token 4 is in the windows of rows 0 to 2.
    b[4 * dims + 5] = NaN;
    const out = new Float32Array(rows * dims);
    kernels.combineRows({ offsets, columns }, weights, b, dims, out, null);
    const squares = new Float32Array(columns.length);
    kernels.sparseSquares({ offsets, columns }, a, b, dims, squares, null);
    const known = new Float64Array(rows).fill(-1);
    for (let turn = 0; turn < 2; turn++) {
      const again = new Float32Array(columns.length);
      kernels.sparseSquares({ offsets, columns }, a, b, dims, again, known);
      expect(again).toEqual(squares);
    }
    const worst = new Worst();
    lists.forEach((list, i) => {
      for (let k = 0; k < dims; k++) {
        const sum = list.reduce((all, token, at) => all + weights[9 * i + at] * b[token * dims + k], 0);
        if (Number.isNaN(sum)) expect(out[i * dims + k]).toBeNaN();
        else worst.add(out[i * dims + k], sum, 1e-4);
      }
      list.forEach((token, at) => {
        const expected = square(a, i, b, token, dims);
        if (token !== 4) worst.add(squares[9 * i + at], expected, 1e-5 * (1 + dot(a, i, a, i, dims) + dot(b, token, b, token, dims)));
      });
    });
    worst.check();
  });

  test.each([
    // Ragged panels and patches, cells of several tokens, of one, of parts of tokens, and more dimensions than are taken at once.
    [[9, 7], [4, 3], 3, 300],
    [[6, 6], [6, 6], 1, 17],
    [[5, 13], [3, 13], 5, 256],
  ] as const)('blockSquares and meanSquares: %j tokens, %j cells, window %d, %d dimensions', (grid, target, window, dims) => {
    const [count, grids] = [grid[0] * grid[1], expeditGrids(grid, target, window, 1e6)];
    const { pooling, near } = grids;
    const values = blobs(3, count, 5, dims, 0.5);
    const found = grids.pairs()!;
    const greatest = new Float32Array(1);
    kernels.blockSquares(found.tokens, values, dims, found.squares, greatest);
    expect(greatest[0]).toBe(values.reduce((most, value) => Math.max(most, Math.abs(value)), 0));
    const worst = new Worst();
    const room = 1e-5 * Math.max(...Array.from({ length: count }, (_, i) => dot(values, i, values, i, dims)));
    for (const [members, pattern] of [
      [found.pooling, pooling],
      [found.near, near],
    ] as const) {
      const weights = Float32Array.from(pattern.places, (place) => 1 + ((7 * place) % 5));
      const { shares } = cellShares(pattern, weights);
      const centres = new Float32Array(target[0] * target[1] * dims);
      kernels.combineRows(pattern.byCell, shares, values, dims, centres, null);
      const squares = new Float32Array(near.places.length).fill(NaN);
      kernels.meanSquares(found.cells, found.squares, members, shares, found.near, near.places, squares);
      const { offsets, columns } = near.byToken;
      for (let token = 0; token < count; token++) {
        for (let entry = offsets[token]; entry < offsets[token + 1]; entry++)
          worst.add(squares[entry], square(values, token, centres, columns[entry], dims), room);
      }
    }
    worst.check();
    values[3 * dims + 5] = NaN;
    kernels.blockSquares(found.tokens, values, dims, found.squares, greatest);
    expect(greatest[0] < Infinity).toBe(false);
  });

  test('greatestMagnitude: of all numbers, and not finite if any is not', () => {
    const values = Float32Array.from({ length: 300_001 }, (_, i) => (i % 1000) - 600);
    const greatest = (numbers: Float32Array): number => {
      const out = new Float32Array(1).fill(7);
      kernels.greatestMagnitude(numbers, out);
      return out[0];
    };
    expect(greatest(values)).toBe(600);
    expect(greatest(new Float32Array(0))).toBe(0);
    for (const at of [0, 150_000, 300_000]) {
      const bad = values.slice();
      bad[at] = -Infinity;
      expect(greatest(bad)).toBe(Infinity);
      bad[at] = NaN;
      expect(Number.isFinite(greatest(bad))).toBe(false);
    }
  });

  test('zeros and equal rows: the first of equal ones, no NaN', () => {
    const zeros = new Float32Array(70 * 8);
    const [columns, values, squares] = [new Uint32Array(70), new Float32Array(70), new Float32Array(70 * 3)];
    kernels.nearestRows({ values: zeros, rows: null }, { values: zeros, rows: null }, 8, 'cosine', columns, values);
    expect([...columns, ...values].every((value) => value === 0)).toBe(true);
    const few = new Uint32Array(70 * 3);
    kernels.fewNearest(zeros.fill(2), zeros, 8, 3, few, squares);
    expect([...few.subarray(0, 3)]).toEqual([0, 1, 2]);
    expect([...squares].every((value) => value === 0)).toBe(true);
    const means = new Float64Array(70);
    kernels.meanElu(new Float32Array(70 * 8), 8, 0.5, means, 70);
    expect(means[0]).toBeCloseTo(Math.expm1(-0.5), 6);
  });
});

/** Token reduction on every backend: NumPy's results, what holds for every operator, and bad input. */
import fixture from '../fixtures/reduction.json';
import {
  cascade,
  positionRows,
  reduce,
  removalSchedule,
  rotaryChunks,
  type MerganserError,
  type ReduceOptions,
  type Reduction,
} from '../../lib/index';
import { blobs } from '../clustering/blobs';
import { field, meanSquare } from '../clustering/fields';
import { describeEachBackend } from '../conformance/backends';

/** Which tokens are together: the least member of each one's group. */
function groups(source: ArrayLike<number>): number[] {
  const first = new Map<number, number>();
  return Array.from(source, (target, i) => {
    if (!first.has(target)) first.set(target, i);
    return first.get(target)!;
  });
}

const Z = field(40, 40, 64, 7, 0.3);
const X = blobs(11, 600, 12, 32, 0.5);
const N = 48;
const SMALL = blobs(3, N, 6, 8, 0.5);

const EVERY: ReduceOptions[] = [
  { method: 'tome', remove: 16 },
  { method: 'tome', every: 4, ratio: 0.75 },
  { method: 'tofu', ratio: 0.25 },
  { method: 'threshold', threshold: 0.7 },
  { method: 'tome-grid', grid: [6, 8], remove: 20 },
  { method: 'tome-grid', grid: [6, 8], cell: [3, 2], seed: 4, remove: 30 },
  { method: 'dpc-knn', clusters: 7 },
  { method: 'pitome', remove: 12, margin: 0.3 },
  { method: 'visionzip', attention: Array.from({ length: N }, (_, i) => (i * 37) % 50), dominant: 10, contextual: 5 },
  { method: 'expedit', grid: [6, 8], target: [3, 4], temperature: 'auto', nearest: 4 },
  { method: 'k-medoids', clusters: 6 },
  { method: 'k-medoids', clusters: 9, distance: 'cosine' },
];

test("ToMe's schedule", () => {
  expect(removalSchedule(12, 16)).toEqual(Array.from({ length: 12 }, () => 16));
  // parse_r of facebookresearch/ToMe.
  expect(removalSchedule(6, 13, 0.5)).toEqual([6, 8, 11, 14, 17, 20]);
  expect(removalSchedule(5, 8, -1)).toEqual([16, 12, 8, 4, 0]);
  expect(removalSchedule(1, 8, 1)).toEqual([8]);
  expect(() => removalSchedule(0, 8)).toThrow('layers');
  expect(() => removalSchedule(3, -1)).toThrow('remove');
  expect(() => removalSchedule(3, 1, 2)).toThrow('inflect');
});

describeEachBackend('reduce', (backend) => {
  const run = (data: Float32Array, width: number, options: ReduceOptions): Reduction =>
    reduce({ data, dims: [data.length / width, width] }, { backend, ...options });

  test.each(fixture.expedit)('NumPy: Expedit to $target², temperature $temperature, $normalization', (expected) => {
    const { target, temperature, normalization } = expected;
    const result = run(Z, 64, {
      method: 'expedit',
      grid: [40, 40],
      target: [target, target],
      temperature,
      normalization: normalization as 'l1' | 'l2',
    });
    expect([...result.tokens.data.subarray(0, 4)].map((value, i) => value / expected.first[i])).toEqual(
      expected.first.map(() => expect.closeTo(1, 4)),
    );
    expect(result.tokens.data.reduce((sum, value) => sum + value, 0)).toBeCloseTo(expected.sum, 2);
    expect(meanSquare(result.unmerge(result.tokens.data), Z) / expected.error).toBeCloseTo(1, 4);
    expect(result.size.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1600, 2);
  });

  test('Expedit: of long tokens, whose pairs are measured, the same as of short ones', () => {
    // Numbers that are repeated, and temperatures that are divided as often.
    const same = (few: Float32Array, width: number, times: number, options: Extract<ReduceOptions, { method: 'expedit' }>): Reduction => {
      const repeated = Float32Array.from({ length: times * few.length }, (_, i) => few[Math.floor(i / times)]);
      const { temperature } = options;
      const short = run(few, width, options);
      const long = run(repeated, times * width, { ...options, temperature: temperature === 'auto' ? temperature : temperature! / times });
      short.size.forEach((size, i) => expect(Math.abs(long.size[i] - size)).toBeLessThan(2e-3));
      short.tokens.data.forEach((value, i) => expect(Math.abs(long.tokens.data[times * i] - value)).toBeLessThan(2e-3));
      return short;
    };
    for (const temperature of [0.05, 'auto', 1e4] as const)
      same(Z.subarray(0, 64 * 480), 64, 5, { method: 'expedit', grid: [12, 40], target: [6, 20], temperature });
    // The cell in the middle loses its tokens to the others.
    const field = Float32Array.of(-10, -10, -10, 10, 10, 10);
    const { size } = same(field, 1, 256, { method: 'expedit', grid: [1, 6], target: [1, 3], window: 3, temperature: 1 });
    expect(size[1]).toBeLessThan(1e-16);
  });

  test('Expedit: centres as near as the last of the nearest ones count, too', () => {
    // Behind the fifth column tokens are padding: most of their centres are zeros. Numbers are such that distances are exact.
    const [rows, columns, width] = [12, 16, 6];
    const padded = Float32Array.from({ length: rows * columns * width }, (_, i) =>
      Math.floor(i / width) % columns < 5 ? ((i * 37) % 11) - 5 : 0,
    );
    for (const [target, nearest] of [
      [[6, 8], 3],
      [[12, 16], 5],
      [[6, 8], 47],
    ] as const) {
      for (const normalization of ['l1', 'l2'] as const) {
        const options = { grid: [rows, columns], target, iterations: 0, temperature: 0.05, nearest, normalization } as const;
        const { tokens, unmerge } = run(padded, width, { method: 'expedit', ...options });
        const cells = target[0] * target[1];
        const found = unmerge(Float32Array.from({ length: cells }, (_, cell) => cell + 1));
        const expected = Array.from({ length: rows * columns }, (_, token) => {
          const squares = Array.from({ length: cells }, (_cell, cell) => {
            let sum = 0;
            for (let k = 0; k < width; k++) sum += (padded[token * width + k] - tokens.data[cell * width + k]) ** 2;
            return sum;
          });
          const last = squares.slice().sort((a, b) => a - b)[nearest - 1];
          const weights = squares.map((square) => (square <= last ? Math.exp(-0.05 * square) : 0));
          const norm = normalization === 'l1' ? weights.reduce((a, b) => a + b) : Math.hypot(...weights);
          return weights.reduce((sum, weight, cell) => sum + (weight / norm) * (cell + 1), 0);
        });
        expected.forEach((value, token) => expect(found[token] / value).toBeCloseTo(1, 4));
      }
    }
  });

  test('NumPy: ToMe, PiToMe, DPC-KNN, k-medoids', () => {
    const tome = run(Z, 64, { method: 'tome', remove: 800 });
    expect(groups(tome.source)).toEqual(groups(fixture.tome.into));
    expect(Math.max(...tome.size)).toBe(fixture.tome.largest);
    expect(meanSquare(tome.unmerge(tome.tokens.data), Z)).toBeCloseTo(fixture.tome.error, 7);
    expect(groups(run(Z, 64, { method: 'pitome', remove: 300, margin: 0.45 }).source)).toEqual(groups(fixture.pitome));
    expect([...run(X, 32, { method: 'dpc-knn', clusters: 12 }).source]).toEqual(fixture.dpcKnn.labels);
    const medoids = run(X, 32, { method: 'k-medoids', clusters: 12 });
    expect([...medoids.source]).toEqual(fixture.kMedoids.labels);
    fixture.kMedoids.medoids.forEach((token, i) =>
      expect(medoids.tokens.data.subarray(32 * i, 32 * i + 32)).toEqual(X.subarray(32 * token, 32 * token + 32)),
    );
  });

  test.each(EVERY.map((options) => [JSON.stringify(options).slice(0, 60), options] as const))(
    '%s: every token goes somewhere, one sequence is as it is among several',
    (_, options) => {
      const whole = run(SMALL, 8, options);
      const count = whole.tokens.dims[0];
      expect(whole.tokens.offsets).toEqual(Uint32Array.of(0, count));
      expect(whole.source.length).toBe(N);
      expect(Math.max(...whole.source)).toBeLessThan(count);
      expect(whole.size.reduce((sum, value) => sum + value, 0)).toBeCloseTo(N, 3);
      expect(whole.merge(SMALL)).toEqual(whole.tokens.data);
      expect(whole.unmerge(whole.tokens.data).length).toBe(SMALL.length);
      expect([whole.merge(new Float32Array(0)), whole.unmerge(new Float32Array(0))]).toEqual([new Float32Array(0), new Float32Array(0)]);
      // Constants come back as they are, whatever the weights (a target of VisionZip is a sum of two).
      if (options.method !== 'visionzip') {
        const ones = whole.unmerge(whole.merge(new Float32Array(3 * N).fill(2)));
        expect([...ones]).toEqual(Array.from({ length: 3 * N }, () => expect.closeTo(2, 4)));
      }
      const other = blobs(4, N, 5, 8, 0.5);
      const attention = 'attention' in options ? { attention: [...Array.from(options.attention), ...Array.from(options.attention)] } : {};
      const both = reduce({ data: Float32Array.from([...SMALL, ...other]), dims: [2, N, 8] }, { backend, ...options, ...attention });
      expect(both.tokens.data.subarray(0, whole.tokens.data.length)).toEqual(whole.tokens.data);
      expect(both.tokens.data.subarray(whole.tokens.data.length)).toEqual(run(other, 8, options).tokens.data);
      expect(both.source.subarray(0, N)).toEqual(whole.source);
    },
  );

  test('sizes weigh means, protected tokens stay alone, ToFu keeps the greatest length', () => {
    const size = Array.from({ length: N }, (_, i) => 1 + (i % 3));
    const result = run(SMALL, 8, { method: 'tome', remove: 10, size, protect: [0, 5] });
    for (const token of [0, 5]) {
      expect(result.size[result.source[token]]).toBe(size[token]);
      expect(result.tokens.data.subarray(8 * result.source[token], 8 * result.source[token] + 8)).toEqual(
        SMALL.subarray(8 * token, 8 * token + 8),
      );
    }
    const weights = Float32Array.from({ length: N }, (_, i) => i);
    const merged = result.merge(weights);
    merged.forEach((value, target) => {
      const members = [...result.source.keys()].filter((token) => result.source[token] === target);
      const mass = members.reduce((sum, token) => sum + size[token], 0);
      expect(value).toBeCloseTo(members.reduce((sum, token) => sum + size[token] * token, 0) / mass, 4);
    });
    const tofu = run(SMALL, 8, { method: 'tofu', remove: 20 });
    for (let target = 0; target < tofu.size.length; target++) {
      const lengths = [...tofu.source.keys()]
        .filter((token) => tofu.source[token] === target)
        .map((token) => Math.hypot(...SMALL.subarray(8 * token, 8 * token + 8)));
      expect(Math.hypot(...tofu.tokens.data.subarray(8 * target, 8 * target + 8))).toBeCloseTo(Math.max(...lengths), 4);
    }
  });

  test('a threshold merges exactly the pairs above it', () => {
    const all = run(SMALL, 8, { method: 'threshold', threshold: -1 });
    expect(all.size.length).toBe(N / 2);
    expect(run(SMALL, 8, { method: 'threshold', threshold: 1.01 }).size.length).toBe(N);
    expect(groups(all.source)).toEqual(groups(run(SMALL, 8, { method: 'tome', remove: N / 2 }).source));
  });

  test('destinations: the last of every so many tokens, or one at random of them; protected ones are none', () => {
    const lengths = Float32Array.from({ length: N * 2 }, (_, i) => (i % 2 === 0 ? 1 : Math.floor(i / 2)));
    for (const [every, most] of [
      [2, 24],
      [4, 36],
      [5, 39],
    ]) {
      const kth = run(SMALL, 8, { method: 'tome', every, remove: most });
      // As the authors' kth_bipartite_soft_matching; what does not fill a group stays a candidate.
      const expected = Array.from({ length: N }, (_, i) => {
        const cosine = (j: number): number => {
          let [dot, own, other] = [0, 0, 0];
          for (let k = 0; k < 8; k++) {
            dot += SMALL[8 * i + k] * SMALL[8 * j + k];
            own += SMALL[8 * i + k] ** 2;
            other += SMALL[8 * j + k] ** 2;
          }
          return dot / Math.sqrt(own * other);
        };
        const destinations = Array.from({ length: Math.floor(N / every) }, (_v, group) => group * every + every - 1);
        if (destinations.includes(i)) return i;
        return destinations.reduce((best, j) => (cosine(j) > cosine(best) ? j : best));
      });
      expect(groups(kth.source)).toEqual(groups(expected));
      expect(() => run(SMALL, 8, { method: 'tome', every, remove: most + 1 })).toThrow('remove');
    }
    const random = run(lengths, 2, { method: 'tome', every: 4, seed: 3, remove: 36 });
    expect(random.size.length).toBe(12);
    expect(run(lengths, 2, { method: 'tome', every: 4, seed: 3, remove: 36 }).source).toEqual(random.source);
    const grid = run(SMALL, 8, { method: 'tome-grid', grid: [6, 8], remove: 30, protect: [0, 9] });
    for (const token of [0, 9]) expect(grid.size[grid.source[token]]).toBe(1);
  });

  test('VisionZip: the attended tokens as they are, then targets with the mean of what joined', () => {
    const attention = Array.from({ length: N }, (_, i) => (i % 7 === 3 ? 5 + i : 0));
    const result = run(SMALL, 8, { method: 'visionzip', attention, dominant: 6, contextual: 4 });
    const stays = [10, 17, 24, 31, 38, 45];
    stays.forEach((token, i) => expect(result.tokens.data.subarray(8 * i, 8 * i + 8)).toEqual(SMALL.subarray(8 * token, 8 * token + 8)));
    const rest = [...Array(N).keys()].filter((token) => !stays.includes(token));
    const targets = [0, 10, 20, 30].map((i) => rest[i]);
    targets.forEach((token, c) => expect(result.source[token]).toBe(6 + c));
    const joined = rest.filter((token) => result.source[token] === 6 && token !== targets[0]);
    const expected = SMALL[8 * targets[0]] + joined.reduce((sum, token) => sum + SMALL[8 * token], 0) / joined.length;
    expect(result.tokens.data[8 * 6]).toBeCloseTo(expected, 5);
  });

  test('positions: from the end of the members, and again; rows for a rotary embedding', () => {
    const data = Array.from({ length: 3 * N }, (_, i) => i);
    const result = run(SMALL, 8, { method: 'tome', remove: 16, positions: { data, width: 3, keep: 2 } });
    const kept = result.positions!;
    result.size.forEach((_, target) => {
      const members = [...result.source.keys()].filter((token) => result.source[token] === target);
      for (const k of [0, 1]) {
        const token = members[members.length - 1 - (k % members.length)];
        expect([...kept.subarray(3 * (2 * target + k), 3 * (2 * target + k) + 3)]).toEqual([3 * token, 3 * token + 1, 3 * token + 2]);
      }
    });
    const most = { data: new Float64Array(3000 * N), width: 3000, keep: 1e6 };
    expect(() => run(SMALL, 8, { method: 'tome', remove: 16, positions: most })).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    );
    const rows = positionRows(kept, 3, 2);
    expect(rows.length).toBe(6);
    expect(rows[3][5]).toBe(kept[3 * (2 * 5 + 1) + 1]);
    expect(rotaryChunks([16, 24, 24], 8)).toEqual([...Array(8).fill(2), ...Array(16).fill(3)]);
    expect(rotaryChunks([2, 3], 2)).toEqual([1, 1, 1, 1, 1]);
    const taken = Uint32Array.of(16, 24);
    structuredClone(taken.buffer, { transfer: [taken.buffer] });
    for (const sections of [taken as unknown as number[], [], Array<number>(5000).fill(1e6)])
      expect(() => rotaryChunks(sections, 7)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });

  test('a cascade is its steps one after the other', () => {
    const tokens = { data: SMALL, dims: [N, 8] };
    const steps: ReduceOptions[] = [
      { method: 'tome', remove: 20, backend, positions: { data: [...Array(N).keys()], width: 1 } },
      { method: 'dpc-knn', clusters: 9, backend },
    ];
    const whole = cascade(tokens, steps);
    const first = run(SMALL, 8, { method: 'tome', remove: 20 });
    const second = reduce(first.tokens, { method: 'dpc-knn', clusters: 9, backend, size: first.size });
    expect(whole.tokens.data).toEqual(second.tokens.data);
    expect(whole.source).toEqual(first.source.map((target) => second.source[target]));
    expect(whole.size.reduce((sum, value) => sum + value)).toBe(N);
    expect(whole.merge(SMALL)).toEqual(second.tokens.data);
    expect(whole.unmerge(second.tokens.data)).toEqual(first.unmerge(second.unmerge(second.tokens.data)));
    expect(whole.positions![0]).toBe(whole.source.lastIndexOf(0));
  });

  test('sizes of a cascade add up, whatever its steps', () => {
    const second: ReduceOptions[] = [
      { method: 'visionzip', attention: Array.from({ length: 24 }, (_, i) => i % 7), dominant: 4, contextual: 3 },
      { method: 'k-medoids', clusters: 5 },
      { method: 'spectral', clusters: 5 },
      { method: 'expedit', grid: [4, 6], target: [2, 3], temperature: 'auto' },
      { method: 'pitome', remove: 6 },
    ];
    for (const step of second) {
      const { size } = cascade({ data: SMALL, dims: [N, 8] }, [
        { backend, method: 'tome', ratio: 0.5 },
        { backend, ...step },
      ]);
      expect(size.reduce((sum, value) => sum + value, 0)).toBeCloseTo(N, 3);
    }
  });

  test('zeros, equal tokens, one token', () => {
    for (const options of EVERY) {
      const { tokens, unmerge } = run(new Float32Array(8 * N), 8, options);
      expect([...unmerge(tokens.data)].every((value) => value === 0)).toBe(true);
      expect([...run(new Float32Array(8 * N).fill(1.5), 8, options).tokens.data].every(Number.isFinite)).toBe(true);
    }
    expect(run(SMALL.subarray(0, 8), 8, { method: 'tome', remove: 0 }).tokens.data).toEqual(SMALL.subarray(0, 8));
    expect(run(SMALL.subarray(0, 8), 8, { method: 'dpc-knn', clusters: 1 }).size).toEqual(Float32Array.of(1));
  });

  test('numbers that are not finite, or not below 1e18, are refused wherever they stand', () => {
    // Long enough for products of bytes.
    const [count, width] = [160, 128];
    const tokens = blobs(5, 2 * count, 7, width, 0.5);
    for (const method of ['tome', 'tofu', 'threshold', 'tome-grid', 'visionzip', 'pitome', 'dpc-knn', 'k-medoids', 'expedit'] as const) {
      const options = {
        ...{
          tome: { remove: 70, protect: [3, 158] },
          tofu: { remove: 9 },
          threshold: { threshold: 0.5 },
          'tome-grid': { grid: [16, 10], remove: 99 },
        },
        ...{
          visionzip: { attention: new Float32Array(2 * count), dominant: 20, contextual: 10 },
          pitome: { remove: 40 },
          'dpc-knn': { clusters: 7 },
          'k-medoids': { clusters: 7 },
          expedit: { grid: [16, 10], target: [4, 5] },
        },
      }[method];
      for (const [value, at] of [
        [NaN, 0],
        [-Infinity, 3 * width + 5],
        [2e18, 2 * count * width - 1],
        [Infinity, 77 * width],
        [-NaN, 158 * width + 127],
      ] as const) {
        const wrong = tokens.slice();
        wrong[at] = value;
        const attempt = (): Reduction => reduce({ data: wrong, dims: [2, count, width] }, { backend, method, ...options } as ReduceOptions);
        expect(attempt).toThrow(
          expect.objectContaining({
            code: 'INVALID_ARGUMENT',
            message: expect.stringContaining(`in token ${Math.floor(at / width)}`) as string,
          }),
        );
      }
      for (const value of [NaN, Infinity, 1e38]) {
        const all = new Float32Array(2 * count * width).fill(value);
        expect(() => reduce({ data: all, dims: [2, count, width] }, { backend, method, ...options } as ReduceOptions)).toThrow(
          'in token 0',
        );
      }
    }
  });

  test.each<[string, () => unknown]>([
    [
      'NaN',
      () =>
        run(
          SMALL.map((x, i) => (i === 9 ? NaN : x)),
          8,
          { method: 'tome', remove: 1 },
        ),
    ],
    ['more than can be taken away', () => run(SMALL, 8, { method: 'tome', remove: 25 })],
    ['a ratio above what one step gives', () => run(SMALL, 8, { method: 'tome', ratio: 0.6 })],
    ['both amounts', () => run(SMALL, 8, { method: 'tome', ratio: 0.1, remove: 2 })],
    ['neither amount', () => run(SMALL, 8, { method: 'pitome' })],
    ['a grid that does not fit', () => run(SMALL, 8, { method: 'tome-grid', grid: [5, 8], remove: 1 })],
    ['a target larger than the grid', () => run(SMALL, 8, { method: 'expedit', grid: [6, 8], target: [7, 2] })],
    ['an even window', () => run(SMALL, 8, { method: 'expedit', grid: [6, 8], target: [3, 4], window: 4 })],
    ['more clusters than tokens', () => run(SMALL, 8, { method: 'k-medoids', clusters: 49 })],
    ['attention of another number of tokens', () => run(SMALL, 8, { method: 'visionzip', attention: [1], dominant: 1, contextual: 1 })],
    ['sizes that are not positive', () => run(SMALL, 8, { method: 'tome', remove: 1, size: new Float32Array(N) })],
    ['an unknown method', () => run(SMALL, 8, { method: 'magic' } as unknown as ReduceOptions)],
    ['no tokens', () => run(new Float32Array(0), 8, { method: 'tome', remove: 0 })],
    ['values that do not fit', () => run(SMALL, 8, { method: 'tome', remove: 1 }).merge(new Float32Array(N + 1))],
    [
      'a metric of another number of tokens',
      () => run(SMALL, 8, { method: 'tome', remove: 1, metric: { data: SMALL.subarray(8), dims: [N - 1, 8] } }),
    ],
  ])('%s is refused', (_, attempt) => {
    const codeOf = (): string => {
      try {
        attempt();
        return 'no error';
      } catch (error) {
        return (error as MerganserError).code;
      }
    };
    expect(codeOf()).toBe('INVALID_ARGUMENT');
  });
});

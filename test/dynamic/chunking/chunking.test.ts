/** Chunking and pooling against the paper's formulas, written down in doubles. */
import fc from 'fast-check';
import {
  chunkRows,
  ChunkStepper,
  dechunkRows,
  type FloatTensor,
  packRows,
  padRows,
  poolSegments,
  ratioLoss,
  routeChunks,
  upsampleRows,
} from '../../../lib/index';
import { createJsKernels } from '../../../lib/backend/js/kernels';
import { selectKernels } from '../../../lib/backend/select';
import { BACKENDS } from '../../conformance/backends';
import { FUZZ_SEED, fuzzRuns } from '../../conformance/fuzz';

const WIDTH = 3;
type Row = number[];

const floats = fc.oneof(fc.constantFrom(0, 1, -1), fc.float({ min: -4, max: 4, noNaN: true }));
const row = fc.array(floats, { minLength: WIDTH, maxLength: WIDTH });
/** Sequences of rows, some of them empty. */
const sequences = fc.array(fc.array(row, { maxLength: 9 }), { maxLength: 4 });

function pack(all: readonly Row[][]): { rows: FloatTensor; offsets: Uint32Array } {
  const offsets = new Uint32Array(all.length + 1);
  all.forEach((sequence, i) => (offsets[i + 1] = offsets[i] + sequence.length));
  return { rows: { type: 'float32', data: Float32Array.from(all.flat(2)), dims: [offsets[all.length], WIDTH] }, offsets };
}

function rowsOf({ data, dims }: FloatTensor): Row[] {
  return Array.from({ length: dims[0] }, (_, i) => Array.from(data.subarray(i * dims[1], (i + 1) * dims[1])));
}

function check(property: (all: Row[][]) => void): void {
  fc.assert(fc.property(sequences, property), { numRuns: fuzzRuns(200), seed: FUZZ_SEED });
}

const dot = (a: Row, b: Row): number => a.reduce((sum, value, i) => sum + value * b[i], 0);
const cosine = (a: Row, b: Row): number => {
  const norms = Math.sqrt(dot(a, a)) * Math.sqrt(dot(b, b));
  return norms > 0 ? dot(a, b) / norms : 0;
};

/** The formulas, one sequence at a time. */
function reference(all: readonly Row[][], chunkOf: (row: Row) => Row): { p: number[]; b: number[]; out: Row[] } {
  const result: { p: number[]; b: number[]; out: Row[] } = { p: [], b: [], out: [] };
  for (const sequence of all) {
    let average: Row = new Array<number>(WIDTH).fill(0);
    sequence.forEach((x, t) => {
      const p = Math.fround(t === 0 ? 1 : Math.min(1, Math.max(0, (1 - cosine(sequence[t - 1], x)) / 2)));
      const b = p > 0.5 ? 1 : 0;
      const share = Math.min(1 - 1e-4, Math.max(1e-4, p));
      if (b === 1) average = chunkOf(x).map((value, i) => share * value + (1 - share) * average[i]);
      result.p.push(p);
      result.b.push(b);
      result.out.push(average);
    });
  }
  return result;
}

const doubled = (values: Row): Row => values.map((value) => 2 * value + 1);

describe('chunking', () => {
  it('follows the formulas', () => {
    check((all) => {
      const { rows, offsets } = pack(all);
      const routing = routeChunks(rows, offsets);
      const chunks = chunkRows(rows, routing.boundaries, offsets);
      const worked: FloatTensor = { ...chunks.rows, data: Float32Array.from(chunks.rows.data, (value) => 2 * value + 1) };
      const expected = reference(all, doubled);
      expect(Array.from(routing.probabilities)).toEqual(expected.p);
      expect(Array.from(routing.boundaries)).toEqual(expected.b);
      expect(rowsOf(chunks.rows)).toEqual(
        all
          .flat()
          .filter((_, i) => expected.b[i] === 1)
          .map((values) => values.map(Math.fround)),
      );
      const counts = Array.from(offsets, (offset) => expected.b.slice(0, offset).reduce((sum, b) => sum + b, 0));
      expect(Array.from(chunks.offsets)).toEqual(counts);
      rowsOf(dechunkRows(worked, routing, offsets)).forEach((values, t) =>
        values.forEach((value, i) => expect(Math.abs(value - expected.out[t][i])).toBeLessThan(1e-5)),
      );
    });
  });

  it('gives the same step by step', () => {
    check((all) => {
      for (const sequence of all.filter(({ length }) => length > 0)) {
        const { rows, offsets } = pack([sequence]);
        const routing = routeChunks(rows, offsets);
        const whole = rowsOf(dechunkRows(chunkRows(rows, routing.boundaries, offsets).rows, routing, offsets));
        const stepper = new ChunkStepper(WIDTH);
        sequence.forEach((values, t) => {
          const x = Float32Array.from(values);
          const { probability, boundary } = stepper.route(x);
          expect([probability, boundary ? 1 : 0]).toEqual([routing.probabilities[t], routing.boundaries[t]]);
          expect(Array.from(stepper.dechunk(probability, boundary ? x : null))).toEqual(whole[t]);
        });
      }
    });
  });

  it('takes queries and keys of their own', () => {
    const queries = pack([
      [
        [1, 0, 0],
        [0, 1, 0],
      ],
    ]);
    const keys = pack([
      [
        [0, 0, 1],
        [1, 0, 0],
      ],
    ]).rows;
    expect(Array.from(routeChunks(queries.rows, queries.offsets, keys).probabilities)).toEqual([1, 0]);
    expect(Array.from(routeChunks(queries.rows, queries.offsets).boundaries)).toEqual([1, 0]);
  });

  it('repeats chunks over their positions', () => {
    const chunks = pack([
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
    ]).rows;
    expect(rowsOf(upsampleRows(chunks, Uint8Array.of(1, 0, 1, 0, 0)))).toEqual([
      [1, 2, 3],
      [1, 2, 3],
      [4, 5, 6],
      [4, 5, 6],
      [4, 5, 6],
    ]);
  });

  it('has the ratio loss of the paper', () => {
    const routing = { probabilities: Float32Array.of(1, 0.25, 0.5, 0.25), boundaries: Uint8Array.of(1, 0, 0, 0) };
    expect(ratioLoss(routing, 4)).toBeCloseTo((4 / 3) * (3 * 0.25 * 0.5 + 0.75 * 0.5), 12);
  });

  it('converts padded batches', () => {
    check((all) => {
      const { rows, offsets } = pack(all);
      const padded = padRows(rows, offsets);
      expect(padded.dims).toEqual([all.length, Math.max(0, ...all.map(({ length }) => length)), WIDTH]);
      expect(
        packRows(
          padded,
          all.map(({ length }) => length),
        ),
      ).toEqual({ rows, offsets });
    });
  });

  it('refuses what does not fit', () => {
    const { rows, offsets } = pack([
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
    ]);
    expect(() => routeChunks(rows, Uint32Array.of(0, 1))).toThrow(/ascending from 0 to 2/u);
    expect(() => chunkRows(rows, Uint8Array.of(1), offsets)).toThrow(/zeros and ones/u);
    expect(() => dechunkRows(rows, { probabilities: Float32Array.of(1, 1), boundaries: Uint8Array.of(0, 1) }, offsets)).toThrow(
      /sequence 0/u,
    );
    expect(() => dechunkRows(rows, { probabilities: Float32Array.of(1, 0), boundaries: Uint8Array.of(1, 0) }, offsets)).toThrow(/1 rows/u);
    expect(() => dechunkRows(rows, null!, offsets)).toThrow(/routing/u);
    expect(() => new ChunkStepper(2 ** 53)).toThrow(/width/u);
    expect(() => upsampleRows(rows, Uint8Array.of(0, 1))).toThrow(/boundaries\[0\]/u);
    expect(() => packRows(padRows(rows, offsets), [3])).toThrow(/lengths\[0\]/u);
    expect(() => new ChunkStepper(2).route(Float32Array.of(1))).toThrow(/Float32Array of 2/u);
  });
});

describe('poolSegments', () => {
  const { rows } = pack([
    [
      [1, -2, 3],
      [4, -5, 0],
      [7, 8, 9],
    ],
  ]);
  const offsets = Uint32Array.of(0, 2, 2, 3);
  it.each([
    [
      'mean',
      [
        [2.5, -3.5, 1.5],
        [0, 0, 0],
        [7, 8, 9],
      ],
    ],
    [
      'max',
      [
        [4, -2, 3],
        [0, 0, 0],
        [7, 8, 9],
      ],
    ],
    [
      'first',
      [
        [1, -2, 3],
        [0, 0, 0],
        [7, 8, 9],
      ],
    ],
  ] as const)('%s', (pooling, expected) => {
    expect(rowsOf(poolSegments(rows, offsets, pooling))).toEqual(expected);
  });
});

describe('chunking kernels', () => {
  it('give the same bits on every backend', () => {
    const [count, width] = [300, 33];
    const values = Float32Array.from({ length: count * width }, (_, i) => Math.sin(i * i));
    const offsets = Uint32Array.of(0, 0, 1, 120, 300);
    const results = [...BACKENDS.map((backend) => selectKernels(backend)), createJsKernels()].map((kernels) => {
      const probabilities = new Float32Array(count);
      kernels.routeRows(values, values, width, offsets, probabilities);
      const averages = new Float32Array(values.length);
      kernels.averageRows(values, probabilities, width, offsets, averages);
      return { probabilities, averages };
    });
    for (const result of results) expect(result).toEqual(results.at(-1));
  });
});

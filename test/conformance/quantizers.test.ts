/** Codes of vectors: every backend has those of a search in double precision, on any number of threads. */
import { FiniteScalarQuantizer, ProductQuantizer, ResidualQuantizer, type Codes, type Float32Vectors } from '../../lib/index';
import { RandomStream } from '../../lib/clustering/random';
import { fromBfloat16, fromFloat16 } from '../../lib/backend/half-floats';
import { selectKernels } from '../../lib/backend/select';
import { levelOf, startsOf } from '../../lib/quantizers/scalar-levels';
import { describeEachBackend } from './backends';

const random = new RandomStream(9);
const rows = (count: number, dims: number, scale = 1, offset = 0): Float32Vectors => ({
  type: 'float32',
  data: Float32Array.from({ length: count * dims }, () => offset + scale * random.gaussian()),
  dims: [count, dims],
});

/** The sum of squares that codes leave of each vector. */
function leftBy(vectors: Float32Vectors, decoded: Float32Vectors): number[] {
  const [count, dims] = vectors.dims;
  return Array.from({ length: count }, (_, row) => {
    let sum = 0;
    for (let at = row * dims; at < (row + 1) * dims; at++) sum += (vectors.data[at] - decoded.data[at]) ** 2;
    return sum;
  });
}

/** What nearest codes leave, in double precision, of parts. */
function leastOfParts(vectors: Float32Vectors, codebooks: readonly Float32Vectors[]): number[] {
  const [count, dims] = vectors.dims;
  return Array.from({ length: count }, (_, row) => {
    let [total, place] = [0, 0];
    for (const {
      data,
      dims: [codes, width],
    } of codebooks) {
      let least = Infinity;
      for (let code = 0; code < codes; code++) {
        let sum = 0;
        for (let k = 0; k < width; k++) sum += (vectors.data[row * dims + place + k] - data[code * width + k]) ** 2;
        least = Math.min(least, sum);
      }
      total += least;
      place += width;
    }
    return total;
  });
}

describeEachBackend('codes', (backend) => {
  test.each([
    [1, [1], [1]],
    [5, [1, 3], [17, 2]],
    [700, [7, 9, 1], [33, 5, 16]],
    [300, [8, 8], [300, 31]],
  ] as const)('parts: %i vectors, parts of %j, %j codes', async (count, widths, sizes) => {
    for (const [scale, offset] of [
      [1, 0],
      [1e15, 0],
      [1e-12, 0],
      [1, 1000],
    ]) {
      const codebooks = widths.map((width, i) => rows(sizes[i], width, scale, offset));
      const quantizer = new ProductQuantizer(codebooks);
      const vectors = rows(count, quantizer.dims, scale, offset);
      const codes: Codes = await quantizer.encode(vectors, { backend, threads: 1 });
      for (const threads of [2, 3, 0]) expect(await quantizer.encode(vectors, { backend, threads })).toEqual(codes);
      const left = leftBy(vectors, await quantizer.decode(codes, { backend }));
      leastOfParts(vectors, codebooks).forEach((least, row) =>
        expect(left[row]).toBeLessThanOrEqual(least * (1 + 1e-4) + 1e-9 * scale ** 2),
      );
    }
  });

  test.each([1, 2, 7, 64])(
    'rests: a beam of %i leaves no more than a narrower one on average, and the same on any number of threads',
    async (beam) => {
      const codebooks = [rows(19, 11), rows(40, 11, 0.5), rows(3, 11, 0.2)];
      const vectors = rows(500, 11);
      const quantizer = new ResidualQuantizer(codebooks, beam);
      const codes = await quantizer.encode(vectors, { backend, threads: 1 });
      for (const threads of [2, 5]) expect(await quantizer.encode(vectors, { backend, threads })).toEqual(codes);
      const sum = async (of: ResidualQuantizer, those: Codes): Promise<number> =>
        leftBy(vectors, await of.decode(those, { backend })).reduce((a, b) => a + b, 0);
      const greedy = new ResidualQuantizer(codebooks, 1);
      expect(await sum(quantizer, codes)).toBeLessThanOrEqual((await sum(greedy, await greedy.encode(vectors, { backend }))) * (1 + 1e-6));
    },
  );

  test('equal codes: the first one; vectors and codebooks that are too long are refused', async () => {
    const codebook: Float32Vectors = { type: 'float32', data: new Float32Array(40 * 3).fill(2), dims: [40, 3] };
    for (const quantizer of [
      new ProductQuantizer([codebook]),
      new ResidualQuantizer([codebook, codebook], 1),
      new ResidualQuantizer([codebook, codebook], 4),
    ]) {
      const { data } = await quantizer.encode(rows(30, 3), { backend });
      expect(data.every((code) => code === 0)).toBe(true);
      const refused = expect.objectContaining({ code: 'INVALID_ARGUMENT' });
      await expect(quantizer.encode(rows(3, 3, 1e30), { backend })).rejects.toEqual(refused);
      await expect(quantizer.encode(rows(3, 3), { backend, threads: -1 })).rejects.toEqual(refused);
    }
    expect(() => new ProductQuantizer([rows(2, 3, 1e30)])).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });

  test('codes of finite scalars come back from what they stand for', async () => {
    const quantizer = new FiniteScalarQuantizer([5, 4, 3]);
    const all: Codes = { type: 'uint32', data: Uint32Array.from({ length: 60 }, (_, i) => i), dims: [60, 1] };
    const { data } = await quantizer.decode(all, { backend });
    expect(data.every((value) => value >= -1 && value <= 1)).toBe(true);
  });
});

/** Sums of codebooks' rows in their order, in single precision, at their places. */
function decodedBy(codes: Codes, codebooks: readonly Float32Vectors[], places: readonly number[], dims: number): Float32Array {
  const out = new Float32Array(codes.dims[0] * dims).fill(-0);
  codes.data.forEach((code, i) => {
    const book = i % codebooks.length;
    const { data, dims: shape } = codebooks[book];
    for (let k = 0; k < shape[1]; k++) out[Math.floor(i / codebooks.length) * dims + places[book] + k] += data[code * shape[1] + k];
  });
  return out;
}

describeEachBackend('vectors of codes', (backend) => {
  const codesOf = (count: number, sizes: readonly number[]): Codes => ({
    type: 'uint32',
    data: Uint32Array.from({ length: count * sizes.length }, (_, i) => Math.floor(random.next() * sizes[i % sizes.length])),
    dims: [count, sizes.length],
  });
  const booksOf = (widths: readonly number[], sizes: readonly number[]): Float32Vectors[] =>
    widths.map((width, i) => {
      const book = rows(sizes[i], width);
      book.data.set([0, -0].slice(0, width));
      return book;
    });
  /** More than a million numbers go past the caches. */
  const counts = (dims: number): number[] => [1, 7, 300, Math.ceil(2 ** 20 / dims) + 3];

  test.each([
    [
      [8, 8, 8, 8],
      [7, 7, 7, 7],
    ],
    [
      [4, 4, 4],
      [5, 9, 2],
    ],
    [
      [16, 16],
      [3, 40],
    ],
    [
      [1, 1, 1],
      [2, 2, 2],
    ],
    [
      [5, 3, 16, 8, 1],
      [3, 300, 2, 9, 4],
    ],
    [[130], [17]],
  ])('parts of %j numbers', async (widths, sizes) => {
    const codebooks = booksOf(widths, sizes);
    const quantizer = new ProductQuantizer(codebooks);
    const places = widths.map((_, i) => widths.slice(0, i).reduce((a, b) => a + b, 0));
    for (const count of counts(quantizer.dims)) {
      const codes = codesOf(count, sizes);
      const expected = decodedBy(codes, codebooks, places, quantizer.dims);
      for (const threads of [1, 3]) {
        const { data } = await quantizer.decode(codes, { backend, threads });
        expect(Buffer.from(data.buffer, data.byteOffset, data.byteLength).equals(Buffer.from(expected.buffer))).toBe(true);
      }
    }
  });

  test.each([1, 15, 16, 64, 67, 131, 5000])('sums of rows of %i numbers', async (dims) => {
    const sizes = [6, 30, 6];
    const codebooks = booksOf([dims, dims, dims], sizes);
    const quantizer = new ResidualQuantizer(codebooks);
    for (const count of counts(dims)) {
      const codes = codesOf(count, sizes);
      const expected = decodedBy(codes, codebooks, [0, 0, 0], dims);
      const { data } = await quantizer.decode(codes, { backend });
      expect(Buffer.from(data.buffer, data.byteOffset, data.byteLength).equals(Buffer.from(expected.buffer))).toBe(true);
    }
  });

  test('a code that a codebook does not have is named, wherever it stands', async () => {
    for (const sizes of [
      [5, 5, 5],
      [5, 2, 9],
    ]) {
      const quantizer = new ProductQuantizer(booksOf([8, 8, 8], sizes));
      for (const count of [3, 60_000]) {
        for (const at of [0, 1, count * 2, count * 3 - 1]) {
          const codes = codesOf(count, sizes);
          codes.data[at] = at % 2 === 0 ? sizes[at % 3] : 2 ** 32 - 1;
          await expect(quantizer.decode(codes, { backend })).rejects.toMatchObject({
            code: 'INVALID_ARGUMENT',
            message: expect.stringMatching(new RegExp(`below ${sizes[at % 3]}, .*number ${codes.data[at]}\\b`)),
          });
        }
      }
    }
  });

  test.each([[[2]], [[3, 2, 4, 5]], [[8, 8, 8, 8, 8, 8, 8]], [[2, 256, 7, 16]], [[5, 300]], [[16_384, 4]], [[20_000, 3]], [[2 ** 32]]])(
    'scalars with levels %j: codes and what they stand for are those of the formulas',
    async (levels) => {
      const quantizer = new FiniteScalarQuantizer(levels);
      const dims = levels.length;
      const basis = levels.map((_, i) => levels.slice(0, i).reduce((a, b) => a * b, 1));
      for (const count of [1, 70_000]) {
        const vectors = rows(count, dims, 1.5);
        vectors.data.set([-0]);
        const codes = await quantizer.encode(vectors, { backend });
        const expected = Array.from({ length: count }, (_, row) =>
          levels.reduce((sum, level, i) => sum + basis[i] * levelOf(vectors.data[row * dims + i], level), 0),
        );
        expect(codes.data.every((code, i) => code === expected[i])).toBe(true);
        const { data } = await quantizer.decode(codes, { backend });
        const numbers = Float32Array.from({ length: count * dims }, (_, i) => {
          const level = levels[i % dims];
          const place = Math.floor(codes.data[Math.floor(i / dims)] / basis[i % dims]) % level;
          return level === 2 ? place - 0.5 : (place - Math.floor(level / 2)) / Math.floor(level / 2);
        });
        expect(data.every((value, i) => Object.is(value, numbers[i]))).toBe(true);
      }
      const beyond = { type: 'uint32', data: Uint32Array.of(quantizer.codes), dims: [1, 1] } as const;
      if (quantizer.codes < 2 ** 32)
        await expect(quantizer.decode(beyond, { backend })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    },
  );

  test('scalars: half precision, and vectors that are not finite or too long', async () => {
    const quantizer = new FiniteScalarQuantizer([8, 5, 5]);
    const count = 30_000;
    for (const [type, widen] of [
      ['float16', fromFloat16],
      ['bfloat16', fromBfloat16],
    ] as const) {
      // Numbers to about 2 in either form.
      const bits = Uint16Array.from({ length: count * 3 }, () => Math.floor(random.next() * 0x4000) | (random.next() < 0.5 ? 0x8000 : 0));
      const wide = Float32Array.from(bits, (each) => widen(each));
      const codes = await quantizer.encode({ data: bits, dims: [count, 3], type }, { backend });
      expect(codes).toEqual(await quantizer.encode({ data: wide, dims: [count, 3] }, { backend }));
    }
    for (const [bad, refused] of [
      [NaN, true],
      [-Infinity, true],
      [4e18, true],
      [3e18, false],
    ] as const) {
      const vectors = rows(count, 3);
      vectors.data[29_000 * 3 + 1] = bad;
      const work = quantizer.encode(vectors, { backend });
      if (refused) await expect(work).rejects.toThrow(/29000/);
      else await work;
    }
  });
});

describeEachBackend('levels', (backend) => {
  test.each([2, 3, 4, 5, 8, 16, 33, 256])('%i levels by where they begin are those of the formula', (levels) => {
    const values = Float32Array.from({ length: 20_000 }, (_, i) => (i % 3 === 0 ? 8 * (random.next() - 0.5) : 2 * random.gaussian()));
    const starts = startsOf(levels)!;
    const near = new Int32Array(starts.buffer.slice(0)).filter((bits) => bits !== -(2 ** 31));
    values.set([0, -0, 1e-45, -1e-45, 3e18, -3e18]);
    for (const step of [-1, 0, 1]) values.set(new Float32Array(near.map((bits) => bits + step).buffer), 1000 * (step + 2));
    const found = new Uint32Array(values.length);
    const points = { data: values, type: 'float32', dims: 1, count: values.length, rows: null, weights: null } as const;
    selectKernels(backend).encodeScalars({ points, first: 0, count: values.length, starts: [starts], basis: Uint32Array.of(1) }, found);
    expect([...found]).toEqual(Array.from(values, (value) => levelOf(value, levels)));
  });
});

test('of more levels it is not known where they begin', () => {
  expect(startsOf(257)).toBeNull();
});

/** Codes of vectors: every backend has those of a search in double precision, on any number of threads. */
import { FiniteScalarQuantizer, ProductQuantizer, ResidualQuantizer, type Codes, type Float32Vectors } from '../../lib/index';
import { RandomStream } from '../../lib/clustering/random';
import { LevelFinder, levelOf } from '../../lib/quantizers/scalar-levels';
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

test.each([2, 3, 4, 5, 8, 16, 33, 256, 257])('%i levels by where they begin are those of the formula', (levels) => {
  const values = Float32Array.from({ length: 20_000 }, (_, i) => (i % 3 === 0 ? 8 * (random.next() - 0.5) : 2 * random.gaussian()));
  values.set([0, -0, 1e-45, -1e-45, 3e38, -3e38]);
  const found = new Float64Array(values.length);
  LevelFinder.of(levels).add(values, 0, 1, 1, found);
  expect([...found]).toEqual(Array.from(values, (value) => levelOf(value, levels)));
});

/** Quantizers on every backend: NumPy's codes, faiss's distortion, files, metrics, and bad input. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fixture from '../fixtures/quantizers.json';
import {
  codeStatistics,
  evaluateQuantizer,
  FiniteScalarQuantizer,
  KMeansQuantizer,
  loadQuantizer,
  ProductQuantizer,
  quantizerFromBytes,
  ResidualQuantizer,
  unitAgreement,
  type Codes,
  type Quantizer,
} from '../../lib/index';
import { writeRecord } from '../../lib/records/sealed-record';
import { blobs, gaussians, toBfloat16 } from '../clustering/blobs';
import { describeEachBackend } from '../conformance/backends';

const COUNT = 400;
const DIMS = 12;
const VECTORS = { data: blobs(51, COUNT, 30, DIMS, 0.5), dims: [COUNT, DIMS] };
const CLASSES = Array.from({ length: COUNT }, (_, i) => i % 30);
const TRAINING = { codebookSize: 16, initialization: 'kkz', maxIterations: 300 } as const;
const refused = expect.objectContaining({ code: 'INVALID_ARGUMENT' });

function rowsOf({ data, dims: [vectors, books] }: Codes): number[][] {
  return Array.from({ length: vectors }, (_, i) => [...data.subarray(i * books, (i + 1) * books)]);
}

function codesOf(rows: readonly number[][]): Codes {
  return { type: 'uint32', data: Uint32Array.from(rows.flat()), dims: [rows.length, rows[0].length] };
}

/** A quantizer of each kind. */
async function everyQuantizer(backend: 'native' | 'js'): Promise<Quantizer[]> {
  return [
    await KMeansQuantizer.train(VECTORS, { ...TRAINING, backend }),
    await ResidualQuantizer.train(VECTORS, { ...TRAINING, codebooks: 3, beam: 5, backend }),
    await ProductQuantizer.train(VECTORS, { ...TRAINING, parts: 3, backend }),
    new FiniteScalarQuantizer([3, 2, 5, 4, 3, 2, 2, 2, 3, 2, 3, 2]),
  ];
}

describeEachBackend('quantizers', (backend) => {
  test('NumPy: k-means tokens', async () => {
    const quantizer = await KMeansQuantizer.train(VECTORS, { ...TRAINING, backend });
    const codes = await quantizer.encode(VECTORS, { backend });
    expect([...codes.data]).toEqual(fixture.kMeans.codes);
    const metrics = await evaluateQuantizer(quantizer, VECTORS, { backend, classes: CLASSES });
    expect(metrics.meanSquaredError).toBeCloseTo(fixture.kMeans.error, 6);
    const { purity, unitPurity, pnmi } = fixture.metrics;
    expect(metrics.agreement).toEqual({
      purity: expect.closeTo(purity, 10),
      unitPurity: expect.closeTo(unitPurity, 10),
      pnmi: expect.closeTo(pnmi, 10),
    });
  });

  test('NumPy and faiss: residual quantization, greedily and by beam search', async () => {
    const { codes, error, beamCodes, beamError, faissError } = fixture.residual;
    const greedy = await ResidualQuantizer.train(VECTORS, { ...TRAINING, codebooks: 3, backend });
    expect(rowsOf(await greedy.encode(VECTORS, { backend }))).toEqual(codes);
    const metrics = await evaluateQuantizer(greedy, VECTORS, { backend, rate: 50 });
    expect(metrics.meanSquaredError).toBeCloseTo(error, 6);
    expect(metrics.bitrate).toBeCloseTo(fixture.metrics.bitrate, 9);
    expect(metrics.signalToNoise).toBeCloseTo(fixture.metrics.signalToNoise, 4);
    metrics.perplexity.forEach((value, i) => expect(value).toBeCloseTo(fixture.metrics.perplexity[i], 9));
    const beam = new ResidualQuantizer(greedy.codebooks, 5);
    expect(rowsOf(await beam.encode(VECTORS, { backend }))).toEqual(beamCodes);
    const withBeam = (await evaluateQuantizer(beam, VECTORS, { backend })).meanSquaredError;
    expect(withBeam).toBeCloseTo(beamError, 6);
    // faiss searches with beams in training, too.
    expect(withBeam).toBeLessThan(faissError * 1.1);
  });

  test('NumPy and faiss: product quantization', async () => {
    const quantizer = await ProductQuantizer.train(VECTORS, { ...TRAINING, parts: 3, backend });
    expect(rowsOf(await quantizer.encode(VECTORS, { backend }))).toEqual(fixture.product.codes);
    const { meanSquaredError } = await evaluateQuantizer(quantizer, VECTORS, { backend });
    expect(meanSquaredError).toBeCloseTo(fixture.product.error, 6);
    expect(meanSquaredError).toBeLessThan(fixture.product.faissError * 1.1);
  });

  test('a beam of all codes finds the best sum of two', async () => {
    const quantizer = await ResidualQuantizer.train(VECTORS, { ...TRAINING, codebookSize: 6, codebooks: 2, beam: 6, backend });
    const { data } = await quantizer.encode(VECTORS, { backend });
    const [first, second] = quantizer.codebooks.map((codebook) => codebook.data);
    for (let i = 0; i < 40; i++) {
      const errors = Array.from({ length: 36 }, (_, pair) => {
        let sum = 0;
        for (let k = 0; k < DIMS; k++) {
          sum += (VECTORS.data[i * DIMS + k] - first[Math.floor(pair / 6) * DIMS + k] - second[(pair % 6) * DIMS + k]) ** 2;
        }
        return sum;
      });
      expect(errors[6 * data[2 * i] + data[2 * i + 1]]).toBeCloseTo(Math.min(...errors), 5);
    }
  });

  test('one contract: what is saved comes back the same, half precision, no vectors, progress and abort', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'merganser-quantizers-'));
    const { bits, values } = toBfloat16(VECTORS.data);
    for (const quantizer of await everyQuantizer(backend)) {
      const path = join(folder, quantizer.kind);
      await quantizer.save(path);
      const loaded = await loadQuantizer(path);
      expect(loaded).toEqual(quantizer);
      const codes = await quantizer.encode(VECTORS, { backend });
      expect(codes.dims).toEqual([COUNT, quantizer.codebookSizes.length]);
      expect(await loaded.encode(VECTORS, { backend })).toEqual(codes);
      const decoded = await loaded.decode(codes);
      expect(decoded.dims).toEqual([COUNT, DIMS]);
      expect(await quantizer.decode(codes)).toEqual(decoded);
      const half = await quantizer.encode({ data: bits, dims: [COUNT, DIMS], type: 'bfloat16' }, { backend });
      expect(half).toEqual(await quantizer.encode({ data: values, dims: [COUNT, DIMS] }, { backend }));
      expect((await quantizer.encode({ data: new Float32Array(0), dims: [0, DIMS] }, { backend })).data.length).toBe(0);
      const seen: number[] = [];
      await quantizer.encode(VECTORS, { backend, onProgress: (done) => seen.push(done) });
      expect(seen.at(-1)).toBe(COUNT);
      const aborted = expect.objectContaining({ code: 'ABORTED' });
      await expect(quantizer.encode(VECTORS, { backend, signal: AbortSignal.abort() })).rejects.toEqual(aborted);
      await expect(quantizer.encode({ data: new Float32Array(DIMS + 1), dims: [1, DIMS + 1] }, { backend })).rejects.toEqual(refused);
      const holed = VECTORS.data.slice();
      holed[17 * DIMS + 3] = NaN;
      await expect(quantizer.encode({ data: holed, dims: [COUNT, DIMS] }, { backend })).rejects.toThrow(/17/);
      await expect(quantizer.decode({ ...codes, data: codes.data.map(() => 2 ** 32 - 1) })).rejects.toEqual(refused);
    }
    expect(readdirSync(folder).length).toBe(4);
    rmSync(folder, { recursive: true });
  });

  test('training: seeds, progress of each codebook, and what is refused', async () => {
    const train = (seed: number) => ResidualQuantizer.train(VECTORS, { codebookSize: 16, codebooks: 2, seed, backend });
    expect((await train(3)).toBytes()).toEqual((await train(3)).toBytes());
    expect((await train(3)).toBytes()).not.toEqual((await train(4)).toBytes());
    await expect(KMeansQuantizer.train(VECTORS, { codebookSize: 4, backend, signal: AbortSignal.abort() })).rejects.toEqual(
      expect.objectContaining({ code: 'ABORTED' }),
    );
    for (const attempt of [
      KMeansQuantizer.train(VECTORS, { codebookSize: COUNT + 1, backend }),
      KMeansQuantizer.train({ data: new Float32Array(12).fill(NaN), dims: [1, 12] }, { codebookSize: 1, backend }),
      KMeansQuantizer.train({ data: new Float32Array(0), dims: [0, 12] }, { codebookSize: 1, backend }),
      ResidualQuantizer.train(VECTORS, { codebookSize: 4, codebooks: 0, backend }),
      ResidualQuantizer.train(VECTORS, { codebookSize: 4, codebooks: 1, beam: 0, backend }),
      ProductQuantizer.train(VECTORS, { codebookSize: 4, parts: 5, backend }),
    ]) {
      await expect(attempt).rejects.toEqual(refused);
    }
    // Equal vectors leave codebooks of zeros, not of NaN.
    const equal = { data: new Float32Array(20 * 4).fill(2), dims: [20, 4] };
    const quantizer = await ResidualQuantizer.train(equal, { codebookSize: 4, codebooks: 2, beam: 3, backend });
    expect([...(await quantizer.decode(await quantizer.encode(equal, { backend }))).data].every((value) => value === 2)).toBe(true);
  });
});

test.each(fixture.scalar)('NumPy: finite scalar quantization with levels $levels', async ({ levels, codes }) => {
  const quantizer = new FiniteScalarQuantizer(levels);
  const data = Float32Array.from(gaussians(52, 60 * levels.length), (value) => 1.5 * Math.fround(value));
  expect([...(await quantizer.encode({ data, dims: [60, levels.length] })).data]).toEqual(codes);
});

test('finite scalar quantization: zeros are code 500 of 1000, what codes stand for is encoded as them, levels ascend', async () => {
  const quantizer = new FiniteScalarQuantizer([8, 5, 5, 5]);
  expect(quantizer.codes).toBe(1000);
  expect([...(await quantizer.encode({ data: new Float32Array(4), dims: [1, 4] })).data]).toEqual([500]);
  for (const levels of [
    [8, 5, 5, 5],
    [2, 2, 3],
    [7, 4],
  ]) {
    const each = new FiniteScalarQuantizer(levels);
    const all: Codes = { type: 'uint32', data: Uint32Array.from({ length: each.codes }, (_, i) => i), dims: [each.codes, 1] };
    const { data } = await each.decode(all);
    expect(Math.max(...data.map(Math.abs))).toBeLessThanOrEqual(1);
    expect(new Set(rowsOf({ ...all, data: new Uint32Array(data.buffer), dims: [each.codes, levels.length] }).map(String)).size).toBe(
      each.codes,
    );
    const steps = Float32Array.from({ length: 100 * levels.length }, (_, i) => (Math.floor(i / levels.length) - 50) / 10);
    const line = (await each.decode(await each.encode({ data: steps, dims: [100, levels.length] }))).data;
    levels.forEach((level, i) => {
      const seen = Array.from({ length: 100 }, (_, row) => line[row * levels.length + i]);
      expect(seen.every((value, row) => row === 0 || value >= seen[row - 1])).toBe(true);
      expect(new Set(seen).size).toBe(level);
    });
  }
  expect(() => new FiniteScalarQuantizer([1])).toThrow(refused);
});

test('metrics: usage and perplexity of codes, agreement of units of several codes', () => {
  const codes = codesOf([
    [0, 1],
    [0, 1],
    [1, 1],
    [1, 0],
  ]);
  const { bitrate, usage, perplexity } = codeStatistics(codes, [4, 2], 10);
  expect(bitrate).toBe(30);
  expect(usage).toEqual([0.5, 1]);
  expect(perplexity[0]).toBeCloseTo(2, 12);
  expect(unitAgreement([5, 5, 6, 7], codes)).toEqual({ purity: 1, unitPurity: 1, pnmi: expect.closeTo(1, 12) });
  expect(() => codeStatistics(codes, [4, 1])).toThrow(refused);
  expect(() => unitAgreement([1], codes)).toThrow(refused);
});

test('a file that is sealed but that no quantizer wrote is refused, and so is saving a codebook that was taken away', () => {
  const malformed = expect.objectContaining({ code: 'MALFORMED_FILE' });
  const read = (header: object, numbers: readonly number[]): Quantizer =>
    quantizerFromBytes(writeRecord('MERGQNT1', header, new Uint8Array(Float32Array.from(numbers).buffer)));
  const book = { version: 1, kind: 'k-means', dims: 2, codebooks: [[1, 2]] };
  const beams = { ...book, kind: 'residual', beam: 2 };
  const scalar = { version: 1, kind: 'finite-scalar', dims: 2, levels: [8, 5], codebooks: [] };
  for (const header of [book, beams]) expect([...read(header, [1, 2]).toBytes()].length).toBeGreaterThan(0);
  expect(read(scalar, []).codebookSizes).toEqual([40]);
  const wrong: readonly (readonly [object, readonly number[]])[] = [
    [{ ...book, version: 2 }, [1, 2]],
    [{ ...book, kind: '__proto__' }, [1, 2]],
    [{ ...book, dims: 3 }, [1, 2]],
    [{ ...book, codebooks: [[1e9, 1e9]] }, [1, 2]],
    [{ ...book, codebooks: undefined }, [1, 2]],
    [{ ...book, codebooks: [...book.codebooks, [1, 2]] }, [1, 2, 3, 4]],
    [book, [1, NaN]],
    [book, [1, 1e30]],
    [{ ...beams, beam: 1.5 }, [1, 2]],
    [{ ...beams, beam: '2' }, [1, 2]],
    [{ ...beams, codebooks: [] }, []],
    [{ ...beams, codebooks: [...beams.codebooks, [2, 1]] }, [1, 2, 3, 4]],
    [{ ...scalar, levels: [8, '5'] }, []],
    [{ ...scalar, levels: [8, -5] }, []],
    [{ ...scalar, dims: 40, levels: new Array<number>(40).fill(2) }, []],
    [{ ...scalar, codebooks: [[1, 1]] }, [1]],
    [[1, 2, 3], []],
  ];
  for (const [header, numbers] of wrong) expect(() => read(header, numbers)).toThrow(malformed);
  const data = Float32Array.of(1, 2);
  const quantizer = new KMeansQuantizer({ type: 'float32', data, dims: [1, 2] });
  structuredClone(data.buffer, { transfer: [data.buffer] });
  expect(() => quantizer.toBytes()).toThrow(refused);
});

test('a file that is damaged anywhere, cut off, longer or of another kind is refused', async () => {
  const malformed = expect.objectContaining({ code: 'MALFORMED_FILE' });
  for (const quantizer of await everyQuantizer('js')) {
    const bytes = quantizer.toBytes();
    for (let at = 0; at < bytes.length; at += Math.ceil(bytes.length / 150)) {
      const damaged = bytes.slice();
      damaged[at] ^= 1 << (at % 8);
      expect(() => quantizerFromBytes(damaged)).toThrow(malformed);
      expect(() => quantizerFromBytes(bytes.subarray(0, at))).toThrow(malformed);
    }
    expect(() => quantizerFromBytes(Uint8Array.of(...bytes, 0))).toThrow(malformed);
  }
  const folder = mkdtempSync(join(tmpdir(), 'merganser-quantizers-'));
  writeFileSync(join(folder, 'other'), readFileSync(__filename));
  await expect(loadQuantizer(join(folder, 'other'))).rejects.toEqual(malformed);
  await expect(loadQuantizer(join(folder, 'none'))).rejects.toEqual(expect.objectContaining({ code: 'NOT_FOUND' }));
  await expect((await everyQuantizer('js'))[0].save(join(folder, 'no', 'folder'))).rejects.toEqual(
    expect.objectContaining({ code: 'NOT_FOUND' }),
  );
  expect(readdirSync(folder)).toEqual(['other']);
  rmSync(folder, { recursive: true });
});

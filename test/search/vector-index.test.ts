/** The vector index on every backend: brute force in double precision, every kind of storage and metric, random changes against a model, and bad input. */
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { VectorIndex, type VectorIndexOptions, type Vectors, type VectorSearchResult } from '../../lib/index';
import { gaussians } from '../clustering/blobs';
import { describeEachBackend } from '../conformance/backends';

const DIMS = 24;

function vectors(data: Float32Array, dims = DIMS): Vectors {
  return { data, dims: [data.length / dims, dims] };
}

function noise(seed: number, count: number, dims = DIMS): Float32Array {
  return Float32Array.from(gaussians(seed, count * dims));
}

type Metric = 'inner-product' | 'cosine' | 'l2';

/** Greater is better. */
function exactScore(metric: Metric, x: ArrayLike<number>, q: ArrayLike<number>): number {
  let [product, distance, xx, qq] = [0, 0, 0, 0];
  for (let i = 0; i < x.length; i++) {
    product += x[i] * q[i];
    distance += (x[i] - q[i]) ** 2;
    xx += x[i] * x[i];
    qq += q[i] * q[i];
  }
  if (metric === 'l2') return -distance;
  if (metric === 'cosine') return xx === 0 || qq === 0 ? 0 : product / Math.sqrt(xx * qq);
  return product;
}

interface Found {
  readonly id: number;
  readonly score: number;
}

function bruteForce(metric: Metric, rows: ReadonlyMap<number, ArrayLike<number>>, query: ArrayLike<number>, k: number): Found[] {
  const all = [...rows].map(([id, row]) => ({ id, score: exactScore(metric, row, query) }));
  return all.sort((a, b) => b.score - a.score || a.id - b.id).slice(0, k);
}

/** Ids are those of exact arithmetic but for ties within the tolerance, scores are within it. */
function expectNearest(result: VectorSearchResult, query: number, expected: Found[], metric: Metric, tolerance: number): void {
  const [from, to] = [result.offsets[query], result.offsets[query + 1]];
  expect(to - from).toBe(expected.length);
  const sign = metric === 'l2' ? -1 : 1;
  expected.forEach(({ id, score }, i) => {
    const found = sign * result.scores[from + i];
    expect(Math.abs(found - score)).toBeLessThan(tolerance);
    if (result.ids[from + i] === id) return;
    // Another id is as good as this one, within rounding.
    const place = expected.findIndex((other) => other.id === result.ids[from + i]);
    const other = place < 0 ? expected[expected.length - 1].score : expected[place].score;
    expect(Math.abs(other - score)).toBeLessThan(2 * tolerance);
  });
  expect(new Set(result.ids.subarray(from, to)).size).toBe(to - from);
}

function rowMap(data: Float32Array, ids?: ArrayLike<number>, dims = DIMS): Map<number, Float32Array> {
  return new Map(Array.from({ length: data.length / dims }, (_, i) => [ids?.[i] ?? i, data.subarray(i * dims, (i + 1) * dims)]));
}

const refused = expect.objectContaining({ code: 'INVALID_ARGUMENT' });

describeEachBackend('vector index', (backend) => {
  const build = (data: Float32Array, options: VectorIndexOptions = {}, dims = DIMS): Promise<VectorIndex> =>
    VectorIndex.build(vectors(data, dims), { backend, ...options });

  const metrics: readonly Metric[] = ['inner-product', 'cosine', 'l2'];
  const tolerances = { float32: 1e-5, float16: 0.03, bfloat16: 0.25, int8: 0.3 };
  test.each(metrics.flatMap((metric) => (['float32', 'float16', 'bfloat16', 'int8'] as const).map((storage) => ({ metric, storage }))))(
    'all lists give what brute force gives: $metric, $storage',
    async ({ metric, storage }) => {
      const data = noise(1, 500);
      const queries = noise(2, 7);
      const rows = rowMap(data);
      for (const options of [{ kind: 'exact' }, { lists: 9 }, { lists: 9, codes: 'binary' }] as const) {
        for (const rescore of storage === 'float32' ? [undefined] : [undefined, 'float32' as const]) {
          using index = await build(data, { metric, storage, ...options, ...(rescore && { rescore }) });
          const search = { ...(index.kind !== 'exact' && { probes: 9 }), confidence: 1e9, candidates: 200 };
          const found = index.search(vectors(queries), 10, search);
          expect(await index.searchAsync(vectors(queries), 10, search)).toEqual(found);
          for (let i = 0; i < 7; i++) {
            const query = queries.subarray(i * DIMS, (i + 1) * DIMS);
            if (rescore || storage === 'float32') expectNearest(found, i, bruteForce(metric, rows, query, 10), metric, 1e-5 * 50);
            else found.scores.forEach((score) => expect(Number.isFinite(score)).toBe(true));
            for (let at = found.offsets[i]; at < found.offsets[i + 1]; at++) {
              const score = (metric === 'l2' ? -1 : 1) * found.scores[at];
              const tolerance = (rescore ? 1e-5 : tolerances[storage]) * (metric === 'cosine' ? 1 : 50) * 0.2;
              expect(Math.abs(exactScore(metric, rows.get(found.ids[at])!, query) - score)).toBeLessThan(Math.max(1e-4, tolerance));
            }
          }
        }
      }
    },
  );

  test('binary codes miss little, and more probes find no less', async () => {
    const data = noise(3, 2000, 64);
    const queries = noise(4, 20, 64);
    using index = await build(data, { metric: 'l2', lists: 20 }, 64);
    const truth = Array.from({ length: 20 }, (_, i) =>
      bruteForce('l2', rowMap(data, undefined, 64), queries.subarray(64 * i, 64 * i + 64), 5),
    );
    const recall = (options: { probes: number; confidence?: number }): number => {
      const { ids } = index.search(vectors(queries, 64), 5, options);
      return truth.reduce((sum, nearest, i) => sum + nearest.filter(({ id }) => ids.subarray(5 * i, 5 * i + 5).includes(id)).length, 0);
    };
    expect(recall({ probes: 20 })).toBeGreaterThanOrEqual(97);
    expect(recall({ probes: 20, confidence: Infinity })).toBe(100);
    const exact = [1, 2, 5, 10, 20].map((probes) => recall({ probes, confidence: Infinity }));
    expect(exact).toEqual([...exact].sort((a, b) => a - b));
    const points = await index.calibrate({ k: 5, maxQueries: 30 });
    expect(points[points.length - 1].recall).toBeGreaterThan(0.95);
    expect(index.search(vectors(queries, 64), 5, { recall: 0.9 }).ids.length).toBe(100);
  });

  test('calibration puts lists into the order that finds the nearest sooner, and files keep it', async () => {
    // Groups of long vectors are wide, and are near to few queries all the same.
    const dims = 12;
    const rows = noise(21, 2400, dims).map((value, at) => value * (Math.floor(at / dims) % 8 === 0 ? 3 : 0.4));
    const centres = noise(22, 40, dims);
    const data = rows.map((value, at) => value + 2 * centres[(Math.floor(at / dims) % 40) * dims + (at % dims)]);
    const asked = noise(23, 200, dims).map((value, at) => 0.3 * value + centres[(Math.floor(at / dims) % 40) * dims + (at % dims)]);
    using index = await build(data, { metric: 'inner-product', lists: 60 }, dims);
    using exact = await build(data, { metric: 'inner-product', kind: 'exact' }, dims);
    const [held, others] = [vectors(asked.subarray(0, 100 * dims), dims), vectors(asked.subarray(100 * dims), dims)];
    const truth = exact.search(others, 10).ids;
    const hits = (): number => {
      const { ids } = index.search(others, 10, { probes: 3, confidence: Infinity });
      return Array.from({ length: 100 }, (_, i) => new Set(ids.subarray(10 * i, 10 * i + 10)))
        .map((found, i) => truth.subarray(10 * i, 10 * i + 10).filter((id) => found.has(id)).length)
        .reduce((sum, count) => sum + count);
    };
    const before = hits();
    const points = await index.calibrate({ queries: held });
    expect(hits()).toBeGreaterThan(before);
    expect(await index.calibrate({ queries: held })).toEqual(points);
    using copy = await VectorIndex.fromBytes(await index.toBytes(), { backend });
    expect(copy.search(others, 10, { probes: 3 })).toEqual(index.search(others, 10, { probes: 3 }));
    expect(await copy.calibrate({ queries: held })).toEqual(points);
  });

  test('threads, batches and one query at a time give the same', async () => {
    for (const options of [{ kind: 'exact' }, { lists: 12, codes: 'none' }, { lists: 12 }] as const) {
      using index = await build(noise(5, 900, 64), options, 64);
      const queries = noise(6, 30, 64);
      const all = index.search(vectors(queries, 64), 7, { threads: 1 });
      expect(index.search(vectors(queries, 64), 7, { threads: 3 })).toEqual(all);
      for (let i = 0; i < 30; i++) {
        const one = index.search(queries.subarray(64 * i, 64 * i + 64), 7, { threads: 2 });
        expect(one.ids).toEqual(all.ids.slice(7 * i, 7 * i + 7));
        expect(one.scores).toEqual(all.scores.slice(7 * i, 7 * i + 7));
      }
    }
  });

  test('random changes and searches agree with a model', async () => {
    const change = fc.oneof(
      fc.record({ kind: fc.constant('add' as const), ids: fc.uniqueArray(fc.nat(300), { maxLength: 40 }) }),
      fc.record({ kind: fc.constant('remove' as const), ids: fc.array(fc.nat(300), { maxLength: 60 }) }),
      fc.record({ kind: fc.constant('search' as const), ids: fc.array(fc.nat(300), { maxLength: 30 }) }),
      fc.record({ kind: fc.constant('reload' as const), ids: fc.constant<number[]>([]) }),
    );
    const property = fc.asyncProperty(
      fc.array(change, { maxLength: 12 }),
      fc.constantFrom('none' as const, 'binary' as const),
      async (changes, codes) => {
        const model = rowMap(noise(7, 50));
        let index = await build(noise(7, 50), { metric: 'l2', lists: 4, codes });
        for (const [step, { kind, ids }] of changes.entries()) {
          if (kind === 'reload') {
            index = await VectorIndex.fromBytes(await index.toBytes(), { backend });
          } else if (kind === 'remove') {
            const there = new Set(ids.filter((id) => model.has(id)));
            expect(await index.remove(ids)).toBe(there.size);
            there.forEach((id) => model.delete(id));
          } else if (kind === 'add') {
            const rows = noise(100 + step, ids.length);
            if (ids.some((id) => model.has(id))) {
              await expect(index.add(vectors(rows), ids)).rejects.toThrow(refused);
            } else {
              await index.add(vectors(rows), ids);
              rowMap(rows, ids).forEach((row, id) => model.set(id, row));
            }
          } else {
            const query = noise(200 + step, 1);
            const search = { probes: 4, confidence: Infinity };
            expectNearest(index.search(query, 8, search), 0, bruteForce('l2', model, query, 8), 'l2', 1e-3);
            const allowed = new Map([...model].filter(([id]) => ids.includes(id)));
            const bitmap = new Uint32Array(10);
            ids.forEach((id) => (bitmap[id >>> 5] |= 1 << (id & 31)));
            for (const filter of [ids, { bitmap }, (id: number) => ids.includes(id)]) {
              expectNearest(index.search(query, 8, { ...search, filter }), 0, bruteForce('l2', allowed, query, 8), 'l2', 1e-3);
            }
          }
          expect(index.size).toBe(model.size);
        }
      },
    );
    await fc.assert(property, { numRuns: 15, seed: 5 });
  });

  test('searches between the steps of long changes see whole vectors', async () => {
    const [count, dims] = [9000, 2];
    using index = await build(noise(13, count, dims), { kind: 'exact', metric: 'l2' }, dims);
    const rows = rowMap(noise(13, count, dims), undefined, dims);
    const query = noise(14, 1, dims);
    const expectRows = ({ ids, scores }: VectorSearchResult): void => {
      expect(new Set(ids).size).toBe(ids.length);
      ids.forEach((id, i) => expect(scores[i]).toBeCloseTo(-exactScore('l2', rows.get(id)!, query), 4));
    };
    let under = true;
    const gone = Array.from({ length: 8500 }, (_, i) => i);
    const change = index.remove(gone).finally(() => (under = false));
    while (under) {
      expectRows(index.search(query, 20));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await change).toBe(8500);
    const kept = gone.map((id) => id + 400).filter((id) => id >= 8500);
    const [filtered] = await Promise.all([
      index.searchAsync(query, 20, { filter: kept }),
      index.searchAsync(query, 20, { filter: (id) => id % 2 === 0 }),
      index.add(vectors(noise(15, 6000, dims), dims)),
    ]);
    expectRows(filtered);
    expect(index.size).toBe(6500);
    expect(index.search(query, 1, { filter: [9000] }).ids).toEqual(Uint32Array.of(9000));
  });

  test('files: saved, loaded, mapped, damaged', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'merganser-index-'));
    try {
      const path = join(folder, 'index');
      using index = await build(noise(8, 300, 64), { storage: 'int8', rescore: 'bfloat16', lists: 6 }, 64);
      const queries = vectors(noise(9, 5, 64), 64);
      const found = index.search(queries, 6);
      await index.save(path);
      for (const mapped of backend === 'native' ? [false, true] : [false]) {
        using loaded = await VectorIndex.load(path, { mapped, backend });
        expect(loaded.search(queries, 6)).toEqual(found);
        await loaded.remove([...found.ids]);
        await loaded.add(vectors(noise(10, 3, 64), 64));
        expect(loaded.size).toBe(300 - new Set(found.ids).size + 3);
      }
      using again = await VectorIndex.load(path, { backend });
      expect(again.search(queries, 6)).toEqual(found);
      const bytes = readFileSync(path);
      const malformed = expect.objectContaining({ code: 'MALFORMED_FILE' });
      for (const at of [0, 9, 13, 17, 25, 33, 40, 63, 70, 400, bytes.length >> 1, bytes.length - 1]) {
        const damaged = Uint8Array.from(bytes);
        damaged[at] ^= 0x55;
        writeFileSync(path, damaged);
        await expect(VectorIndex.load(path, { backend })).rejects.toThrow(malformed);
      }
      writeFileSync(path, bytes);
      truncateSync(path, bytes.length - 100);
      await expect(VectorIndex.load(path, { backend })).rejects.toThrow(malformed);
      const mapped = backend === 'native';
      writeFileSync(path, '');
      await expect(VectorIndex.load(path, { backend, mapped })).rejects.toThrow(malformed);
      for (const none of [folder, `${path}\0x`])
        await expect(VectorIndex.load(none, { backend, mapped })).rejects.toThrow(expect.objectContaining({ code: 'NOT_FOUND' }));
      await expect(VectorIndex.load(join(folder, 'none'), { backend })).rejects.toThrow(expect.objectContaining({ code: 'NOT_FOUND' }));
      await expect(index.save(join(folder, 'no', 'folder'))).rejects.toThrow(expect.objectContaining({ code: 'NOT_FOUND' }));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test.each(metrics.flatMap((metric) => (['float32', 'bfloat16', 'int8'] as const).map((storage) => ({ metric, storage }))))(
    'grown, shrunken, filtered, saved and mapped: $metric, $storage',
    async ({ metric, storage }) => {
      using index = await build(noise(41, 150), { metric, storage, lists: 5 });
      await index.add(vectors(noise(42, 50)));
      await index.remove(Array.from({ length: 40 }, (_, i) => 5 * i));
      const all = rowMap(Float32Array.from([...noise(41, 150), ...noise(42, 50)]));
      const filter = (id: number): boolean => id % 3 !== 0;
      for (const id of [...all.keys()]) if (id % 5 === 0 || !filter(id)) all.delete(id);
      const queries = noise(43, 4);
      const search = { probes: 5, confidence: Infinity, filter };
      const found = index.search(vectors(queries), 8, search);
      // What a vector's rounding makes of its scores.
      const tolerance = { float32: 1e-4, bfloat16: 0.01, int8: 0.02 }[storage] * (metric === 'cosine' ? 1 : DIMS);
      for (let i = 0; i < 4; i++)
        expectNearest(found, i, bruteForce(metric, all, queries.subarray(i * DIMS, (i + 1) * DIMS), 8), metric, tolerance);
      const folder = mkdtempSync(join(tmpdir(), 'merganser-index-'));
      try {
        await index.save(join(folder, 'index'));
        for (const mapped of backend === 'native' ? [false, true] : [false]) {
          using loaded = await VectorIndex.load(join(folder, 'index'), { mapped, backend });
          expect(loaded.search(vectors(queries), 8, search)).toEqual(found);
        }
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
  );

  test('candidates are scored once more by the caller’s vectors', async () => {
    const data = noise(11, 400);
    using index = await build(data, { metric: 'inner-product', storage: 'int8', rescore: vectors(data), lists: 5, probes: 5 });
    const query = noise(12, 1);
    expectNearest(index.search(query, 5), 0, bruteForce('inner-product', rowMap(data), query, 5), 'inner-product', 1e-4);
    await expect(index.add(vectors(noise(1, 1)), [400])).rejects.toThrow(refused);
    await expect(VectorIndex.fromBytes(await index.toBytes(), { backend })).rejects.toThrow(refused);
    using loaded = await VectorIndex.fromBytes(await index.toBytes(), { backend, rescore: vectors(data) });
    expect(loaded.search(query, 5)).toEqual(index.search(query, 5));
  });

  test('few vectors, none, zeros, and equal ones', async () => {
    using empty = await build(new Float32Array(0), { kind: 'exact' });
    expect(empty.search(noise(1, 1), 3)).toEqual({ ids: new Uint32Array(0), scores: new Float32Array(0), offsets: Uint32Array.of(0, 0) });
    await empty.add(vectors(new Float32Array(3 * DIMS)), [9, 4, 7]);
    expect([...empty.search(noise(1, 1), 9).ids]).toEqual([4, 7, 9]);
    expect([...empty.search(new Float32Array(DIMS), 2).scores]).toEqual([0, 0]);
    expect([...empty.search(noise(1, 1), 0).offsets]).toEqual([0, 0]);
    expect(await empty.remove([4, 7, 9, 1])).toBe(3);
    expect(empty.size).toBe(0);
  });

  test('what does not fit is refused', async () => {
    const data = noise(1, 40);
    for (const options of [
      { lists: 41 },
      { lists: 0 },
      { probes: 99, lists: 4 },
      { ids: [1, 2] },
      { ids: new Array<number>(40).fill(3) },
      { kind: 'exact', lists: 3 },
      { metric: 'l1' as 'l2' },
      { storage: 'int4' as 'int8' },
      { rescore: vectors(data) },
      { recall: 2 },
    ] as VectorIndexOptions[]) {
      await expect(build(data, options)).rejects.toThrow(refused);
    }
    for (const bad of [NaN, Infinity, 1e30]) {
      const broken = data.slice();
      broken[5 * DIMS + 3] = bad;
      for (const kind of ['exact', 'inverted-file'] as const) await expect(build(broken, { kind })).rejects.toThrow(refused);
      using index = await build(data);
      await expect(
        index.add(
          vectors(broken),
          Array.from({ length: 40 }, (_, i) => 100 + i),
        ),
      ).rejects.toThrow(refused);
      expect(index.size).toBe(40);
      expect(() => index.search(broken.subarray(5 * DIMS, 6 * DIMS), 3)).toThrow(refused);
    }
    await expect(
      build(
        data.map((value) => value * 1e6),
        { kind: 'exact', storage: 'float16', metric: 'l2' },
      ),
    ).rejects.toThrow(refused);
    const index = await build(data);
    expect(() => index.search(noise(1, 1, 5), 3)).toThrow(refused);
    expect(() => index.search(noise(1, 1), -1)).toThrow(refused);
    expect(() => index.search(noise(1, 1), 3, { recall: 0.9 })).toThrow(refused);
    expect(() => index.search(noise(1, 1), 3, { filter: 7 as unknown as number[] })).toThrow(refused);
    await expect(index.searchAsync(noise(1, 1), 3, { signal: AbortSignal.abort() })).rejects.toThrow(
      expect.objectContaining({ code: 'ABORTED' }),
    );
    await expect(build(data, { signal: AbortSignal.abort() })).rejects.toThrow(expect.objectContaining({ code: 'ABORTED' }));
    index.dispose();
    expect(() => index.search(noise(1, 1), 3)).toThrow(expect.objectContaining({ code: 'DISPOSED' }));
  });
});

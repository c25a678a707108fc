/** The vector index on every backend: brute force in double precision, every kind of storage and metric, random changes against a model, and bad input. */
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
});

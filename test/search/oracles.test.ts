/** Exact search beside faiss and scikit-learn: scripts/python-oracle/search_fixture.py wrote what they find. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { VectorIndex, type VectorMetric, type VectorStorage } from '../../lib/index';
import { blobs, gaussians } from '../clustering/blobs';
import { describeEachBackend } from '../conformance/backends';

interface Fixture {
  readonly count: number;
  readonly dims: number;
  readonly queries: number;
  readonly k: number;
  readonly cases: readonly { storage: VectorStorage; metric: VectorMetric; ids: number[][]; scores: number[][] }[];
}

const { count, dims, queries, k, cases } = JSON.parse(readFileSync(join(__dirname, '../fixtures/search.json'), 'utf8')) as Fixture;
const points = blobs(31, count, 12, dims, 0.8);
const asked = { data: Float32Array.from(gaussians(33, queries * dims)), dims: [queries, dims] } as const;

describeEachBackend('exact search', (backend) => {
  test.each(cases)('finds what faiss and scikit-learn find: $metric, $storage', async ({ storage, metric, ids, scores }) => {
    for (const options of [{ kind: 'exact' }, { lists: 7, probes: 7, codes: 'binary' }] as const) {
      using index = await VectorIndex.build({ data: points, dims: [count, dims] }, { storage, metric, backend, ...options });
      const found = index.search(asked, k, { confidence: Infinity });
      for (let query = 0; query < queries; query++) {
        // Scores are of some tens; int8 rounds queries too, to 15 bits.
        const tolerance = 2e-6 * (metric === 'cosine' ? 1 : 200) * (storage === 'int8' ? 30 : 1);
        scores[query].forEach((score, i) => {
          const at = query * k + i;
          expect(Math.abs(found.scores[at] - score)).toBeLessThan(tolerance);
          // Another id only where its score is as good.
          const place = ids[query].indexOf(found.ids[at]);
          expect(Math.abs((place < 0 ? scores[query][k - 1] : scores[query][place]) - score)).toBeLessThan(2 * tolerance);
        });
      }
    }
  });
});

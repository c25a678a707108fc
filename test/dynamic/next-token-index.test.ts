/** Next tokens against all logits, in double precision. */
import { NextTokenIndex, type Vectors } from '../../lib/index';
import { RandomStream } from '../../lib/clustering/random';
import { describeEachBackend } from '../conformance/backends';

const [TOKENS, DIMS, QUERIES, K] = [600, 72, 9, 20];
const random = new RandomStream(3);
const matrix = (rows: number): Vectors & { data: Float32Array } => ({
  data: Float32Array.from(
    { length: rows * DIMS },
    (_, i) => random.gaussian() * (1 + (Math.floor(i / DIMS) % 7)) * (i % DIMS < 8 ? 3 : 0.5),
  ),
  dims: [rows, DIMS],
});
const embeddings = matrix(TOKENS);
const hidden = matrix(QUERIES);
const bias = Float32Array.from({ length: TOKENS }, () => 40 * random.gaussian());

function allLogits(query: number, withBias: boolean): Array<{ id: number; logit: number }> {
  return Array.from({ length: TOKENS }, (_, id) => {
    let logit = withBias ? bias[id] : 0;
    for (let i = 0; i < DIMS; i++) logit += hidden.data[query * DIMS + i] * embeddings.data[id * DIMS + i];
    return { id, logit };
  }).sort((a, b) => b.logit - a.logit);
}

describeEachBackend('NextTokenIndex', (backend) => {
  it.each([false, true])('finds the greatest logits where it looks everywhere (bias: %p)', async (biased) => {
    using index = await NextTokenIndex.build(embeddings, { backend, lists: 12, ...(biased && { bias }) });
    const { ids, logits, offsets } = index.nextTokens(hidden, K, { probes: 12, confidence: Infinity, candidates: 4 * K });
    for (let query = 0; query < QUERIES; query++) {
      expect([offsets[query], offsets[query + 1]]).toEqual([query * K, (query + 1) * K]);
      const expected = allLogits(query, biased);
      expect(Array.from(ids.subarray(offsets[query], offsets[query + 1]))).toEqual(expected.slice(0, K).map(({ id }) => id));
      const size = Math.abs(expected[0].logit);
      logits
        .subarray(offsets[query], offsets[query + 1])
        .forEach((logit, i) => expect(Math.abs(logit - expected[i].logit)).toBeLessThan(1e-4 * size));
    }
  });

  it('gives true logits of what it finds in few lists, on and off the thread', async () => {
    using index = await NextTokenIndex.build(embeddings, { backend, lists: 12 });
    const found = index.nextTokens(hidden, 5, { probes: 2 });
    expect(await index.nextTokensAsync(hidden, 5, { probes: 2 })).toEqual(found);
    for (let query = 0; query < QUERIES; query++) {
      const all = new Map(allLogits(query, false).map(({ id, logit }) => [id, logit]));
      for (let i = found.offsets[query]; i < found.offsets[query + 1]; i++)
        expect(Math.abs(found.logits[i] - all.get(found.ids[i])!)).toBeLessThan(1e-2);
    }
  });

  it('leaves out tokens, and takes one vector', async () => {
    using index = await NextTokenIndex.build(embeddings, { backend, kind: 'exact', bias });
    const { ids } = index.nextTokens(hidden.data.slice(0, DIMS), 3, { filter: (id) => id % 2 === 1 });
    const odd = allLogits(0, true).filter(({ id }) => id % 2 === 1);
    expect(Array.from(ids)).toEqual(odd.slice(0, 3).map(({ id }) => id));
    expect(index.vocabSize).toBe(TOKENS);
  });

  it('is calibrated on hidden vectors', async () => {
    using index = await NextTokenIndex.build(embeddings, { backend, lists: 12, bias });
    const points = await index.calibrate({ queries: hidden, k: 5 });
    expect(points[points.length - 1].recall).toBeGreaterThan(0.95);
    expect(index.nextTokens(hidden, 5, { recall: 0.9 }).ids.length).toBe(5 * QUERIES);
  });

  it('refuses what does not fit', async () => {
    await expect(NextTokenIndex.build(embeddings, { backend, bias: new Float32Array(3) })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
    using index = await NextTokenIndex.build(embeddings, { backend, kind: 'exact', bias });
    expect(() => index.nextTokens(new Float32Array(DIMS + 1), 3)).toThrow(/hidden/u);
  });
});

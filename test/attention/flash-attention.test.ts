import {
  centroidScores,
  centroidScoresSync,
  flashAttention,
  flashAttentionSync,
  mergeAttention,
  quantizeCentroids,
  selectClusters,
  sparseAttention,
  sparseAttentionSync,
  type AttentionTensor,
} from '../../lib/index';
import { RandomStream } from '../../lib/clustering/random';
import { describeEachBackend } from '../conformance/backends';
import { plainAttention, plainScores } from '../oracles/attention';

function gaussian(dims: readonly number[], seed: number): { type: 'float32'; data: Float32Array; dims: readonly number[] } {
  const random = new RandomStream(seed);
  return { type: 'float32', data: Float32Array.from({ length: dims.reduce((a, b) => a * b) }, () => random.gaussian()), dims };
}

/** Row r of head h of sequence s of a [batch, heads, rows, d] tensor. */
function row({ data, dims: [, heads, rows, d] }: AttentionTensor, s: number, h: number, r: number): number[] {
  const at = ((s * heads + h) * rows + r) * d;
  return Array.from(data.subarray(at, at + d));
}

/** [batch, a, b, d] → [batch, b, a, d]. */
function swapped(tensor: AttentionTensor): AttentionTensor {
  const [batch, a, b, d] = tensor.dims;
  const data = new Float32Array(tensor.data.length);
  for (let s = 0; s < batch; s++) {
    for (let i = 0; i < a; i++) for (let j = 0; j < b; j++) data.set(row(tensor, s, i, j), ((s * b + j) * a + i) * d);
  }
  return { type: 'float32', data, dims: [batch, b, a, d] };
}

const queries = gaussian([2, 4, 5, 16], 1);
const keys = gaussian([2, 2, 9, 16], 2);
const values = gaussian([2, 2, 9, 12], 3);

/** Every query over the keys that it is to see. */
function expectAttention(
  actual: { output: AttentionTensor; logSumExp: AttentionTensor },
  sees: (query: number, key: number, s: number, h: number) => boolean,
): void {
  for (let s = 0; s < 2; s++) {
    for (let h = 0; h < 4; h++) {
      for (let q = 0; q < 5; q++) {
        const kv = h >> 1;
        const seen = Array.from({ length: 9 }, (_, k) => k)
          .filter((k) => sees(q, k, s, kv))
          .map((k) => ({ key: row(keys, s, kv, k), value: row(values, s, kv, k) }));
        const expected = plainAttention(row(queries, s, h, q), seen, 0.25, 12);
        row(actual.output, s, h, q).forEach((x, i) => expect(x).toBeCloseTo(expected.output[i], 5));
        const sum = actual.logSumExp.data[(s * 4 + h) * 5 + q];
        if (expected.logSumExp === -Infinity) expect(sum).toBe(-Infinity);
        else expect(sum).toBeCloseTo(expected.logSumExp, 5);
      }
    }
  }
}

describeEachBackend('attention functions', (backend) => {
  test('logits of ±10¹⁰ of bfloat16 give finite results', () => {
    const bfloat16 = (rows: number, seed: number, scale: number): AttentionTensor => {
      const { data, dims } = gaussian([1, 1, rows, 64], seed);
      return { type: 'bfloat16', data: Uint16Array.from(new Uint32Array(data.map((x) => scale * x).buffer), (bits) => bits >>> 16), dims };
    };
    const { output, logSumExp } = flashAttentionSync(bfloat16(40, 1, 1e5), bfloat16(64, 2, 1e5), bfloat16(64, 3, 1), { backend });
    expect([...output.data, ...logSumExp.data].every(Number.isFinite)).toBe(true);
  });

  test('dense and causal, in both layouts, at once and later', async () => {
    expectAttention(flashAttentionSync(queries, keys, values, { backend }), () => true);
    expectAttention(await flashAttention(queries, keys, values, { backend, causal: true }), (q, k) => k <= q + 4);
    const other = await flashAttention(swapped(queries), swapped(keys), swapped(values), { backend, layout: 'BNHD' });
    expect(other.output.dims).toEqual([2, 5, 4, 12]);
    expectAttention({ output: swapped(other.output), logSumExp: other.logSumExp }, () => true);
  });

  test('packed sequences', async () => {
    // The rows of both sequences one after the other: as many here, but with offsets of their own.
    const packed = (tensor: AttentionTensor): AttentionTensor => {
      const { data, dims } = swapped(tensor);
      return { type: 'float32', data: data, dims: [dims[0] * dims[1], dims[2], dims[3]] };
    };
    const result = await flashAttention(packed(queries), packed(keys), packed(values), {
      backend,
      queryOffsets: Uint32Array.of(0, 5, 10),
      keyOffsets: Uint32Array.of(0, 9, 18),
    });
    expect(result.output.dims).toEqual([10, 4, 12]);
    expect(result.logSumExp.dims).toEqual([4, 10]);
    const whole = flashAttentionSync(queries, keys, values, { backend });
    expect(swapped({ ...result.output, dims: [2, 5, 4, 12] }).data).toEqual(whole.output.data);
    for (let h = 0; h < 4; h++)
      expect(result.logSumExp.data.slice(h * 10 + 5, h * 10 + 10)).toEqual(whole.logSumExp.data.slice((4 + h) * 5, (5 + h) * 5));
  });

  test('lists of keys: indices, runs, blocks', async () => {
    // Units: 2 sequences × 2 KV heads × 3 tiles of 2 queries.
    const perTile = 2;
    const unit = (q: number, s: number, h: number): number => (s * 2 + h) * 3 + Math.floor(q / 2);
    const units = Array.from({ length: 12 }, (_, i) => i);
    const indices = units.flatMap((u) => (u === 3 ? [] : [u % 9, -1, (u + 4) % 9]));
    const offsets = Uint32Array.from([0, ...units.map((u) => 3 * (u + 1) - (u >= 3 ? 3 : 0))]);
    const listed = await sparseAttention(queries, keys, values, { offsets, indices: Int32Array.from(indices) }, { backend, perTile });
    expectAttention(listed, (q, k, s, h) => unit(q, s, h) !== 3 && (k === unit(q, s, h) % 9 || k === (unit(q, s, h) + 4) % 9));
    const runs = {
      offsets: Uint32Array.from([0, ...units.map((u) => u + 1)]),
      starts: Int32Array.from(units, (u) => u % 5),
      lengths: Uint32Array.from(units),
    };
    expectAttention(sparseAttentionSync(queries, keys, values, runs, { backend, perTile }), (q, k, s, h) => {
      const u = unit(q, s, h);
      return k >= u % 5 && k < (u % 5) + u;
    });
    const mask = Uint8Array.from({ length: 12 * 3 }, (_, i) => ((i * 7) % 3) % 2);
    expectAttention(
      sparseAttentionSync(queries, keys, values, { mask, block: 4 }, { backend, perTile }),
      (q, k, s, h) => mask[unit(q, s, h) * 3 + (k >> 2)] === 1,
    );
  });

  test('parts merge', () => {
    const part = (runs: number[]): ReturnType<typeof sparseAttentionSync> =>
      sparseAttentionSync(
        queries,
        keys,
        values,
        { offsets: Uint32Array.of(0, 1, 2, 3, 4), starts: new Int32Array(4).fill(runs[0]), lengths: new Uint32Array(4).fill(runs[1]) },
        { backend },
      );
    expectAttention(mergeAttention([part([0, 3]), part([5, 0]), part([3, 6])], { backend }), () => true);
  });

  test('scores, selection and quantized centroids', async () => {
    const centroids = gaussian([2, 2, 7, 16], 4);
    const sizes = Uint32Array.from({ length: 28 }, (_, i) => i % 4);
    const scores = await centroidScores(queries, centroids, sizes, { backend, perTile: 3 });
    expect(scores.dims).toEqual([2, 2, 2, 7]);
    const asked = [0, 1].flatMap((h) => [3, 4].map((q) => row(queries, 1, 2 + h, q)));
    const expected = plainScores(
      asked,
      Array.from({ length: 7 }, (_, c) => row(centroids, 1, 1, c)),
      Array.from(sizes.subarray(21)),
      0.25,
    );
    expected.forEach((score, c) => expect(scores.data[7 * 7 + c]).toBeCloseTo(score, 6));
    const coarse = centroidScoresSync(queries, quantizeCentroids(centroids), sizes, { backend, perTile: 3 });
    coarse.data.forEach((score, i) => expect(Math.abs(score - scores.data[i])).toBeLessThan(0.05 * scores.data[i] + 1e-6));
    expect(selectClusters(scores, sizes, { budget: 0 }, { backend }).clusters).toHaveLength(0);
    const all = selectClusters(scores, sizes, { topP: 1 }, { backend });
    expect(all.clusters).toHaveLength(sizes.filter((size) => size > 0).length * 2);
    expect(selectClusters(scores, sizes, { budget: 0.5 }, { backend }).clusters.length).toBeGreaterThan(0);
  });

  test('nothing to attend to', () => {
    const none = gaussian([2, 2, 0, 16], 1);
    const { output, logSumExp } = flashAttentionSync(queries, none, gaussian([2, 2, 0, 12], 1), { backend });
    expect(output.data).toEqual(new Float32Array(2 * 4 * 5 * 12));
    expect(new Set(logSumExp.data)).toEqual(new Set([-Infinity]));
    expect(flashAttentionSync(gaussian([2, 4, 0, 16], 1), keys, values, { backend }).output.dims).toEqual([2, 4, 0, 12]);
  });

  test('infinite weights do not spread to other units', () => {
    const spoilt = { ...keys, data: keys.data.map((x, i) => (i === 3 ? NaN : x)) };
    const { output } = flashAttentionSync(queries, spoilt, values, { backend });
    const clean = flashAttentionSync(queries, keys, values, { backend });
    expect(output.data.slice(2 * 5 * 12)).toEqual(clean.output.data.slice(2 * 5 * 12));
  });

  /** One query or many, of one head: few are computed row by row, many in tiles. */
  test.each([1, 3, 40])('NaN in a key reaches every output of the %d queries that meet it; infinite values stay infinite', (count) => {
    for (const length of [1, 9, 33, 300]) {
      const [q, k, v] = [gaussian([1, 1, count, 16], 4), gaussian([1, 1, length, 16], 5), gaussian([1, 1, length, 8], 6)];
      const spoilt = { ...k, data: k.data.with(k.data.length - 16, NaN) };
      const { output, logSumExp } = flashAttentionSync(q, spoilt, v, { backend });
      expect(new Set(output.data)).toEqual(new Set([NaN]));
      expect(new Set(logSumExp.data)).toEqual(new Set([NaN]));
      const seen = flashAttentionSync(q, spoilt, v, { backend, causal: true }).output.data.slice(0, -8);
      // Only the last query sees the last key.
      expect(new Set(seen.filter(Number.isNaN)).size).toBe(0);
      const endless = flashAttentionSync(q, k, { ...v, data: v.data.with(v.data.length - 8, Infinity) }, { backend }).output.data;
      expect(endless.every((value, i) => (Math.abs(value) === Infinity) === (i % 8 === 0))).toBe(true);
    }
  });

  test('what is refused', async () => {
    const refused = { code: 'INVALID_ARGUMENT' };
    const thrown = (call: () => unknown): void => expect(call).toThrow(expect.objectContaining(refused));
    thrown(() => flashAttentionSync(gaussian([2, 3, 5, 16], 1), keys, values, { backend }));
    thrown(() => flashAttentionSync(gaussian([2, 4, 5, 8], 1), keys, values, { backend }));
    thrown(() => flashAttentionSync(gaussian([1, 4, 5, 16], 1), keys, values, { backend }));
    thrown(() => flashAttentionSync(queries, keys, gaussian([2, 2, 8, 12], 1), { backend }));
    thrown(() => flashAttentionSync(gaussian([2, 4, 5, 300], 1), keys, values, { backend }));
    thrown(() => flashAttentionSync(queries, keys, values, { backend, scale: NaN }));
    thrown(() => flashAttentionSync(queries, keys, values, { backend, queryOffsets: Uint32Array.of(0, 10) }));
    thrown(() => sparseAttentionSync(queries, keys, values, { offsets: Uint32Array.of(0, 1), indices: Int32Array.of(0) }, { backend }));
    thrown(() => sparseAttentionSync(queries, keys, values, { mask: new Uint8Array(3), block: 4 }, { backend }));
    thrown(() => selectClusters(gaussian([1, 1, 1, 2], 1), Uint32Array.of(1, 1), { topP: 2 }, { backend }));
    thrown(() => centroidScoresSync(queries, gaussian([2, 2, 7, 16], 1), new Uint32Array(3), { backend }));
    await expect(flashAttention(queries, keys, values, { backend, signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'ABORTED',
    });
  });
});

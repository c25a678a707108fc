/** Pooling of hidden states on every backend, against PyTorch's layers. */
import fixture from '../fixtures/pooling.json';
import { LatentPooling, poolEmbeddings, type LatentPoolingWeights } from '../../lib/index';
import { gaussians } from '../clustering/blobs';
import { describeEachBackend } from '../conformance/backends';

const [D, R, HEADS, INNER, LAYERS, SEQUENCES, TOKENS] = [12, 3, 2, 8, 4, 3, 6];
const MASK = [1, 1, 1, 1, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1];
const refused = expect.objectContaining({ code: 'INVALID_ARGUMENT' });

function random(seed: number, count: number, scale = 1): Float32Array {
  return Float32Array.from(gaussians(seed, count), (value) => value * scale);
}

const ALL = { data: random(61, LAYERS * SEQUENCES * TOKENS * D), dims: [LAYERS, SEQUENCES, TOKENS, D] };
const LAST = { data: ALL.data.subarray((LAYERS - 1) * SEQUENCES * TOKENS * D), dims: [SEQUENCES, TOKENS, D] };

function norm(seed: number) {
  return { weight: random(seed, D, 0.1).map((value) => 1 + value), bias: random(seed + 1, D, 0.1) };
}

const WEIGHTS: LatentPoolingWeights = {
  heads: HEADS,
  latents: { data: random(62, R * D), dims: [R, D] },
  latentNorm: norm(64),
  contextNorm: norm(66),
  query: { weight: random(70, INNER * D, 0.4) },
  keyValue: { weight: random(71, 2 * INNER * D, 0.4) },
  output: { weight: random(72, D * INNER, 0.4) },
  feedForwardNorm: norm(68),
  expand: { weight: random(73, 8 * D * D, 0.3), bias: random(74, 8 * D, 0.1) },
  contract: { weight: random(75, 4 * D * D, 0.2), bias: random(76, D, 0.1) },
};
const LAYER_EMBEDDING = { data: random(63, LAYERS * D), dims: [LAYERS, D] };

function expectClose(actual: Float32Array, expected: readonly number[], digits = 5): void {
  expect([...actual]).toEqual(expected.map((value) => expect.closeTo(value, digits)));
}

test('PyTorch: last token on either padding side, mean, weighted mean', () => {
  expectClose(poolEmbeddings(LAST, MASK, { method: 'last' }).data, fixture.last);
  expectClose(poolEmbeddings(LAST, MASK, { method: 'mean' }).data, fixture.mean);
  expectClose(poolEmbeddings(LAST, MASK, { method: 'weighted-mean' }).data, fixture.weightedMean);
  const { data, dims } = poolEmbeddings(LAST, MASK, { method: 'mean', normalize: true });
  expect(dims).toEqual([SEQUENCES, D]);
  for (let i = 0; i < SEQUENCES; i++) expect(Math.hypot(...data.subarray(i * D, (i + 1) * D))).toBeCloseTo(1, 6);
  // What stands in the padding does not matter.
  const other = LAST.data.map((value, at) => (MASK[Math.floor(at / D)] === 1 ? value : 1e6));
  expect(poolEmbeddings({ ...LAST, data: other }, MASK, { method: 'weighted-mean' })).toEqual(
    poolEmbeddings(LAST, MASK, { method: 'weighted-mean' }),
  );
});

describeEachBackend('latent pooling', (backend) => {
  test("PyTorch: latents attend to the last layer's tokens, and to the means of all layers", async () => {
    const last = await new LatentPooling(WEIGHTS).pool(LAST, MASK, { backend });
    expect(last.dims).toEqual([SEQUENCES, D]);
    expectClose(last.data, fixture.lastLayer);
    const all = await new LatentPooling({ ...WEIGHTS, layerEmbedding: LAYER_EMBEDDING }).pool(ALL, MASK, { backend });
    expectClose(all.data, fixture.multiLayer);
  });

  test('what does not fit is refused, what is aborted ends', async () => {
    const pooling = new LatentPooling(WEIGHTS);
    await expect(pooling.pool(ALL, MASK, { backend })).rejects.toEqual(refused);
    await expect(pooling.pool(LAST, MASK.slice(1), { backend })).rejects.toEqual(refused);
    const aborted = expect.objectContaining({ code: 'ABORTED' });
    await expect(pooling.pool(LAST, MASK, { backend, signal: AbortSignal.abort() })).rejects.toEqual(aborted);
  });
});

test.each<[string, () => unknown]>([
  [
    'a sequence that is all padding',
    () =>
      poolEmbeddings(
        LAST,
        MASK.map((_, i) => Number(i >= TOKENS)),
        { method: 'mean' },
      ),
  ],
  ['NaN', () => poolEmbeddings({ data: new Float32Array(12).fill(NaN), dims: [1, 1, 12] }, [1], { method: 'mean' })],
  ['several layers', () => poolEmbeddings(ALL, MASK, { method: 'mean' })],
  ['another shape', () => poolEmbeddings({ ...LAST, dims: [SEQUENCES, TOKENS, D + 1] }, MASK, { method: 'mean' })],
  ['an unknown method', () => poolEmbeddings(LAST, MASK, { method: 'max' as 'mean' })],
  ['heads that do not divide', () => new LatentPooling({ ...WEIGHTS, heads: 3 })],
  ['weights of another shape', () => new LatentPooling({ ...WEIGHTS, output: { weight: new Float32Array(5) } })],
])('%s: refused', (_, attempt) => {
  expect(attempt).toThrow(refused);
});

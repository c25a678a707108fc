/** What runs in the background gives what runs at once, lets other work run, and ends when it is told to. */
import {
  agglomerate,
  agglomerateAsync,
  cascade,
  cascadeAsync,
  clusterSegments,
  clusterSegmentsAsync,
  compareLabels,
  compareLabelsAsync,
  daviesBouldin,
  daviesBouldinAsync,
  hdbscan,
  hdbscanAsync,
  poolEmbeddings,
  poolEmbeddingsAsync,
  poolVectors,
  poolVectorsAsync,
  reduce,
  reduceAsync,
  silhouette,
  silhouetteAsync,
  sinkhorn,
  sinkhornAsync,
  type ReduceOptions,
} from '../../lib/index';
import { blobs, gaussians } from '../clustering/blobs';
import { describeEachBackend } from '../conformance/backends';

const tokens = { data: blobs(3, 3 * 48, 6, 16, 0.6), dims: [3, 48, 16] };
const METHODS: readonly ReduceOptions[] = [
  { method: 'tome', remove: 16 },
  { method: 'tofu', ratio: 0.25 },
  { method: 'tome-grid', grid: [6, 8], remove: 20 },
  { method: 'pitome', remove: 12, margin: 0.3 },
  { method: 'dpc-knn', clusters: 7 },
  { method: 'k-medoids', clusters: 6 },
  { method: 'spectral', clusters: 5 },
  { method: 'visionzip', attention: gaussians(1, 3 * 48).map(Math.abs), dominant: 8, contextual: 4 },
  { method: 'expedit', grid: [6, 8], target: [3, 4] },
];
const isAborted = expect.objectContaining({ code: 'ABORTED' });
const refused = expect.objectContaining({ code: 'INVALID_ARGUMENT' });

describeEachBackend('in the background', (backend) => {
  test.each(METHODS)('reduce: $method', async (method) => {
    const options = { ...method, backend };
    const heard: number[][] = [];
    const { merge, unmerge, mergeAsync, unmergeAsync, ...result } = await reduceAsync(tokens, options, {
      onProgress: (...progress) => heard.push(progress),
    });
    const { merge: mergeAtOnce, unmerge: unmergeAtOnce, mergeAsync: _merge, unmergeAsync: _unmerge, ...expected } = reduce(tokens, options);
    expect(result).toEqual(expected);
    expect(merge(tokens.data)).toEqual(mergeAtOnce(tokens.data));
    expect(unmerge(result.tokens.data)).toEqual(unmergeAtOnce(result.tokens.data));
    expect(await mergeAsync(tokens.data)).toEqual(mergeAtOnce(tokens.data));
    expect(await unmergeAsync(result.tokens.data)).toEqual(unmergeAtOnce(result.tokens.data));
    await expect(mergeAsync(tokens.data, { signal: AbortSignal.abort() })).rejects.toEqual(isAborted);
    expect(heard).toEqual([1, 2, 3].map((done) => [done, 3]));
  });

  test('reduce: what is refused, what ends early', async () => {
    const options: ReduceOptions = { method: 'k-medoids', clusters: 20, backend };
    await expect(reduceAsync(tokens, { ...options, clusters: 49 })).rejects.toEqual(refused);
    await expect(reduceAsync(tokens, options, { signal: AbortSignal.abort() })).rejects.toEqual(isAborted);
    const controller = new AbortController();
    await expect(reduceAsync(tokens, options, { signal: controller.signal, onProgress: () => controller.abort() })).rejects.toEqual(
      isAborted,
    );
    const thrown = new Error('enough');
    const thrower = (): never => {
      throw thrown;
    };
    await expect(reduceAsync(tokens, options, { onProgress: thrower })).rejects.toBe(thrown);
  });

  test('cascade, segments, pooling of vectors', async () => {
    const one = { data: tokens.data.subarray(0, 48 * 16), dims: [48, 16] };
    const steps: ReduceOptions[] = [
      { method: 'tome', remove: 10, backend },
      { method: 'dpc-knn', clusters: 9, backend },
    ];
    const heard: number[] = [];
    const {
      tokens: reduced,
      source,
      mergeAsync,
      unmergeAsync,
    } = await cascadeAsync(one, steps, { onProgress: (done) => heard.push(done) });
    expect({ reduced, source }).toEqual({ reduced: cascade(one, steps).tokens, source: cascade(one, steps).source });
    expect(await mergeAsync(one.data)).toEqual(cascade(one, steps).merge(one.data));
    expect(await unmergeAsync(reduced.data)).toEqual(cascade(one, steps).unmerge(reduced.data));
    expect(heard).toEqual([1, 2]);
    const segments = { method: 'k-medoids', clusters: 4, segments: 1, backend } as const;
    expect(await clusterSegmentsAsync(tokens, segments)).toEqual(clusterSegments(tokens, segments));
    const pool = { factor: 3, linkage: 'rows', backend } as const;
    expect(await poolVectorsAsync(one, pool)).toEqual(poolVectors(one, pool));
    await expect(poolVectorsAsync(one, { ...pool, signal: AbortSignal.abort() })).rejects.toEqual(isAborted);
  });
});

test('balancing, linkage, density, pooling of embeddings', async () => {
  const logits = Float32Array.from(gaussians(5, 64 * 16));
  expect(await sinkhornAsync(logits, 16)).toEqual(sinkhorn(logits, 16));
  await expect(sinkhornAsync(logits, 17)).rejects.toEqual(refused);
  const distances = gaussians(7, (60 * 59) / 2).map(Math.abs);
  expect(await agglomerateAsync(distances, 'average')).toEqual(agglomerate(distances, 'average'));
  const square = new Float64Array(60 * 60);
  for (let i = 0, at = 0; i < 60; i++) for (let j = i + 1; j < 60; j++) square[60 * i + j] = square[60 * j + i] = distances[at++];
  expect(await hdbscanAsync(square, { minClusterSize: 3 })).toEqual(hdbscan(square, { minClusterSize: 3 }));
  const flat = { data: tokens.data, dims: [3 * 48, 16] };
  const labels = Array.from({ length: 3 * 48 }, (_, i) => i % 5);
  const others = labels.map((label, i) => (i % 7 === 0 ? 1 : label));
  expect(await silhouetteAsync(flat, labels)).toBe(silhouette(flat, labels));
  expect(await daviesBouldinAsync(flat, labels)).toBe(daviesBouldin(flat, labels));
  expect(await compareLabelsAsync(labels, others)).toEqual(compareLabels(labels, others));
  const mask = Uint8Array.from({ length: 3 * 48 }, (_, i) => Number(i % 5 > 0));
  const pooled = { method: 'weighted-mean', normalize: true } as const;
  expect(await poolEmbeddingsAsync(tokens, mask, pooled)).toEqual(poolEmbeddings(tokens, mask, pooled));
  const signal = AbortSignal.abort();
  await expect(sinkhornAsync(logits, 16, { signal })).rejects.toEqual(isAborted);
  await expect(agglomerateAsync(distances, 'ward', { signal })).rejects.toEqual(isAborted);
  await expect(hdbscanAsync(square, { signal })).rejects.toEqual(isAborted);
  await expect(silhouetteAsync(flat, labels, { signal })).rejects.toEqual(isAborted);
  await expect(daviesBouldinAsync(flat, labels, { signal })).rejects.toEqual(isAborted);
  await expect(compareLabelsAsync(labels, others, { signal })).rejects.toEqual(isAborted);
  await expect(poolEmbeddingsAsync(tokens, mask, { ...pooled, signal })).rejects.toEqual(isAborted);
});

test('other work runs meanwhile', async () => {
  // So many that another thread takes longer than a processor that both threads share is given to one of them.
  const distances = gaussians(8, (2_000 * 1_999) / 2).map(Math.abs);
  let turns = 0;
  let running = true;
  const count = (): void => {
    turns++;
    if (running) setImmediate(count);
  };
  setImmediate(count);
  await agglomerateAsync(distances, 'average');
  running = false;
  expect(turns).toBeGreaterThan(0);
});

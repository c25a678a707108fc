/** What a context is made of: clusters as the paper defines them, on every backend; growing; bad input. */
import { ClusteredContext, type AttentionTensor, type ContextOptions } from '../../lib/index';
import { describeEachBackend } from '../conformance/backends';
import { clusteredKeys, codeOf, expectSame, gaussianTensor, halves, rowsOf, sliceRows, tensor } from './contexts';
import { centroidsOf, meanOf, unitKMeans, variancesOf } from './oracle';

/** The cluster of each key; −1 for keys that are in none. */
function labelsOf(context: ClusteredContext, sequence: number, head: number): number[] {
  const { members, offsets } = context.clusters(sequence, head);
  const labels = new Array<number>(context.length).fill(-1);
  for (let cluster = 0; cluster + 1 < offsets.length; cluster++) {
    for (const key of members.subarray(offsets[cluster], offsets[cluster + 1])) labels[key] = cluster;
  }
  return labels;
}

/** Labels by the order in which they first appear. */
function canonical(labels: readonly number[]): number[] {
  const seen = new Map<number, number>();
  return labels.map((label) => seen.get(label) ?? (seen.set(label, seen.size), seen.size - 1));
}

describeEachBackend('building a context', (backend) => {
  const build = (keys: AttentionTensor, values: AttentionTensor, options: ContextOptions = {}): Promise<ClusteredContext> =>
    ClusteredContext.build(keys, values, { backend, ...options });

  test("clusters that are apart are the paper's: keys of unit length, k-means, the last keys dense", async () => {
    const keys = clusteredKeys(1, [2, 2, 400, 16], 12, 0.05);
    const context = await build(keys, gaussianTensor(2, [2, 2, 400, 16]), {
      ...{ clusters: 12, sink: 0, recent: 100, levels: 1, initialization: 'k-means++', maxIterations: 300, tolerance: 0 },
    });
    for (const [sequence, head] of [
      [0, 0],
      [1, 1],
    ]) {
      const rows = rowsOf(keys, sequence, head).slice(0, 300);
      // From one key of each cluster: where clusters are apart every start leads to the same end.
      const labels = labelsOf(context, sequence, head);
      const first = Array.from({ length: 12 }, (_, cluster) => labels.indexOf(cluster));
      expect(canonical(labels.slice(0, 300))).toEqual(canonical(unitKMeans(rows, first, 300)));
      expect(labels.slice(300)).toEqual(new Array(100).fill(-1));
    }
  });

  test.each([{}, { levels: 1 as const }, { segment: 100 }, { coarse: 6 }, { segment: 130, coarse: 0.02, sink: 0, recent: 0 }])(
    'means and variances are those of the members: %j',
    async (options) => {
      const [keys, values] = [gaussianTensor(3, [1, 2, 500, 9]), gaussianTensor(4, [1, 2, 500, 9])];
      const context = await build(keys, values, { clusters: 0.1, ...options });
      for (const head of [0, 1]) {
        const labels = labelsOf(context, 0, head);
        const { centroids, keyVariances, valueMeans, offsets } = context.clusters(0, head);
        const clusters = offsets.length - 1;
        expect(clusters).toBe(context.clusterCount);
        const inCluster = labels.map((label) => label >= 0);
        const rows = rowsOf(keys, 0, head);
        const means = centroidsOf(
          rows.filter((_, i) => inCluster[i]),
          labels.filter((label) => label >= 0),
          clusters,
        );
        const close = (actual: Float32Array, expected: readonly Float64Array[]): void =>
          expected.forEach((row, i) => row.forEach((x, dim) => expect(Math.abs(actual[9 * i + dim] - x)).toBeLessThan(1e-6)));
        close(centroids, means);
        close(keyVariances, variancesOf(rows, labels, means));
        close(
          valueMeans,
          centroidsOf(
            rowsOf(values, 0, head),
            labels.map((label) => (label < 0 ? clusters : label)),
            clusters,
          ),
        );
      }
    },
  );

  test('a segment has clusters of its own, and a group of clusters is a range', async () => {
    const context = await build(gaussianTensor(5, [1, 1, 420, 8]), gaussianTensor(6, [1, 1, 420, 8]), {
      segment: 88,
      clusters: 40,
      coarse: 5,
      sink: 10,
      recent: 20,
    });
    const labels = labelsOf(context, 0, 0).slice(10, 400);
    const { groupOffsets } = context.clusters(0, 0);
    expect(groupOffsets!.length).toBe(6);
    expect([groupOffsets![0], groupOffsets![5]]).toEqual([0, context.clusterCount]);
    const segments = new Map<number, number>();
    labels.forEach((label, i) =>
      expect(segments.get(label) ?? (segments.set(label, Math.floor(i / 88)), Math.floor(i / 88))).toBe(Math.floor(i / 88)),
    );
    expect(Math.abs(context.clusterCount - 40)).toBeLessThan(3);
  });

  test('threads and the backend do not change a context; half precision is what its numbers are', async () => {
    const keys = clusteredKeys(7, [1, 2, 600, 16], 20, 0.2);
    const values = gaussianTensor(8, [1, 2, 600, 16]);
    const one = await (await build(keys, values, { threads: 1 })).toBytes();
    expectSame(await (await build(keys, values, { threads: 3 })).toBytes(), one);
    for (const type of ['float16', 'bfloat16'] as const) {
      const [k, v] = [halves(keys, type), halves(values, type)];
      const half = await build(k.bits, v.bits);
      expect(half.type).toBe(type);
      expect(half.clusters(0, 1)).toEqual((await build(k.numbers, v.numbers)).clusters(0, 1));
    }
  });

  test('appending in any portions gives the same context, and leaves the old clusters alone', async () => {
    const [keys, values] = [gaussianTensor(9, [1, 2, 1000, 12]), gaussianTensor(10, [1, 2, 1000, 12])];
    const grown = async (cuts: readonly number[], coarse?: number): Promise<ClusteredContext> => {
      const context = await build(sliceRows(keys, 0, 300), sliceRows(values, 0, 300), {
        clusters: 20,
        ...(coarse === undefined ? {} : { coarse }),
      });
      for (const [i, cut] of cuts.entries()) {
        const from = i === 0 ? 300 : cuts[i - 1];
        await context.append(sliceRows(keys, from, cut), sliceRows(values, from, cut));
      }
      return context;
    };
    for (const coarse of [undefined, 4]) {
      const context = await grown([1000], coarse);
      expect(context.length).toBe(1000);
      // 700 new keys: 5 blocks of 128 are clustered, 60 and the 64 recent ones are not.
      expect(context.clusterCount).toBe(20 + 5 * 8);
      const labels = labelsOf(context, 0, 1);
      expect(labels.flatMap((label, i) => (label < 0 ? [i] : []))).toEqual([0, 1, 2, 3, ...Array.from({ length: 124 }, (_, i) => 876 + i)]);
      const before = await grown([], coarse);
      expect(labels.slice(0, 236)).toEqual(labelsOf(before, 0, 1).slice(0, 236));
      const { centroids, valueMeans, offsets, members, groupOffsets } = context.clusters(0, 1);
      const own = members.subarray(offsets[59], offsets[60]);
      const mean = (tensor: AttentionTensor): number[] => [...meanOf([...own].map((key) => rowsOf(tensor, 0, 1)[key])).map(Math.fround)];
      expect([...centroids.slice(59 * 12)]).toEqual(mean(keys));
      expect([...valueMeans.slice(59 * 12)]).toEqual(mean(values));
      if (coarse !== undefined) expect(groupOffsets!.slice(4)).toEqual(Uint32Array.of(20, 28, 36, 44, 52, 60));
      const bytes = await context.toBytes();
      expectSame(await (await grown([301, 302, 430, 557, 558, 999, 1000], coarse)).toBytes(), bytes);
      const loaded = await ClusteredContext.fromBytes(await (await grown([500], coarse)).toBytes(), { backend });
      await loaded.append(sliceRows(keys, 500, 1000), sliceRows(values, 500, 1000));
      expectSame(await loaded.toBytes(), bytes);
    }
  });

  test('an append that is aborted changes nothing', async () => {
    const keys = gaussianTensor(11, [1, 1, 600, 8]);
    const context = await build(sliceRows(keys, 0, 200), sliceRows(keys, 0, 200));
    const before = await context.toBytes();
    const controller = new AbortController();
    const appending = context.append(sliceRows(keys, 200, 600), sliceRows(keys, 200, 600), { signal: controller.signal });
    await Promise.resolve();
    controller.abort();
    expect(await codeOf(appending)).toBe('ABORTED');
    expectSame(await context.toBytes(), before);
  });

  test.each<[string, () => Promise<ClusteredContext>, number]>([
    ['no keys', () => build(gaussianTensor(1, [1, 2, 0, 8]), gaussianTensor(1, [1, 2, 0, 8])), 0],
    ['no heads', () => build(gaussianTensor(1, [2, 0, 5, 8]), gaussianTensor(1, [2, 0, 5, 8])), 0],
    ['one key', () => build(gaussianTensor(1, [1, 1, 1, 8]), gaussianTensor(1, [1, 1, 1, 8]), { sink: 0, recent: 0 }), 1],
    ['fewer keys than sinks and recent ones', () => build(gaussianTensor(1, [1, 1, 60, 8]), gaussianTensor(1, [1, 1, 60, 8])), 0],
    ['equal keys', () => build(tensor(new Float32Array(1600).fill(3), [1, 1, 200, 8]), gaussianTensor(1, [1, 1, 200, 8])), 6],
    ['zero keys', () => build(tensor(new Float32Array(1600), [1, 1, 200, 8]), gaussianTensor(1, [1, 1, 200, 8])), 6],
    ['one dimension', () => build(gaussianTensor(1, [1, 1, 200, 1]), gaussianTensor(1, [1, 1, 200, 1])), 6],
    ['256 dimensions', () => build(gaussianTensor(1, [1, 1, 200, 256]), gaussianTensor(1, [1, 1, 200, 256])), 6],
    ['as many clusters as keys', () => build(gaussianTensor(1, [1, 1, 168, 4]), gaussianTensor(1, [1, 1, 168, 4]), { clusters: 100 }), 100],
  ])('%s: a context of finite numbers', async (_, make, clusters) => {
    const context = await make();
    expect(context.clusterCount).toBe(clusters);
    if (context.heads === 0) return;
    const own = context.clusters(0, 0);
    for (const array of [own.centroids, own.keyVariances, own.valueMeans]) expect(array.every(Number.isFinite)).toBe(true);
    expect(own.offsets[clusters]).toBe(own.members.length);
    expectSame(await (await ClusteredContext.fromBytes(await context.toBytes(), { backend })).toBytes(), await context.toBytes());
  });

  const good = gaussianTensor(12, [1, 2, 100, 8]);
  const with_ = (value: number): AttentionTensor => ({ ...good, data: Float32Array.from(good.data, (x, i) => (i === 700 ? value : x)) });
  test.each<[string, () => Promise<unknown>]>([
    ['NaN among the keys', () => build(with_(NaN), good)],
    ['infinity among the values', () => build(good, with_(-Infinity))],
    [
      'infinity in half precision',
      () =>
        build(
          { type: 'bfloat16', data: new Uint16Array(800).fill(0x7f80), dims: [1, 1, 100, 8] },
          { type: 'bfloat16', data: new Uint16Array(800), dims: [1, 1, 100, 8] },
        ),
    ],
    ['values of another shape', () => build(good, gaussianTensor(1, [1, 2, 99, 8]))],
    ['values of another type', () => build(good, halves(good, 'float16').bits)],
    ['three sizes', () => build({ ...good, dims: [2, 100, 8] }, good)],
    ['a shape that does not fit', () => build({ ...good, dims: [1, 2, 100, 9] }, good)],
    ['no dimensions', () => build(tensor(new Float32Array(0), [1, 1, 5, 0]), tensor(new Float32Array(0), [1, 1, 5, 0]))],
    ['257 dimensions', () => build(gaussianTensor(1, [1, 1, 2, 257]), gaussianTensor(1, [1, 1, 2, 257]))],
    ['bits without a type', () => build({ data: new Uint16Array(1600), dims: good.dims }, good)],
    ['arrays of arrays', () => build([[1]] as unknown as AttentionTensor, good)],
    ['more clusters than keys', () => build(good, good, { clusters: 33 })],
    ['no clusters', () => build(good, good, { clusters: 0 })],
    ['half a key', () => build(good, good, { sink: 0.5 })],
    ['an infinite scale', () => build(good, good, { scale: Infinity })],
    ['an unknown initialization', () => build(good, good, { initialization: 'best' as 'random' })],
    [
      'keys of another shape, appended',
      async () => (await build(good, good)).append(gaussianTensor(1, [1, 1, 5, 8]), gaussianTensor(1, [1, 1, 5, 8])),
    ],
  ])('%s is refused', async (_, attempt) => {
    expect(await codeOf(attempt())).toBe('INVALID_ARGUMENT');
  });

  test('aborts before and while clusters are made; tells of its progress; is of no use once disposed', async () => {
    const keys = gaussianTensor(13, [1, 4, 3000, 16]);
    expect(await codeOf(build(keys, keys, { signal: AbortSignal.abort() }))).toBe('ABORTED');
    const controller = new AbortController();
    expect(await codeOf(build(keys, keys, { signal: controller.signal, onProgress: () => controller.abort() }))).toBe('ABORTED');
    const heard: string[] = [];
    const context = await build(keys, keys, { onProgress: ({ done, total }) => heard.push(`${done} of ${total}`) });
    expect(heard).toEqual(['1 of 4', '2 of 4', '3 of 4', '4 of 4']);
    context.dispose();
    expect(() => context.length).toThrow(expect.objectContaining({ code: 'DISPOSED' }));
    expect(await codeOf(context.append(keys, keys))).toBe('DISPOSED');
  });
});

/** Lookup, selection and attention over clusters against double precision and against lists of rows, on every backend. */
import type { ClusterAttentionSpec } from '../../lib/backend/attention-kernels';
import { selectKernels } from '../../lib/backend/select';
import { plainScores } from '../oracles/attention';
import { emptyOutput, expectClose, rowNumbers } from './attention-cases';
import { BACKENDS, describeEachBackend } from './backends';
import { asRowLists, clusteredCase, sizesOf, withRoom } from './cluster-cases';

describeEachBackend('clusters', (backend) => {
  const kernels = selectKernels(backend);

  test.each([
    ['float32', 1, 1, 1, 40],
    ['float32', 4, 1, 1, 40],
    ['float32', 2, 9, 4, 40],
    ['float32', 3, 40, 40, 40],
    ['int8', 1, 1, 1, 40],
    ['int8', 4, 2, 2, 40],
    ['int8', 5, 11, 11, 40],
    ['int8', 3, 50, 29, 40],
    ['int8', 2, 60, 60, 33],
    ['int8', 1, 1, 1, 1],
    ['int8', 3, 1, 1, 31],
    ['int8', 7, 1, 1, 32],
    ['int8', 1, 3, 3, 128],
    ['int8', 2, 2, 2, 250],
    ['int8', 1, 1, 1, 256],
    ['int8', 3, 70, 70, 72],
  ] as const)('scores with %s centroids, %d heads, %d queries in tiles of %d, %d dimensions', (type, group, queries, tile, dims) => {
    const { spec, centroids } = clusteredCase(type, group, queries, tile, 1, 'float32', dims);
    for (const step of [1, 3]) {
      const tiles = Math.ceil(queries / tile);
      const scores = new Float32Array(2 * tiles * 60).fill(9);
      kernels.centroidScores({ ...spec, step }, scores);
      for (let unit = 0; unit < 2 * tiles; unit++) {
        const stream = Math.floor(unit / tiles);
        const voters: number[][] = [];
        for (let head = 0; head < group; head++) {
          for (let row = (unit % tiles) * tile; row < Math.min(queries, ((unit % tiles) + 1) * tile); row += step)
            voters.push(rowNumbers(spec.queries, stream, head, row));
        }
        const expected = plainScores(voters, centroids[stream], sizesOf(spec.clusters, stream), spec.scale);
        // Queries are rounded to 16 bits where centroids have 8.
        const tolerance = type === 'int8' ? 2e-3 : 2e-5;
        expect(expected.filter((score, i) => !(Math.abs(scores[unit * 60 + i] - score) < 1e-6 + tolerance * score))).toEqual([]);
      }
    }
  });

  test('selection: strict threshold, budget, top-p; ties, empty clusters, NaN', () => {
    const shape = { sequences: 1, kvHeads: 1, group: 1, queryLengths: Uint32Array.of(1), tile: 1, scale: 1, threads: 0 };
    const clusters = { clusters: 6, room: 6, offsets: Uint32Array.of(0, 3, 3, 5, 9, 10, 12) };
    const scores = Float32Array.of(0.125, 0.5, 0.0625, 0.0625, NaN, 0.125);
    const chosen = (kind: 'threshold' | 'budget' | 'topP', limit: number): number[] => {
      const lists = kernels.selectClusters(shape, clusters, { kind, limits: Float64Array.of(limit) }, scores);
      expect(Array.from(lists.offsets)).toEqual([0, lists.clusters.length]);
      return Array.from(lists.clusters);
    };
    expect(chosen('threshold', 0.0625)).toEqual([0, 5]);
    expect(chosen('threshold', 0)).toEqual([0, 2, 3, 5]);
    expect(chosen('threshold', -1)).toEqual([0, 2, 3, 5]);
    expect(chosen('threshold', Infinity)).toEqual([]);
    expect(chosen('budget', 0)).toEqual([]);
    expect(chosen('budget', 2)).toEqual([]);
    expect(chosen('budget', 3)).toEqual([0]);
    expect(chosen('budget', 6)).toEqual([0, 5]);
    expect(chosen('budget', 7)).toEqual([0, 2, 5]);
    expect(chosen('budget', 100)).toEqual([0, 2, 3, 5]);
    // Masses: .375, .125, .25, .25.
    expect(chosen('topP', 0)).toEqual([]);
    expect(chosen('topP', 0.3)).toEqual([0]);
    expect(chosen('topP', 0.375)).toEqual([0]);
    expect(chosen('topP', 0.376)).toEqual([0, 5]);
    expect(chosen('topP', 0.7)).toEqual([0, 2, 5]);
    expect(chosen('topP', 1)).toEqual([0, 2, 3, 5]);
  });

  test.each([
    ['float32', 1, 1, 1, 40],
    ['float32', 4, 1, 1, 40],
    ['float32', 2, 9, 4, 40],
    ['int8', 4, 1, 1, 40],
    ['int8', 3, 12, 12, 40],
    ['int8', 3, 40, 40, 40],
    ['int8', 2, 30, 30, 33],
    ['int8', 5, 1, 1, 17],
    ['int8', 1, 7, 7, 95],
    ['int8', 1, 1, 1, 256],
    ['int8', 3, 70, 70, 72],
    ['int8', 3, 70, 70, 128],
  ] as const)(
    'attention over chosen %s clusters and estimates of the others: %d heads, %d queries in tiles of %d, %d dimensions',
    (type, group, queries, tile, dims) => {
      const { spec, centroids } = clusteredCase(type, group, queries, tile, 5, 'float32', dims);
      for (const estimate of [null, { ...spec.estimate!, variances: null }, spec.estimate]) {
        const to = emptyOutput(spec, 24);
        const lists = kernels.attendClusters({ ...spec, estimate }, to);
        const tiles = Math.ceil(queries / tile);
        expect(lists.offsets).toHaveLength(2 * tiles + 1);
        // Logits err by the rounding of queries to 16 bits, once for each dimension.
        expectClose(asRowLists({ ...spec, estimate }, lists, centroids), to, type === 'int8' ? 6 * Math.sqrt(dims) : 10);
      }
    },
  );

  test.each(['float16', 'bfloat16'] as const)('%s keys, room for more clusters', (type) => {
    for (const [group, queries] of [
      [3, 1],
      [2, 7],
    ]) {
      const { spec, centroids } = clusteredCase('float32', group, queries, queries, 6, type);
      const roomy = withRoom(spec, 64);
      const to = emptyOutput(spec, 24);
      const lists = kernels.attendClusters(roomy, to);
      expect(lists).toEqual(kernels.attendClusters(spec, emptyOutput(spec, 24)));
      expectClose(asRowLists(spec, lists, centroids), to, 10);
    }
  });

  test('thresholds are compared with the scores that the lookup gives', () => {
    const { spec } = clusteredCase('float32', 2, 6, 3);
    const scores = new Float32Array(4 * 60);
    kernels.centroidScores(spec, scores);
    for (const at of [5, 60 + 17, 120 + 31]) {
      const selection = { kind: 'threshold' as const, limits: Float64Array.of(scores[at], scores[at]) };
      const chosen = kernels.attendClusters({ ...spec, selection }, emptyOutput(spec, 24));
      expect(chosen).toEqual(kernels.selectClusters(spec, spec.clusters, selection, scores));
      const unit = Math.floor(at / 60);
      expect([...chosen.clusters.subarray(chosen.offsets[unit], chosen.offsets[unit + 1])]).not.toContain(at % 60);
    }
  });

  test.each([
    ['float32', 5],
    ['int8', 20],
  ] as const)('groups of %s clusters are looked up first, %d queries', (type, queries) => {
    const { spec, centroids } = clusteredCase(type, 2, queries, queries);
    const { clusters } = spec;
    const bounds = [0, 7, 7, 31, 60];
    const groupRows = [0, 1].flatMap((stream) =>
      bounds.slice(1).map((end, g) => (bounds[g] < end ? centroids[stream][bounds[g]] : centroids[stream][0])),
    );
    const groups = {
      groups: 4,
      centroids: Float32Array.from(groupRows.flat()),
      offsets: Uint32Array.from([...bounds, ...bounds]),
      limits: Float64Array.of(0, 0),
    };
    for (let stream = 0; stream < 2; stream++) {
      const voters = [0, 1].flatMap((head) => Array.from({ length: queries }, (_, row) => rowNumbers(spec.queries, stream, head, row)));
      const sizes = sizesOf(clusters, stream);
      const keys = bounds.slice(1).map((end, g) => sizes.slice(bounds[g], end).reduce((sum, size) => sum + size, 0));
      const ofGroups = plainScores(voters, groupRows.slice(4 * stream, 4 * stream + 4), keys, spec.scale);
      // Half way between two groups.
      const sorted = ofGroups.filter((_, g) => keys[g] > 0).sort((a, b) => a - b);
      groups.limits[stream] = (sorted[0] + sorted[1]) / 2;
      const left = sizes.map((size, i) => (ofGroups[bounds.findIndex((end) => end > i) - 1] > groups.limits[stream] ? size : 0));
      const expected = plainScores(voters, centroids[stream], left, spec.scale);
      const scores = new Float32Array(2 * 60);
      kernels.centroidScores({ ...spec, clusters: { ...clusters, groups } }, scores);
      for (let i = 0; i < 60; i++) {
        if (left[i] === 0 && sizes[i] > 0) expect(scores[60 * stream + i]).toBeNaN();
        else expect(Math.abs(scores[60 * stream + i] - expected[i])).toBeLessThan(1e-6 + (type === 'int8' ? 2e-3 : 2e-5) * expected[i]);
      }
    }
    for (const selection of [{ kind: 'budget' as const, limits: Float64Array.of(1e9, 30) }, spec.selection]) {
      const grouped = { ...spec, clusters: { ...clusters, groups }, selection };
      const to = emptyOutput(spec, 24);
      const lists = kernels.attendClusters(grouped, to);
      expectClose(asRowLists(spec, lists, centroids), to, type === 'int8' ? 40 : 10);
      expect(lists.clusters.length).toBeLessThan(sizesOf(clusters, 0).length + sizesOf(clusters, 1).length);
    }
  });

  test('budgets of 0, no clusters, clusters without keys, one key, logits of ±10⁴', () => {
    const { spec, centroids } = clusteredCase('float32', 2, 3, 3);
    const none = { ...spec, selection: { kind: 'budget' as const, limits: Float64Array.of(0, 0) } };
    const check = (call: ClusterAttentionSpec, sharpness: number): void => {
      const to = emptyOutput(call, 24);
      expectClose(asRowLists(call, kernels.attendClusters(call, to), centroids), to, sharpness);
    };
    check(none, 10);
    check({ ...none, estimate: null }, 10);
    check({ ...none, estimate: null, parts: [] }, 10);
    const empty = { ...spec.clusters, offsets: new Uint32Array(spec.clusters.offsets.length) };
    check({ ...spec, clusters: empty }, 10);
    const one = { ...empty, offsets: empty.offsets.map((_, i) => (i % 61 > 20 ? 1 : 0)) };
    check({ ...spec, clusters: one, parts: [], selection: { kind: 'topP', limits: Float64Array.of(1, 0) } }, 10);
    const to = emptyOutput(spec, 24);
    const nothing = kernels.attendClusters({ ...spec, clusters: { ...empty, clusters: 0, room: 0 }, parts: [] }, to);
    expect(nothing).toEqual({ offsets: Uint32Array.of(0, 0, 0), clusters: new Uint32Array(0) });
    expect(rowNumbers(to.logSumExp, 1, 1, 2)).toEqual([-Infinity]);
    expect(rowNumbers(to.output, 1, 1, 2)).toEqual(new Array(24).fill(0));
    // Rounding of logits of that size decides between rows that are close; one that is ahead by far is what comes out.
    const loud = {
      ...spec,
      scale: 1e4 / 8,
      estimate: { ...spec.estimate!, variances: null },
      selection: { kind: 'topP' as const, limits: Float64Array.of(0.5, 0.5) },
    };
    const loudTo = emptyOutput(spec, 24);
    kernels.attendClusters(loud, loudTo);
    for (let row = 0; row < 3; row++) {
      expect(rowNumbers(loudTo.output, 0, 0, row).every(Number.isFinite)).toBe(true);
      expect(Math.abs(rowNumbers(loudTo.logSumExp, 0, 0, row)[0])).toBeLessThan(1e6);
    }
  });

  test('any number of threads gives the same clusters and bits', async () => {
    const { spec } = clusteredCase('float32', 4, 6, 2);
    const [first, second] = [emptyOutput(spec, 24), emptyOutput(spec, 24)];
    const lists = kernels.attendClusters({ ...spec, threads: 1 }, first);
    expect(await kernels.attendClustersAsync({ ...spec, threads: 2 }, second, {})).toEqual(lists);
    expect(second.output.data).toEqual(first.output.data);
    expect(second.logSumExp.data).toEqual(first.logSumExp.data);
  });
});

test('all backends choose the same clusters', () => {
  const { spec } = clusteredCase('float32', 2, 7, 3, 9);
  const chosen = BACKENDS.map((backend) => selectKernels(backend).attendClusters(spec, emptyOutput(spec, 24)));
  for (const lists of chosen) expect(lists).toEqual(chosen[0]);
});

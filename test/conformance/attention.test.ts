/** The attention kernels against double precision, on every backend. */
import fc from 'fast-check';
import type {
  AttentionOutput,
  AttentionSpec,
  ClusterAttentionSpec,
  ClusterRows,
  ElementType,
  Float32HeadRows,
  HeadRows,
} from '../../lib/backend/attention-kernels';
import { selectKernels } from '../../lib/backend/select';
import { RandomStream } from '../../lib/clustering/random';
import { plainScores } from '../oracles/attention';
import { attentionCase, caseShape, emptyOutput, expectedAttention, rowNumbers, type CaseShape } from './attention-cases';
import { BACKENDS, describeEachBackend } from './backends';
import { FUZZ_SEED, fuzzRuns } from './fuzz';

/** Rounding of single precision: in outputs by the size of values and of logits, in log-sum-exps by theirs. */
function expectClose(spec: AttentionSpec, to: AttentionOutput, sharpness: number): void {
  expectedAttention(spec).forEach((heads, sequence) =>
    heads.forEach((rows, head) =>
      rows.forEach(({ output, logSumExp }, row) => {
        const actual = rowNumbers(to.output, sequence, head, row);
        const [sum] = rowNumbers(to.logSumExp, sequence, head, row);
        const place = `sequence ${sequence}, head ${head}, query ${row}`;
        // One assertion for a row: they cost more than the arithmetic.
        const error = Math.max(...output.map((number, dim) => Math.abs(actual[dim] - number)));
        if (logSumExp === -Infinity) expect([place, sum, error]).toEqual([place, -Infinity, 0]);
        else if (!(Math.abs(sum - logSumExp) < 2e-6 * (1 + sharpness + Math.abs(logSumExp)) && error < 1e-5 * (1 + sharpness))) {
          throw new Error(`${place}: log-sum-exp ${sum} instead of ${logSumExp}, error of outputs ${error}`);
        }
      }),
    ),
  );
}

/** Nothing outside the rows of the results was written. */
function expectGapsUntouched(rows: HeadRows): void {
  expect(Number.isNaN(rows.data[0]) && Number.isNaN(rows.data[rows.data.length - 1])).toBe(true);
}

const oneQuery: CaseShape = {
  queryLengths: [1],
  kvHeads: 2,
  group: 4,
  tile: 1,
  dims: 128,
  valueDims: 128,
  type: 'float32',
  interleaved: false,
  parts: [{ length: 700, visible: 'all', block: 1, bias: false, variances: false }],
  spread: 1,
  seed: 3,
};

describeEachBackend('attention', (backend) => {
  const kernels = selectKernels(backend);

  function check(shape: CaseShape): void {
    const spec = attentionCase(shape);
    if (spec.parts.length === 0) return;
    const to = emptyOutput(spec, shape.valueDims);
    kernels.attend(spec, to);
    // Products of queries and keys are up to about spread × 4 √d, times 1/√d.
    expectClose(spec, to, 10 * shape.spread);
    expectGapsUntouched(to.output);
    expectGapsUntouched(to.logSumExp);
  }

  test('random shapes', () => {
    fc.assert(fc.property(caseShape, check), { seed: FUZZ_SEED, numRuns: fuzzRuns(40) });
  });

  // The addon joins portions of 8,192 keys.
  const many: CaseShape = { ...oneQuery, kvHeads: 1, parts: [{ ...oneQuery.parts[0], length: backend === 'js' ? 500 : 8300 }] };

  test.each(['float32', 'float16', 'bfloat16'] as const)('one query of each head over many %s keys', (type) => {
    check({ ...many, type, dims: 64, valueDims: 80 });
    check({ ...oneQuery, type, group: 1 });
  });

  test('many queries', () => {
    check({ ...oneQuery, group: 2, queryLengths: [70], tile: 70, parts: [{ ...oneQuery.parts[0], length: 300, visible: 'causal' }] });
    check({
      ...oneQuery,
      group: 1,
      queryLengths: [300, 0, 5],
      tile: 64,
      parts: [{ ...oneQuery.parts[0], length: 200, visible: 'causal' }],
    });
  });

  test('no part, no key, no sequence', () => {
    const spec = attentionCase({ ...oneQuery, parts: [{ ...oneQuery.parts[0], length: 0 }] });
    const to = emptyOutput(spec, 128);
    kernels.attend({ ...spec, parts: [] }, to);
    expectClose(spec, to, 1);
    check({ ...oneQuery, parts: [{ ...oneQuery.parts[0], length: 1 }] });
    check({ ...oneQuery, queryLengths: [0], parts: [{ ...oneQuery.parts[0], length: 9 }] });
  });

  test('logits of ±10⁴', () => {
    const spec = attentionCase({ ...oneQuery, parts: [{ ...oneQuery.parts[0], length: 50 }], spread: 3000 });
    const to = emptyOutput(spec, 128);
    kernels.attend(spec, to);
    // The rounding of logits of that size decides between keys that are close; there are none here.
    expectClose(spec, to, 100);
  });

  test('any number of threads gives the same bits, now or later', async () => {
    for (const group of [1, 4, 24]) {
      const spec = attentionCase({
        ...many,
        group,
        parts: [...many.parts, { ...oneQuery.parts[0], length: 40, visible: 'causal' }],
      });
      const [first, second, third] = [0, 1, 2].map(() => emptyOutput(spec, 128));
      kernels.attend({ ...spec, threads: 1 }, first);
      kernels.attend({ ...spec, threads: 2 }, second);
      const told: number[] = [];
      await kernels.attendAsync({ ...spec, threads: 3 }, third, { onProgress: (done) => told.push(done) });
      for (const other of [second, third]) {
        expect(other.output.data).toEqual(first.output.data);
        expect(other.logSumExp.data).toEqual(first.logSumExp.data);
      }
      expect(told.every((done) => done >= 0 && done <= 1)).toBe(true);
    }
  });

  test('aborting', async () => {
    const spec = attentionCase(oneQuery);
    await expect(kernels.attendAsync(spec, emptyOutput(spec, 128), { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'ABORTED',
    });
  });

  test('merging parts gives attention over all of them', () => {
    const spec = attentionCase({ ...oneQuery, kvHeads: 1, parts: [80, 0, 33].map((length) => ({ ...oneQuery.parts[0], length })) });
    const each = spec.parts.map((part) => {
      const to = emptyOutput(spec, 128);
      kernels.attend({ ...spec, parts: [part] }, to);
      const heads = Array.from({ length: 4 }, (_, head) => head);
      return {
        output: Float32Array.from(heads.flatMap((head) => rowNumbers(to.output, 0, head, 0))),
        logSumExp: Float32Array.from(heads.flatMap((head) => rowNumbers(to.logSumExp, 0, head, 0))),
      };
    });
    const output = new Float32Array(4 * 128);
    const logSumExp = new Float32Array(4);
    kernels.mergeAttention(
      each.map((one) => one.output),
      each.map((one) => one.logSumExp),
      128,
      output,
      logSumExp,
    );
    expectedAttention(spec)[0].forEach(([expected], head) => {
      expected.output.forEach((number, dim) => expect(output[head * 128 + dim]).toBeCloseTo(number, 5));
      expect(logSumExp[head]).toBeCloseTo(expected.logSumExp, 5);
    });
  });
});

interface ClusteredCase {
  readonly spec: ClusterAttentionSpec;
  /** Those of the stream as numbers. */
  readonly centroids: number[][][];
}

/** Two sequences of one KV head, clusters of 0 … 6 keys. */
function clusteredCase(
  centroidType: 'float32' | 'int8',
  group: number,
  queries: number,
  tile: number,
  seed = 1,
  type: ElementType = 'float32',
): ClusteredCase {
  const random = new RandomStream(seed);
  const clusters = 60;
  const dims = 40;
  const offsets = new Uint32Array(2 * (clusters + 1));
  for (let stream = 0; stream < 2; stream++) {
    for (let i = 0; i < clusters; i++) offsets[stream * (clusters + 1) + i + 1] = offsets[stream * (clusters + 1) + i] + random.below(7);
  }
  const length = Math.max(...offsets);
  const shape: CaseShape = {
    ...oneQuery,
    queryLengths: [queries, queries],
    kvHeads: 1,
    group,
    tile,
    dims,
    type,
    valueDims: 24,
    parts: [
      { ...oneQuery.parts[0], length: length + 7 },
      { ...oneQuery.parts[0], length: 10, visible: 'causal' },
    ],
    spread: 2,
    seed,
  };
  const attention = attentionCase(shape);
  const [rows, added] = attention.parts;
  const numbers = Array.from({ length: 2 }, () =>
    Array.from({ length: clusters }, () =>
      Array.from({ length: dims }, () => Math.round(127 * Math.max(-1, Math.min(1, random.gaussian() / 3)))),
    ),
  );
  const scales = Float32Array.from({ length: 2 * clusters }, () => 0.02 + 0.01 * random.next());
  const flat = numbers.flat();
  const centroids = flat.map((centroid, i) => centroid.map((x) => x * scales[i]));
  const rowsOf: ClusterRows = {
    clusters,
    room: clusters,
    dims,
    centroids: centroidType === 'int8' ? Int8Array.from(flat.flat()) : Float32Array.from(centroids.flat()),
    scales: centroidType === 'int8' ? scales : null,
    offsets,
    groups: null,
  };
  return {
    spec: {
      ...attention,
      clusters: rowsOf,
      step: 1,
      selection: { kind: 'budget', limits: Float64Array.of(20, 40) },
      keys: rows.keys,
      values: rows.values,
      estimate: {
        valueMeans: Float32Array.from({ length: 2 * clusters * 24 }, () => random.gaussian()),
        variances: Float32Array.from({ length: 2 * clusters * dims }, () => random.next()),
      },
      parts: [added],
    },
    centroids: [centroids.slice(0, clusters), centroids.slice(clusters)],
  };
}

/** The same clusters in longer arrays. */
function withRoom(spec: ClusterAttentionSpec, room: number): ClusterAttentionSpec {
  const { clusters, dims, offsets, centroids } = spec.clusters;
  const widened = (from: Float32Array, width: number): Float32Array => {
    const out = new Float32Array(2 * room * width).fill(NaN);
    for (let stream = 0; stream < 2; stream++)
      out.set(from.subarray(stream * clusters * width, (stream + 1) * clusters * width), stream * room * width);
    return out;
  };
  const roomyOffsets = new Uint32Array(2 * (room + 1));
  for (let stream = 0; stream < 2; stream++)
    roomyOffsets.set(offsets.subarray(stream * (clusters + 1), (stream + 1) * (clusters + 1)), stream * (room + 1));
  return {
    ...spec,
    clusters: { ...spec.clusters, room, offsets: roomyOffsets, centroids: widened(centroids as Float32Array, dims) },
    estimate: {
      valueMeans: widened(spec.estimate!.valueMeans as Float32Array, 24),
      variances: widened(spec.estimate!.variances as Float32Array, dims),
    },
  };
}

function sizesOf({ clusters, offsets }: ClusterRows, stream: number): number[] {
  return Array.from({ length: clusters }, (_, i) => offsets[stream * (clusters + 1) + i + 1] - offsets[stream * (clusters + 1) + i]);
}

describeEachBackend('clusters', (backend) => {
  const kernels = selectKernels(backend);

  test.each([
    ['float32', 1, 1, 1],
    ['float32', 4, 1, 1],
    ['float32', 2, 9, 4],
    ['float32', 3, 40, 40],
    ['int8', 1, 1, 1],
    ['int8', 4, 2, 2],
    ['int8', 5, 11, 11],
  ] as const)('scores with %s centroids, %d heads, %d queries in tiles of %d', (type, group, queries, tile) => {
    const { spec, centroids } = clusteredCase(type, group, queries, tile);
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
    ['float32', 1, 1, 1],
    ['float32', 4, 1, 1],
    ['float32', 2, 9, 4],
    ['int8', 4, 1, 1],
    ['int8', 3, 12, 12],
  ] as const)(
    'attention over chosen %s clusters and estimates of the others: %d heads, %d queries in tiles of %d',
    (type, group, queries, tile) => {
      const { spec, centroids } = clusteredCase(type, group, queries, tile, 5);
      for (const estimate of [null, { ...spec.estimate!, variances: null }, spec.estimate]) {
        const to = emptyOutput(spec, 24);
        const lists = kernels.attendClusters({ ...spec, estimate }, to);
        const tiles = Math.ceil(queries / tile);
        expect(lists.offsets).toHaveLength(2 * tiles + 1);
        expectClose(asRowLists({ ...spec, estimate }, lists, centroids), to, type === 'int8' ? 40 : 10);
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

  test('groups of clusters are looked up first', () => {
    const { spec, centroids } = clusteredCase('float32', 2, 5, 5);
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
      const voters = [0, 1].flatMap((head) => [0, 1, 2, 3, 4].map((row) => rowNumbers(spec.queries, stream, head, row)));
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
        else expect(Math.abs(scores[60 * stream + i] - expected[i])).toBeLessThan(1e-6 + 2e-5 * expected[i]);
      }
    }
    for (const selection of [{ kind: 'budget' as const, limits: Float64Array.of(1e9, 30) }, spec.selection]) {
      const grouped = { ...spec, clusters: { ...clusters, groups }, selection };
      const to = emptyOutput(spec, 24);
      const lists = kernels.attendClusters(grouped, to);
      expectClose(asRowLists(spec, lists, centroids), to, 10);
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

/** The same attention with what was chosen as lists of rows, and estimates as rows with biases. */
function asRowLists(
  spec: ClusterAttentionSpec,
  lists: { offsets: Uint32Array; clusters: Uint32Array },
  centroids: number[][][],
): AttentionSpec {
  const { clusters } = spec;
  const units = lists.offsets.length - 1;
  const streamOf = (unit: number): number => Math.floor((2 * unit) / units);
  const starts: number[] = [];
  const lengths: number[] = [];
  const others: number[] = [];
  const otherOffsets = [0];
  for (let unit = 0; unit < units; unit++) {
    const chosen = Array.from(lists.clusters.subarray(lists.offsets[unit], lists.offsets[unit + 1]));
    for (const cluster of chosen) {
      const at = streamOf(unit) * (clusters.clusters + 1) + cluster;
      starts.push(clusters.offsets[at]);
      lengths.push(clusters.offsets[at + 1] - clusters.offsets[at]);
    }
    for (let cluster = 0; cluster < clusters.clusters; cluster++) if (!chosen.includes(cluster)) others.push(cluster);
    otherOffsets.push(others.length);
  }
  const dense = (data: Float32Array, dims: number): Float32HeadRows => ({
    data,
    type: 'float32',
    dims,
    starts: Float64Array.of(0, clusters.clusters * dims),
    headStride: 0,
    rowStride: dims,
  });
  const keyCounts = Uint32Array.of(clusters.offsets[clusters.clusters], clusters.offsets[2 * clusters.clusters + 1]);
  const clusterCounts = Uint32Array.of(clusters.clusters, clusters.clusters);
  const chosenPart = {
    keys: spec.keys,
    values: spec.values,
    lengths: keyCounts,
    causal: false,
    lists: { offsets: lists.offsets, starts: Int32Array.from(starts), lengths: Uint32Array.from(lengths), block: 1 },
    bias: null,
    variances: null,
  };
  const estimates =
    spec.estimate === null
      ? []
      : [
          {
            keys: dense(Float32Array.from(centroids.flat(2)), clusters.dims),
            values: dense(spec.estimate.valueMeans as Float32Array, 24),
            lengths: clusterCounts,
            causal: false,
            lists: { offsets: Uint32Array.from(otherOffsets), starts: Int32Array.from(others), lengths: null, block: 1 },
            bias: dense(Float32Array.from([0, 1].flatMap((stream) => sizesOf(clusters, stream).map(Math.log))), 1),
            variances: spec.estimate.variances === null ? null : dense(spec.estimate.variances as Float32Array, clusters.dims),
          },
        ];
  return { ...spec, parts: [chosenPart, ...estimates, ...spec.parts] };
}

test('all backends choose the same clusters', () => {
  const { spec } = clusteredCase('float32', 2, 7, 3, 9);
  const chosen = BACKENDS.map((backend) => selectKernels(backend).attendClusters(spec, emptyOutput(spec, 24)));
  for (const lists of chosen) expect(lists).toEqual(chosen[0]);
});

/** Clusters of keys to attend to, and the same attention as lists of rows. */
import type {
  AttentionSpec,
  ClusterAttentionSpec,
  ClusterRows,
  ClusterVectors,
  ElementType,
  Float32HeadRows,
} from '../../lib/backend/attention-kernels';
import { RandomStream } from '../../lib/clustering/random';
import { attentionCase, oneQuery, type CaseShape } from './attention-cases';

export interface ClusteredCase {
  readonly spec: ClusterAttentionSpec;
  /** Those of the stream as numbers. */
  readonly centroids: number[][][];
}

/** Two sequences of one KV head, clusters of 0 … 6 keys. */
export function clusteredCase(
  centroidType: 'float32' | 'int8',
  group: number,
  queries: number,
  tile: number,
  seed = 1,
  type: ElementType = 'float32',
  dims = 40,
): ClusteredCase {
  const random = new RandomStream(seed);
  const clusters = 60;
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
        valueMeans: vectorsOf(
          centroidType,
          Float32Array.from({ length: 2 * clusters * 24 }, () => random.gaussian()),
          24,
        ),
        variances: vectorsOf(
          centroidType,
          Float32Array.from({ length: 2 * clusters * dims }, () => random.next()),
          dims,
        ),
      },
      parts: [added],
    },
    centroids: [centroids.slice(0, clusters), centroids.slice(clusters)],
  };
}

/** As they are, or in eight bits. */
function vectorsOf(type: 'float32' | 'int8', numbers: Float32Array, dims: number): ClusterVectors {
  if (type === 'float32') return { data: numbers, scales: null };
  const scales = Float32Array.from({ length: numbers.length / dims }, (_, row) => {
    return Math.max(...numbers.subarray(row * dims, (row + 1) * dims).map(Math.abs)) / 127;
  });
  return { data: Int8Array.from(numbers, (x, i) => Math.round(x / scales[Math.floor(i / dims)])), scales };
}

function numbersOf({ data, scales }: ClusterVectors, dims: number): Float32Array {
  return Float32Array.from(data, (x, i) => x * (scales?.[Math.floor(i / dims)] ?? 1));
}

/** The same clusters in longer arrays. */
export function withRoom(spec: ClusterAttentionSpec, room: number): ClusterAttentionSpec {
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
      valueMeans: { data: widened(numbersOf(spec.estimate!.valueMeans, 24), 24), scales: null },
      variances: { data: widened(numbersOf(spec.estimate!.variances!, dims), dims), scales: null },
    },
  };
}

export function sizesOf({ clusters, offsets }: ClusterRows, stream: number): number[] {
  return Array.from({ length: clusters }, (_, i) => offsets[stream * (clusters + 1) + i + 1] - offsets[stream * (clusters + 1) + i]);
}

/** The same attention with what was chosen as lists of rows, and estimates as rows with biases. */
export function asRowLists(
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
            values: dense(numbersOf(spec.estimate.valueMeans, 24), 24),
            lengths: clusterCounts,
            causal: false,
            lists: { offsets: Uint32Array.from(otherOffsets), starts: Int32Array.from(others), lengths: null, block: 1 },
            bias: dense(Float32Array.from([0, 1].flatMap((stream) => sizesOf(clusters, stream).map(Math.log))), 1),
            variances: spec.estimate.variances === null ? null : dense(numbersOf(spec.estimate.variances, clusters.dims), clusters.dims),
          },
        ];
  return { ...spec, parts: [chosenPart, ...estimates, ...spec.parts] };
}

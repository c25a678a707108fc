/** Lookup, selection and attention, one after the other. */
import {
  unitsOf,
  type AttentionOutput,
  type ClusterAttentionSpec,
  type ClusterLists,
  type ClusterVectors,
  type ElementType,
  type HeadRows,
  type KeyPart,
  type RowLists,
} from '../../attention-kernels';
import { attendUnits } from './attend';
import { clusterSizes, scoreUnits } from './centroid-scores';
import { selectClusters } from './select-clusters';

export function* attendClusterUnits(spec: ClusterAttentionSpec, to: AttentionOutput): Generator<void, ClusterLists> {
  const { clusters } = spec;
  const scores = new Float32Array(unitsOf(spec).length * clusters.clusters);
  yield* scoreUnits(spec, scores);
  const chosen = selectClusters(spec, clusters, spec.selection, scores);
  yield* attendUnits({ ...spec, parts: partsOfClusters(spec, chosen) }, to);
  return chosen;
}

/** All that is attended to once clusters are chosen. */
export function partsOfClusters(spec: ClusterAttentionSpec, chosen: ClusterLists): KeyPart[] {
  return [chosenRows(spec, chosen), ...(spec.estimate === null ? [] : [estimatedRows(spec, chosen)]), ...spec.parts];
}

/** The rows of the chosen clusters. */
function chosenRows(spec: ClusterAttentionSpec, { offsets, clusters }: ClusterLists): KeyPart {
  const { keys, values, clusters: rows, sequences } = spec;
  const starts = new Int32Array(clusters.length);
  const lengths = new Uint32Array(clusters.length);
  unitsOf(spec).forEach(({ sequence, head }, unit) => {
    const first = (sequence * spec.kvHeads + head) * (rows.room + 1);
    for (let entry = offsets[unit]; entry < offsets[unit + 1]; entry++) {
      starts[entry] = rows.offsets[first + clusters[entry]];
      lengths[entry] = rows.offsets[first + clusters[entry] + 1] - starts[entry];
    }
  });
  const lists: RowLists = { offsets, starts, lengths, block: 1 };
  return { keys, values, lengths: new Uint32Array(sequences).fill(2 ** 32 - 1), causal: false, lists, bias: null, variances: null };
}

/** The other clusters, each as one row. */
function estimatedRows(spec: ClusterAttentionSpec, chosen: ClusterLists): KeyPart {
  const { clusters, sequences, kvHeads, estimate } = spec;
  const { clusters: count, room } = clusters;
  const units = unitsOf(spec);
  const offsets = new Uint32Array(units.length + 1);
  const starts: number[] = [];
  for (let unit = 0; unit < units.length; unit++) {
    const taken = new Set(chosen.clusters.subarray(chosen.offsets[unit], chosen.offsets[unit + 1]));
    for (let i = 0; i < count; i++) if (!taken.has(i)) starts.push(i);
    offsets[unit + 1] = starts.length;
  }
  const rows = (data: Float32Array | Uint16Array, dims: number): HeadRows => ({
    data,
    type: (data instanceof Float32Array ? 'float32' : 'bfloat16') satisfies ElementType,
    dims,
    starts: Float64Array.from({ length: sequences }, (_, i) => i * kvHeads * room * dims),
    headStride: room * dims,
    rowStride: dims,
  });
  const logarithms = new Float32Array(sequences * kvHeads * room);
  for (let stream = 0; stream < sequences * kvHeads; stream++) {
    logarithms.set(clusterSizes(clusters, stream).map(Math.log), stream * room);
  }
  return {
    keys: rows(floatCentroids(spec), clusters.dims),
    values: rows(floatsOf(estimate!.valueMeans, spec.values.dims), spec.values.dims),
    lengths: new Uint32Array(sequences).fill(count),
    causal: false,
    lists: { offsets, starts: Int32Array.from(starts), lengths: null, block: 1 },
    bias: rows(logarithms, 1) as KeyPart['bias'],
    variances: estimate!.variances === null ? null : rows(floatsOf(estimate!.variances, clusters.dims), clusters.dims),
  };
}

function floatCentroids({ clusters: { centroids, scales, dims } }: ClusterAttentionSpec): Float32Array | Uint16Array {
  return centroids instanceof Uint16Array ? centroids : floatsOf({ data: centroids, scales }, dims);
}

function floatsOf({ data, scales }: ClusterVectors, dims: number): Float32Array {
  if (data instanceof Float32Array) return data;
  return Float32Array.from(data, (number, i) => number * scales![Math.floor(i / dims)]);
}

/** What queries attend to: kept keys, what stands for the others, new keys. */
import type { AttendPlan } from './attend-store';
import type { ContextSource } from './build-store';
import { sizesOf } from './cluster-scores';
import type { ContextStore } from './context-store';
import { numbersOf, type Elements } from './element-rows';
import type { WeightedRows } from './weighted-rows';

export function partsOf(store: ContextStore, plan: AttendPlan, stream: number, kept: Uint32Array): WeightedRows[] {
  const parts = [keptRows(store, stream, kept)];
  if (plan.estimate !== 'none') parts.push(estimates(store, stream, kept, plan.estimate === 'variance'));
  if (plan.added !== null) parts.push(addedRows(plan.added, stream, plan));
  return parts;
}

/** Sinks, the tail, and the rows of the kept clusters. */
function keptRows(
  { keys, values, type, dims, sink, clustered, tail, rowRoom, clusterRoom, arrays }: ContextStore,
  stream: number,
  kept: Uint32Array,
): WeightedRows {
  const offsets = arrays.offsets.subarray(stream * (clusterRoom + 1), (stream + 1) * (clusterRoom + 1));
  const ranges: [number, number][] = [
    [0, sink],
    ...Array.from(kept, (cluster): [number, number] => [offsets[cluster], offsets[cluster + 1]]),
    [sink + clustered, sink + clustered + tail],
  ];
  const count = ranges.reduce((sum, [from, to]) => sum + to - from, 0);
  const gather = (data: Elements): Float32Array => {
    const out = new Float32Array(count * dims);
    let at = 0;
    for (const [from, to] of ranges) {
      const size = (to - from) * dims;
      const room = out.subarray(at, at + size);
      const numbers = numbersOf(data, type, (stream * rowRoom + from) * dims, size, room);
      if (numbers.buffer !== out.buffer) room.set(numbers);
      at += size;
    }
    return out;
  };
  return { keys: gather(keys), values: gather(values), bias: null, variances: null, causal: null };
}

/** What stands for clusters that were not retrieved: their means, with the logarithm of their sizes. */
function estimates(store: ContextStore, stream: number, kept: Uint32Array, withVariance: boolean): WeightedRows {
  const { arrays, clusterRoom, dims } = store;
  const sizes = sizesOf(store, stream);
  for (const cluster of kept) sizes[cluster] = 0;
  const rest = Uint32Array.from(sizes, (_, i) => i).filter((i) => sizes[i] > 0);
  const gather = (rows: Float32Array): Float32Array => {
    const out = new Float32Array(rest.length * dims);
    rest.forEach((cluster, i) =>
      out.set(rows.subarray((stream * clusterRoom + cluster) * dims, (stream * clusterRoom + cluster + 1) * dims), i * dims),
    );
    return out;
  };
  return {
    keys: gather(arrays.centroids),
    values: gather(arrays.valueMeans),
    bias: Float64Array.from(rest, (cluster) => Math.log(sizes[cluster])),
    variances: withVariance ? gather(arrays.keyVariances) : null,
    causal: null,
  };
}

/** New keys: the last query sees all of them, the one before it all but the last, and so on. */
function addedRows({ keys, values, type, length, dims }: ContextSource, stream: number, { causal, queries }: AttendPlan): WeightedRows {
  const size = length * dims;
  return {
    keys: numbersOf(keys, type, stream * size, size, new Float32Array(size)),
    values: numbersOf(values, type, stream * size, size, new Float32Array(size)),
    bias: null,
    variances: null,
    causal: causal ? length - queries.length : null,
  };
}

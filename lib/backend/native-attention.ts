/** Attention on the addon's threads. */
import { MerganserError } from '../errors';
import type { AttentionJobHandle, ClusterAttentionCall, JobListener, NativeKernelAddon } from './addon-kernels';
import {
  unitsOf,
  type AttentionControl,
  type AttentionKernels,
  type AttentionOutput,
  type ClusterAttentionSpec,
  type ClusterLists,
} from './attention-kernels';
import { mergeAttention } from './js/attention/merge';
import { selectClusters } from './js/attention/select-clusters';
import { running } from './native-errors';
import { jobDone } from './native-job';

/** Rejects with ABORTED or OUT_OF_MEMORY. */
function attentionDone(
  addon: NativeKernelAddon,
  { signal, onProgress }: AttentionControl,
  start: (listener: JobListener) => AttentionJobHandle,
): Promise<void> {
  const errorOf = (job: AttentionJobHandle): Error | null => {
    const message = addon.attentionError(job);
    return message === null ? null : new MerganserError('OUT_OF_MEMORY', `Attention failed: ${message}.`);
  };
  return jobDone({ start, cancel: (job) => addon.cancelAttention(job), errorOf, progress: onProgress }, signal);
}

/** Room for what is chosen: memory that is not written to is not taken. */
function callOf(spec: ClusterAttentionSpec, to: AttentionOutput): ClusterAttentionCall {
  const units = unitsOf(spec).length;
  return { spec, to, chosen: { clusters: new Uint32Array(units * spec.clusters.clusters), counts: new Uint32Array(units) } };
}

function listsOf({ spec, chosen: { clusters, counts } }: ClusterAttentionCall): ClusterLists {
  const offsets = new Uint32Array(counts.length + 1);
  counts.forEach((count, unit) => (offsets[unit + 1] = offsets[unit] + count));
  const lists = new Uint32Array(offsets[counts.length]);
  const room = spec.clusters.clusters;
  counts.forEach((count, unit) => lists.set(clusters.subarray(unit * room, unit * room + count), offsets[unit]));
  return { offsets, clusters: lists };
}

export function attentionKernels(addon: NativeKernelAddon): AttentionKernels {
  return {
    attend: (spec, to) => running(() => addon.attend({ spec, to })),
    attendAsync: (spec, to, control) => attentionDone(addon, control, (listener) => addon.startAttend({ spec, to }, listener)),
    centroidScores: (spec, scores) => running(() => addon.centroidScores({ spec, scores })),
    centroidScoresAsync: (spec, scores, control) =>
      attentionDone(addon, control, (listener) => addon.startCentroidScores({ spec, scores }, listener)),
    selectClusters,
    attendClusters: (spec, to) => {
      const call = callOf(spec, to);
      running(() => addon.attendClusters(call));
      return listsOf(call);
    },
    prepareClusterAttention: (spec, to) => {
      const call = callOf(spec, to);
      const prepared = addon.prepareAttendClusters(call);
      const run = (): void => addon.runAttendClusters(prepared);
      return { run: () => running(run), chosen: () => listsOf(call) };
    },
    attendClustersAsync: async (spec, to, control) => {
      const call = callOf(spec, to);
      await attentionDone(addon, control, (listener) => addon.startAttendClusters(call, listener));
      return listsOf(call);
    },
    mergeAttention,
  };
}

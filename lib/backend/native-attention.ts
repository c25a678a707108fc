/** Attention on the addon's threads. What is between lookup and attention, a few numbers for each cluster, stays in TypeScript. */
import { aborted, MerganserError } from '../errors';
import type { AttentionJobHandle, JobListener, NativeKernelAddon } from './addon-kernels';
import {
  unitsOf,
  type AttentionControl,
  type AttentionKernels,
  type AttentionSpec,
  type CentroidScoreSpec,
  type ClusterAttentionSpec,
} from './attention-kernels';
import { partsOfClusters } from './js/attention/attend-clusters';
import { mergeAttention } from './js/attention/merge';
import { selectClusters } from './js/attention/select-clusters';
import { running } from './native-errors';

/** Rejects with ABORTED or OUT_OF_MEMORY. */
function jobDone(
  addon: NativeKernelAddon,
  { signal, onProgress }: AttentionControl,
  start: (listener: JobListener) => AttentionJobHandle,
): Promise<void> {
  if (signal?.aborted) return Promise.reject(aborted(signal));
  return new Promise((resolve, reject) => {
    const cancel = (): void => {
      addon.cancelAttention(job);
      reject(aborted(signal!));
    };
    const job = start((finished, done) => {
      try {
        if (!finished) return signal?.aborted ? undefined : onProgress?.(done);
        signal?.removeEventListener('abort', cancel);
        const message = addon.attentionError(job);
        if (message === null) resolve();
        else reject(new MerganserError('OUT_OF_MEMORY', `Attention failed: ${message}.`));
      } catch (error) {
        addon.cancelAttention(job);
        reject(error);
      }
    });
    signal?.addEventListener('abort', cancel, { once: true });
  });
}

const emptyScores = (spec: ClusterAttentionSpec): Float32Array => new Float32Array(unitsOf(spec).length * spec.clusters.clusters);

export function attentionKernels(addon: NativeKernelAddon): AttentionKernels {
  const attend: AttentionKernels['attend'] = (spec: AttentionSpec, to) => running(() => addon.attend({ spec, to }));
  const attendAsync: AttentionKernels['attendAsync'] = (spec, to, control) =>
    jobDone(addon, control, (listener) => addon.startAttend({ spec, to }, listener));
  const centroidScores = (spec: CentroidScoreSpec, scores: Float32Array): void => running(() => addon.centroidScores({ spec, scores }));
  const centroidScoresAsync: AttentionKernels['centroidScoresAsync'] = (spec, scores, control) =>
    jobDone(addon, control, (listener) => addon.startCentroidScores({ spec, scores }, listener));
  return {
    attend,
    attendAsync,
    centroidScores,
    centroidScoresAsync,
    selectClusters,
    attendClusters: (spec, to) => {
      const scores = emptyScores(spec);
      centroidScores(spec, scores);
      const chosen = selectClusters(spec, spec.clusters, spec.selection, scores);
      attend({ ...spec, parts: partsOfClusters(spec, chosen) }, to);
      return chosen;
    },
    attendClustersAsync: async (spec, to, control) => {
      const scores = emptyScores(spec);
      await centroidScoresAsync(spec, scores, { signal: control.signal });
      const chosen = selectClusters(spec, spec.clusters, spec.selection, scores);
      await attendAsync({ ...spec, parts: partsOfClusters(spec, chosen) }, to, control);
      return chosen;
    },
    mergeAttention,
  };
}

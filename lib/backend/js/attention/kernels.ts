/** The attention kernels in TypeScript: at once, and in turns with other work of the thread. */
import { aborted } from '../../../errors';
import { unitsOf, type AttentionControl, type AttentionKernels, type ClusterLists } from '../../attention-kernels';
import { yieldToEventLoop } from '../event-loop';
import { attendUnits } from './attend';
import { attendClusterUnits } from './attend-clusters';
import { scoreUnits } from './centroid-scores';
import { mergeAttention } from './merge';
import { selectClusters } from './select-clusters';

function atOnce<T>(work: Generator<void, T>): T {
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
  }
}

const TURN_MILLISECONDS = 8;

async function inTurns<T>(work: Generator<void, T>, { signal, onProgress }: AttentionControl): Promise<T> {
  for (;;) {
    if (signal?.aborted) throw aborted(signal);
    for (const end = performance.now() + TURN_MILLISECONDS; performance.now() < end;) {
      const step = work.next();
      if (!step.done) continue;
      onProgress?.(1);
      return step.value;
    }
    await yieldToEventLoop();
  }
}

export const attentionKernels: AttentionKernels = {
  attend: (spec, to) => atOnce(attendUnits(spec, to)),
  attendAsync: async (spec, to, control) => inTurns(attendUnits(spec, to), control),
  centroidScores: (spec, scores) => atOnce(scoreUnits(spec, scores)),
  centroidScoresAsync: async (spec, scores, control) => inTurns(scoreUnits(spec, scores), control),
  selectClusters,
  attendClusters: (spec, to) => atOnce(attendClusterUnits(spec, to)),
  prepareClusterAttention: (spec, to) => {
    let chosen: ClusterLists = { offsets: new Uint32Array(unitsOf(spec).length + 1), clusters: new Uint32Array(0) };
    return { run: () => void (chosen = atOnce(attendClusterUnits(spec, to))), chosen: () => chosen };
  },
  attendClustersAsync: async (spec, to, control) => inTurns(attendClusterUnits(spec, to), control),
  mergeAttention,
};

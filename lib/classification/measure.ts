/** Runs what distances.ts describes: on the kernels' threads, or at once. */
import { atOnce, inTurns } from '../backend/js/turns';
import type { Kernels } from '../backend/kernels';
import { float32Vectors, type Float32Vectors } from '../clustering/matrix';
import { greatestOf } from './decision';
import { kernelDistances, manhattanDistances, nearestClasses, type DistanceTask, type NearestCall } from './distances';
import { refuseInfinite } from './statistics';
import type { AsyncClassificationOptions } from './types';

function callAtOnce<Result>(calls: Generator<NearestCall, Result, void>, kernels: Kernels): Result {
  for (;;) {
    const { done, value } = calls.next();
    if (done === true) return value;
    kernels.assignNearestSync(value.spec, value.centroids, value.labels, value.squares);
  }
}

/** Rejects with ABORTED. */
async function callInTurns<Result>(
  calls: Generator<NearestCall, Result, void>,
  kernels: Kernels,
  { signal }: AsyncClassificationOptions,
): Promise<Result> {
  for (;;) {
    const { done, value } = calls.next();
    if (done === true) return value;
    await kernels.assignNearest(value.spec, value.centroids, value.labels, value.squares, { signal });
  }
}

/** Distances, [vectors, classes]. Rejects with INVALID_ARGUMENT and ABORTED. */
export async function measure(task: DistanceTask, kernels: Kernels, control: AsyncClassificationOptions): Promise<Float32Vectors> {
  await inTurns(refuseInfinite(task.points), control.signal);
  const distances =
    task.metric === 'manhattan'
      ? await inTurns(manhattanDistances(task), control.signal)
      : await callInTurns(kernelDistances(task), kernels, control);
  return float32Vectors(distances, task.model.classes);
}

export function measureSync(task: DistanceTask, kernels: Kernels): Float32Vectors {
  atOnce(refuseInfinite(task.points));
  const distances = task.metric === 'manhattan' ? atOnce(manhattanDistances(task)) : callAtOnce(kernelDistances(task), kernels);
  return float32Vectors(distances, task.model.classes);
}

/** One comparison with all centroids says which is nearest, and refuses what is not finite. */
function isDirect({ metric, blocks }: DistanceTask): boolean {
  return metric !== 'manhattan' && blocks === 1;
}

/** The nearest class of each vector, of equally near ones the first. Rejects as {@link measure} does. */
export async function nearest(task: DistanceTask, kernels: Kernels, control: AsyncClassificationOptions): Promise<Uint32Array> {
  // Kernels that scale vectors to unit length take longer ones than others do.
  if (task.metric === 'cosine') await inTurns(refuseInfinite(task.points), control.signal);
  if (isDirect(task)) return callInTurns(nearestClasses(task), kernels, control);
  return greatestOf(negative(await measure(task, kernels, control)));
}

export function nearestSync(task: DistanceTask, kernels: Kernels): Uint32Array {
  if (task.metric === 'cosine') atOnce(refuseInfinite(task.points));
  if (isDirect(task)) return callAtOnce(nearestClasses(task), kernels);
  return greatestOf(negative(measureSync(task, kernels)));
}

function negative({ data, dims }: Float32Vectors): Float32Vectors {
  return float32Vectors(
    data.map((distance) => -distance),
    dims[1],
  );
}

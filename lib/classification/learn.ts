/** Statistics that more vectors have gone into. */
import type { PointArray } from '../backend/clustering-kernels';
import type { BackendName } from '../backend/kernels';
import { selectKernels } from '../backend/select';
import { inTurns } from '../backend/js/turns';
import { kmeansOfOwn } from '../clustering/kmeans';
import { copyPoints, float32Vectors, subset } from '../clustering/matrix';
import { membersOf } from '../clustering/members';
import { unitLength } from '../clustering/initialize';
import type { ClassifierSettings } from './settings';
import { addToMeans, noStatistics, setMedians, type CentroidStatistics } from './statistics';
import type { AsyncClassificationOptions } from './types';

export interface LearningTask {
  readonly settings: ClassifierSettings;
  readonly points: PointArray;
  /** Of each point, below `classes`. */
  readonly codes: Uint32Array;
  readonly classes: number;
  readonly backend: BackendName | undefined;
  readonly control: AsyncClassificationOptions;
}

/**
 * Vectors of classes that are known join the nearest centroid of their class, those of new classes are clustered. `before` is left as it is; its `classOf` must count the
 * classes as `codes` do. Rejects with INVALID_ARGUMENT and ABORTED.
 */
export async function learn(task: LearningTask, before: CentroidStatistics): Promise<CentroidStatistics> {
  const { points, codes, classes, settings, control } = task;
  const centroidOf = new Uint32Array(points.count);
  const classOf: number[] = [];
  const kept: number[] = [];
  const members = membersOf(codes, classes);
  for (let code = 0; code < classes; code++) {
    const chosen = members.values.subarray(members.offsets[code], members.offsets[code + 1]);
    const known = [...before.classOf.keys()].filter((centroid) => before.classOf[centroid] === code);
    const labels = known.length > 0 ? await nearestKnown(task, chosen, before, known) : await clustered(task, chosen);
    const there = known.length > 0 ? known.length : chosen.length === 0 ? 0 : 1 + labels.reduce((most, label) => Math.max(most, label), 0);
    chosen.forEach((point, i) => (centroidOf[point] = classOf.length + labels[i]));
    for (let i = 0; i < there; i++) {
      classOf.push(code);
      kept.push(known.length > 0 ? known[i] : -1);
    }
  }
  const after = withRoom(before, Uint32Array.from(classOf), kept);
  const add = settings.metric === 'manhattan' ? setMedians : addToMeans;
  await inTurns(add(after, points, centroidOf), control.signal);
  return after;
}

/** `kept[i]`: which of the centroids before becomes centroid i; −1: none. */
function withRoom(before: CentroidStatistics, classOf: Uint32Array, kept: readonly number[]): CentroidStatistics {
  const { dims, counts, centroids, centre, scatter } = before;
  const after = noStatistics(dims, classOf);
  kept.forEach((old, i) => {
    if (old < 0) return;
    after.counts[i] = counts[old];
    after.centroids.set(centroids.subarray(old * dims, (old + 1) * dims), i * dims);
  });
  return { ...after, centre: centre.slice(), scatter: scatter.slice() };
}

async function nearestKnown(
  { points, settings, backend, control }: LearningTask,
  chosen: Uint32Array,
  { dims, centroids }: CentroidStatistics,
  known: readonly number[],
): Promise<Uint32Array> {
  const labels = new Uint32Array(chosen.length);
  if (known.length === 1 || chosen.length === 0) return labels;
  const spherical = settings.metric === 'cosine';
  const rows = Float32Array.from(known.flatMap((centroid) => [...centroids.subarray(centroid * dims, (centroid + 1) * dims)]));
  const spec = { points: subset(points, chosen), spherical, threads: control.threads ?? 0 };
  await selectKernels(backend).assignNearest(spec, unitLength(rows, dims, spherical), labels, null, control);
  return labels;
}

/** Clusters from 0, none of them empty. */
async function clustered({ points, settings, backend, control }: LearningTask, chosen: Uint32Array): Promise<Uint32Array> {
  const clusters = Math.min(settings.centroidsPerClass, chosen.length);
  if (clusters <= 1) return new Uint32Array(chosen.length);
  const { labels, sizes } = await kmeansOfOwn(float32Vectors(copyPoints(points, chosen), points.dims), {
    ...control,
    clusters,
    seed: settings.seed,
    spherical: settings.metric === 'cosine',
    ...(backend && { backend }),
  });
  let next = 0;
  const numbers = sizes.map((size) => (size === 0 ? 0 : next++));
  return labels.map((label) => numbers[label]);
}

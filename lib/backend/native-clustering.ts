/** Clustering on the addon's threads, as promises. */
import { MerganserError } from '../errors';
import type { ClusteringJobHandle, JobListener, NativeKernelAddon } from './addon-kernels';
import type { ClusteringControl, ClusteringKernels, LloydStop } from './clustering-kernels';
import { notFinite } from './js/clustering/point-rows';
import { jobDone } from './native-job';

const STOP_REASONS: readonly LloydStop[] = ['converged', 'tolerance', 'maxIterations'];

/** Rejects with ABORTED, INVALID_ARGUMENT or OUT_OF_MEMORY. */
function clusteringDone(
  addon: NativeKernelAddon,
  { signal, onProgress }: ClusteringControl,
  start: (listener: JobListener) => ClusteringJobHandle,
): Promise<void> {
  const errorOf = (job: ClusteringJobHandle): Error | null => {
    const message = addon.clusteringError(job);
    return message === null ? null : jobError(message);
  };
  const progress = (iteration: number, job: ClusteringJobHandle): void => onProgress?.(iteration, addon.lloydObjective(job));
  return jobDone({ start, cancel: (job) => addon.cancelClustering(job), errorOf, progress }, signal);
}

function jobError(message: string): Error {
  if (message.startsWith('not finite: ')) return notFinite(Number(message.slice('not finite: '.length)));
  return new MerganserError('OUT_OF_MEMORY', `Clustering failed: ${message}.`);
}

export function clusteringKernels(addon: NativeKernelAddon): ClusteringKernels {
  return {
    lloyd: async (spec, centroids, labels, control) => {
      const numbers = new Float64Array(3 + spec.maxIterations);
      const clusters = centroids.length / spec.points.dims;
      await clusteringDone(addon, control, (listener) => addon.startLloyd({ ...spec, clusters, centroids, labels, numbers }, listener));
      const [reason, objective, iterations] = numbers;
      return { stopReason: STOP_REASONS[reason], objective, objectives: numbers.slice(3, 3 + iterations) };
    },
    assignNearest: (spec, centroids, labels, distances, control) => {
      const clusters = centroids.length / spec.points.dims;
      return clusteringDone(addon, control, (listener) =>
        addon.startNearest({ ...spec, clusters, centroids, labels, distances }, listener),
      );
    },
    assignNearestSync: (spec, centroids, labels, distances) => {
      const message = addon.nearest({ ...spec, clusters: centroids.length / spec.points.dims, centroids, labels, distances });
      if (message !== null) throw jobError(message);
    },
    products: (left, right, dims, out) => addon.products(left, right, dims, out),
    greatestProducts: (left, right, dims, columns, values) => addon.greatestProducts(left, right, dims, columns, values),
    leadingEigenvectors: (...call) => addon.leadingEigenvectors(...call),
    leadingEigenvectorsAsync: (matrix, size, count, values, vectors, control) =>
      clusteringDone(addon, control, (listener) => addon.startLeadingEigenvectors({ matrix, size, count, values, vectors }, listener)),
    linkClusters: (from, points, linkage, merges) => {
      const message = addon.linkClusters({ from, points, linkage, ...merges });
      if (message !== null) throw jobError(message);
    },
    linkClustersAsync: (from, points, linkage, merges, control) =>
      clusteringDone(addon, control, (listener) => addon.startLinkClusters({ from, points, linkage, ...merges }, listener)),
    silhouettes: (spec, out) => {
      const message = addon.silhouettes({ ...spec, ...out });
      if (message !== null) throw jobError(message);
    },
    silhouettesAsync: (spec, out, control) =>
      clusteringDone(addon, control, (listener) => addon.startSilhouettes({ ...spec, ...out }, listener)),
    maxSim: (...call) => addon.maxSim(...call),
    maxSimAsync: async (queries, documents, dims, out, threads, control) => {
      const numbers = new Float64Array(1);
      await clusteringDone(addon, control, (listener) => addon.startMaxSim({ queries, documents, dims, threads, out, numbers }, listener));
      return numbers[0];
    },
  };
}

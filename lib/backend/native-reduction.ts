/** Token reduction by the addon. */
import type { NativeKernelAddon } from './addon-kernels';
import type { ReductionKernels } from './reduction-kernels';

export function reductionKernels(addon: NativeKernelAddon): ReductionKernels {
  return {
    nearestRows: (left, right, dims, similarity, columns, values) =>
      addon.nearestRows(left.values, left.rows, right.values, right.rows, dims, similarity === 'cosine', columns, values),
    fewNearest: (...call) => addon.fewNearest(...call),
    nearestBefore: ({ values, rows }, dims, squares) => addon.nearestBefore(values, rows, dims, squares),
    meanElu: (...call) => addon.meanElu(...call),
    greatestMagnitude: (values) => addon.greatestMagnitude(values),
    combineRows: ({ offsets, columns }, weights, values, dims, out) => addon.combineRows(offsets, columns, weights, values, dims, out),
    sparseSquares: ({ offsets, columns }, left, right, dims, out) => addon.sparseSquares(offsets, columns, left, right, dims, out),
  };
}

/** Token reduction by the addon: at once, or on its threads. */
import { MerganserError } from '../errors';
import type { NativeKernelAddon } from './addon-kernels';
import { addonJobDone } from './native-job';
import type { BackgroundKernels, ReductionCall, ReductionCalls, ReductionKernels } from './reduction-kernels';

/** Each call's arguments as the addon wants them. */
const FLAT: { readonly [Name in ReductionCall]: (...call: Parameters<ReductionCalls[Name]>) => readonly unknown[] } = {
  nearestRows: (left, right, dims, similarity, columns, values) => [
    left.values,
    left.rows,
    right.values,
    right.rows,
    dims,
    similarity === 'cosine',
    columns,
    values,
  ],
  joinNearest: (values, dims, candidates, destinations, which, ...rest) => [
    values,
    dims,
    candidates,
    destinations,
    'remove' in which ? which.remove : null,
    'threshold' in which ? which.threshold : null,
    ...rest,
  ],
  fewNearest: (...call) => call,
  squaredDistances: (...call) => call,
  densityPeaks: (...call) => call,
  findMedoids: (values, dims, distance, ...rest) => [values, dims, distance === 'cosine', ...rest],
  meanElu: (...call) => call,
  greatestMagnitude: (...call) => call,
  rowLengths: (...call) => call,
  combineRows: ({ offsets, columns }, weights, values, dims, out, greatest) => [offsets, columns, weights, values, dims, out, greatest],
  groupMeans: (groups, weights, masses, values, dims, lengths, ...rest) => [
    groups,
    weights,
    masses,
    values,
    dims,
    lengths === 'greatest',
    ...rest,
  ],
  sparseSquares: ({ offsets, columns }, ...rest) => [offsets, columns, ...rest],
  blockSquares: ({ order, offsets, columns }, ...rest) => [order, offsets, columns, ...rest],
  meanSquares: (cells, squares, members, shares, near, ...rest) => [
    cells.offsets,
    cells.blocks,
    squares,
    members.offsets,
    members.places,
    shares,
    near.offsets,
    near.places,
    ...rest,
  ],
  softmaxRows: (offsets, squares, temperature, normalization, weights) => [offsets, squares, temperature, normalization === 'l2', weights],
  products: (...call) => call,
};

type Flat = (...call: readonly unknown[]) => readonly unknown[];

export function reductionKernels(addon: NativeKernelAddon): ReductionKernels {
  const names = Object.keys(FLAT) as ReductionCall[];
  const all = <Result>(run: (name: ReductionCall, call: readonly unknown[]) => Result): object =>
    Object.fromEntries(names.map((name) => [name, (...call: unknown[]) => run(name, (FLAT[name] as Flat)(...call))]));
  const calls = all((name, call) => addon.runReduction(name, call)) as ReductionCalls;
  return { ...calls, background: all((name, call) => jobDone(addon, name, call)) as BackgroundKernels };
}

function jobDone(addon: NativeKernelAddon, name: ReductionCall, call: readonly unknown[]): Promise<void> {
  return addonJobDone(addon, (listener) => addon.startReduction(name, call, listener), failure);
}

function failure(message: string): MerganserError {
  return new MerganserError('OUT_OF_MEMORY', `Reducing failed: ${message}.`);
}

/**
 * Decoding over a clustered context: one query of each head, with the threshold that keeps a tenth of the keys, beside dense attention over the same arrays and beside
 * PyTorch. Lookup, selection and all that JavaScript does is in the times. One head is clustered and stands for all eight, each of which has memory and queries of its own.
 * Copies of a context take turns, and queries change, so that rows are not in the cache.
 */
import { ClusteredContext, flashAttentionSync, type AttentionTensor } from '../lib/index';
import { contextBytes, readContext } from '../lib/attention/context/context-bytes';
import type { ContextStore } from '../lib/attention/context/context-store';
import { selectKernels } from '../lib/backend/select';
import { mixture } from './attention-data';
import { DIMS, measured, torchSeconds, type Shape } from './attention-peers';
import { median } from './measure';

export interface SparseOptions {
  readonly types: readonly Shape['type'][];
  readonly keyCounts: readonly number[];
  readonly threadCounts: readonly number[];
  readonly runs: number;
  readonly python: boolean;
}

const KV_HEADS = 8;
const SPARSITY = 0.9;
const LOOKUP = 'int8';
const QUERIES = 64;
const ESTIMATES = ['none', 'mean', 'variance'] as const;
/** Bytes of keys and values that take turns. */
const LAYERS_BYTES = 1e9;

export function asType(tensor: AttentionTensor, type: Shape['type']): AttentionTensor {
  if (type === 'float32') return tensor;
  const bits = new Uint32Array(tensor.data.buffer, tensor.data.byteOffset, tensor.data.length);
  return { type, data: Uint16Array.from(bits, (number) => (number + 0x8000) >>> 16), dims: tensor.dims };
}

export function repeated<T extends Float32Array | Uint16Array | Uint32Array>(array: T, times: number): T {
  const out = new (array.constructor as new (length: number) => T)(array.length * times);
  for (let i = 0; i < times; i++) out.set(array, i * array.length);
  return out;
}

/** The same head, eight times. */
function widened(store: ContextStore): ContextStore {
  const { arrays } = store;
  return {
    ...store,
    heads: KV_HEADS,
    keys: repeated(store.keys, KV_HEADS),
    values: repeated(store.values, KV_HEADS),
    positions: repeated(store.positions, KV_HEADS),
    arrays: {
      centroids: repeated(arrays.centroids, KV_HEADS),
      keyVariances: repeated(arrays.keyVariances, KV_HEADS),
      valueMeans: repeated(arrays.valueMeans, KV_HEADS),
      offsets: repeated(arrays.offsets, KV_HEADS),
    },
  };
}

export interface Layer {
  readonly store: ContextStore;
  readonly context: ClusteredContext;
  readonly keys: AttentionTensor;
  readonly values: AttentionTensor;
}

export interface Layers {
  readonly layers: readonly Layer[];
  /** Of one head. */
  readonly queries: AttentionTensor;
}

export async function layersOf(type: Shape['type'], length: number, most = 16): Promise<Layers> {
  const { keys, values, queries } = mixture(length, 1, QUERIES);
  const kernels = selectKernels('native');
  const context = await ClusteredContext.build(asType(keys, type), asType(values, type), {});
  const { store } = await readContext(await context.toBytes(), kernels, false);
  const wide = widened(store);
  const count = Math.max(1, Math.min(most, Math.ceil(LAYERS_BYTES / (2 * wide.keys.byteLength))));
  const saved = await contextBytes({ store: wide, thresholds: null }, kernels);
  const layers: Layer[] = [];
  for (let i = 0; i < count; i++) {
    // In memory as a context that was just built has it.
    const bytes = kernels.allocate(saved.length);
    bytes.set(saved);
    const own = (await readContext(bytes, kernels, false)).store;
    const tensor = (data: Float32Array | Uint16Array): AttentionTensor => ({ type, data, dims: [1, KV_HEADS, length, DIMS] });
    layers.push({
      store: own,
      context: await ClusteredContext.fromBytes(bytes, { verify: false, lookup: LOOKUP }),
      keys: tensor(own.keys),
      values: tensor(own.values),
    });
  }
  return { layers, queries };
}

/** One query of each head, others at each turn. */
export function turnQueries({ data }: AttentionTensor, heads: number, turn: number): AttentionTensor {
  const out = new Float32Array(heads * DIMS);
  for (let head = 0; head < heads; head++) {
    const at = ((turn * 7 + head * 5) % QUERIES) * DIMS;
    out.set((data as Float32Array).subarray(at, at + DIMS), head * DIMS);
  }
  return { type: 'float32', data: out, dims: [1, heads, 1, DIMS] };
}

export type Step = (layer: Layer, turn: number) => void;

/**
 * Milliseconds of one layer, of each of the steps. They take turns, so that what else the machine does touches all of them, each over another layer and with other queries, so
 * that no step finds in the cache what the one before it has read.
 */
export function millisecondsOf(layers: readonly Layer[], runs: number, steps: readonly Step[]): number[] {
  const times: number[][] = steps.map(() => []);
  for (let run = 0; run <= runs; run++) {
    for (const i of layers.keys()) {
      for (const [s, step] of steps.entries()) {
        const start = performance.now();
        step(layers[(i + s) % layers.length], run * layers.length + i + s);
        if (run > 0) times[s].push(performance.now() - start);
      }
    }
  }
  return times.map(median);
}

/** The threshold that leaves out SPARSITY of the keys for such queries, on average. */
export async function thresholdFor({ layers, queries }: Layers, heads: number): Promise<number> {
  const thresholds: number[] = [];
  for (let turn = 0; turn < 8; turn++)
    thresholds.push((await layers[0].context.calibrate(turnQueries(queries, heads, turn), { sparsity: SPARSITY })).fine[0]);
  return thresholds.reduce((sum, threshold) => sum + threshold, 0) / thresholds.length;
}

async function rows(all: Layers, shape: Shape, threads: number, bandwidth: number | null, { runs, python }: SparseOptions): Promise<void> {
  const { layers, queries } = all;
  const { heads, keys, type } = shape;
  const bytes = type === 'float32' ? 4 : 2;
  const threshold = await thresholdFor(all, heads);
  const kept: number[] = [];
  const sparseSteps = ESTIMATES.map(
    (estimate): Step =>
      (layer, turn) =>
        kept.push(layer.context.attendSync(turnQueries(queries, heads, turn), { threshold, estimate, threads }).kept.fraction),
  );
  const denseStep: Step = (layer, turn) => flashAttentionSync(turnQueries(queries, heads, turn), layer.keys, layer.values, { threads });
  const [dense, ...times] = millisecondsOf(layers, runs, [denseStep, ...sparseSteps]);
  const torch = python ? torchSeconds(shape, threads, layers.length, runs) : null;
  const fraction = kept.reduce((sum, part) => sum + part, 0) / kept.length;
  for (const [i, estimate] of ESTIMATES.entries()) {
    const sparse = times[i];
    // What must be read: kept rows, centroids, means, variances.
    const clusterRows = { none: 1, mean: 3, variance: 5 }[estimate] * layers[0].context.clusterCount;
    const least = KV_HEADS * DIMS * (2 * bytes * fraction * keys + clusterRows);
    const cells = [
      `${type}, ${heads} / ${KV_HEADS}`,
      keys,
      threads,
      estimate,
      `${(100 * fraction).toFixed(1)} %`,
      dense.toFixed(2),
      sparse.toFixed(2),
      (dense / sparse).toFixed(2),
      torch === null ? '–' : ((torch * 1e3) / dense).toFixed(2),
      torch === null ? '–' : ((torch * 1e3) / sparse).toFixed(1),
      bandwidth === null ? '–' : `${((100 * least) / 1e6 / sparse / bandwidth).toFixed(0)} %`,
    ];
    console.log(`| ${cells.join(' | ')} |`);
  }
}

/** As many steps as a model of thirty layers does for a hundred tokens, over few keys: so that JavaScript is compiled, as it is while a model is decoding. */
export async function warmUp(): Promise<void> {
  const { layers, queries } = await layersOf('float32', 512, 1);
  const [layer] = layers;
  for (let turn = 0; turn < 3000; turn++) {
    const asked = turnQueries(queries, KV_HEADS, turn);
    flashAttentionSync(asked, layer.keys, layer.values, { threads: 1 });
    layer.context.attendSync(asked, { threshold: 1e-3, estimate: ESTIMATES[turn % 3], threads: 1 });
  }
}

export async function sparseTable(folder: string, options: SparseOptions): Promise<void> {
  await warmUp();
  const titles = ['query / KV heads', 'keys', 'threads', 'estimate', 'kept', 'dense ms', 'sparse ms', 'dense / sparse'];
  console.log(
    `\n| ${[...titles, 'PyTorch / dense', 'PyTorch / sparse', 'of the read bandwidth'].join(' | ')} |\n|---${'|---:'.repeat(10)}|`,
  );
  for (const type of options.types) {
    for (const keys of options.keyCounts) {
      const all = await layersOf(type, keys);
      for (const threads of options.threadCounts) {
        const bandwidth = measured(folder, 'read-bandwidth', String(threads));
        for (const heads of [8, 32])
          await rows(all, { type, heads, kvHeads: KV_HEADS, queries: 1, keys, causal: false }, threads, bandwidth, options);
      }
    }
  }
}

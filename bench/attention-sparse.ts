/**
 * Decoding over a clustered context: one query of each head, with the threshold that keeps a tenth of the keys, beside dense attention over the same arrays and beside
 * PyTorch. Lookup, selection and all that JavaScript does is in the times. One head is clustered and stands for all eight, each of which has memory and queries of its own.
 * Copies of a context take turns, and queries change, so that rows are not in the cache.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ClusteredContext, flashAttentionSync, type AttentionTensor, type DecodingOptions } from '../lib/index';
import { readQueries } from '../lib/attention/context/attend-options';
import { contextThresholds, scoreContext } from '../lib/attention/context/calibrate';
import { readCalibration } from '../lib/attention/context/calibration-options';
import { readContext } from '../lib/attention/context/context-bytes';
import type { ContextStore } from '../lib/attention/context/context-store';
import { DecodingSteps } from '../lib/attention/context/decoding-steps';
import type { Kernels } from '../lib/backend/kernels';
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
  /** A folder for contexts that were made. */
  readonly cache: string | undefined;
}

const KV_HEADS = 8;
const SPARSITY = 0.9;
const LOOKUP = 'int8' as const;
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

const kernels = (): Kernels => selectKernels('native');

/** The same rows, once for each head, in the memory that a context has. */
function forAllHeads<T extends Float32Array | Uint16Array | Uint32Array>(rows: T): T {
  const { buffer, byteOffset } = kernels().allocate(KV_HEADS * rows.byteLength);
  const out = new (rows.constructor as new (buffer: ArrayBufferLike, at: number, length: number) => T)(
    buffer,
    byteOffset,
    KV_HEADS * rows.length,
  );
  for (let head = 0; head < KV_HEADS; head++) out.set(rows, head * rows.length);
  return out;
}

/** A context of eight heads that are the same one: the only copy in memory. */
function widened(store: ContextStore): ContextStore {
  const { arrays } = store;
  return {
    ...store,
    heads: KV_HEADS,
    keys: forAllHeads(store.keys),
    values: forAllHeads(store.values),
    positions: forAllHeads(store.positions),
    arrays: {
      centroids: forAllHeads(arrays.centroids),
      keyVariances: forAllHeads(arrays.keyVariances),
      valueMeans: forAllHeads(arrays.valueMeans),
      offsets: forAllHeads(arrays.offsets),
    },
  };
}

export interface Layer {
  readonly store: ContextStore;
  readonly keys: AttentionTensor;
  readonly values: AttentionTensor;
}

export interface Layers {
  readonly layers: readonly Layer[];
  /** Of one head. */
  readonly queries: AttentionTensor;
}

/** Keys that are clustered together: longer contexts take as long for each key as this one. */
const SEGMENT = 131_072;

interface OneHead {
  readonly bytes: Uint8Array;
  readonly queries: AttentionTensor;
}

/** One head's context and queries: from a folder, if they are there; long ones take minutes to make. */
async function oneHead(type: Shape['type'], length: number, cache: string | undefined): Promise<OneHead> {
  const [file, queryFile] = ['context', 'f32'].map((end) => join(cache ?? '', `${type}-${length}.${end}`));
  if (cache !== undefined && existsSync(queryFile)) {
    const numbers = new Float32Array(Uint8Array.from(readFileSync(queryFile)).buffer);
    return { bytes: readFileSync(file), queries: { type: 'float32', data: numbers, dims: [1, 1, QUERIES, DIMS] } };
  }
  const { keys, values, queries } = mixture(length, 1, QUERIES);
  const context = await ClusteredContext.build(asType(keys, type), asType(values, type), length > SEGMENT ? { segment: SEGMENT } : {});
  const bytes = await context.toBytes();
  if (cache !== undefined) {
    mkdirSync(cache, { recursive: true });
    writeFileSync(file, bytes);
    writeFileSync(queryFile, new Uint8Array((queries.data as Float32Array).buffer));
  }
  return { bytes, queries };
}

export async function layersOf(type: Shape['type'], length: number, most = 16, cache?: string): Promise<Layers> {
  const { bytes, queries } = await oneHead(type, length, cache);
  const own = kernels().allocate(bytes.length);
  own.set(bytes);
  const { store } = await readContext(own, kernels(), false);
  const count = Math.max(1, Math.min(most, Math.ceil(LAYERS_BYTES / (2 * KV_HEADS * store.keys.byteLength))));
  const layers = Array.from({ length: count }, (): Layer => {
    const wide = widened(store);
    const tensor = (data: Float32Array | Uint16Array): AttentionTensor => ({ type, data, dims: [1, KV_HEADS, length, DIMS] });
    return { store: wide, keys: tensor(wide.keys), values: tensor(wide.values) };
  });
  return { layers, queries };
}

/** What a context does in `decodingSteps`. */
export function stepsOf({ store }: Layer, options: DecodingOptions): DecodingSteps {
  return new DecodingSteps(() => ({ store, attending: { thresholds: null, lookup: LOOKUP, kernels: kernels() } }), options);
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

/** Between the queries of steps over the same layer: or each would read the rows that the one before has read there. */
const TURNS_APART = 11;

/** What it gives back is done when the time is taken. */
export type Step = (layer: Layer, turn: number) => void | (() => void);

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
        const rest = step(layers[(i + s) % layers.length], run * layers.length + i + TURNS_APART * s);
        if (run > 0) times[s].push(performance.now() - start);
        rest?.();
      }
    }
  }
  return times.map(median);
}

/** The threshold that leaves out SPARSITY of the keys for such queries, on average. */
export async function thresholdFor({ layers, queries }: Layers, heads: number): Promise<number> {
  const thresholds: number[] = [];
  const attending = { thresholds: null, lookup: LOOKUP, kernels: kernels() } as const;
  for (let turn = 0; turn < 8; turn++) {
    const asked = readQueries(turnQueries(queries, heads, turn), layers[0].store);
    const scores = await scoreContext(layers[0].store, asked, attending, undefined);
    thresholds.push(contextThresholds([scores], readCalibration({ sparsity: SPARSITY }, 1)).fine[0]);
  }
  return thresholds.reduce((sum, threshold) => sum + threshold, 0) / thresholds.length;
}

async function rows(all: Layers, shape: Shape, threads: number, bandwidth: number | null, { runs, python }: SparseOptions): Promise<void> {
  const { layers, queries } = all;
  const { heads, keys, type } = shape;
  const bytes = type === 'float32' ? 4 : 2;
  const threshold = await thresholdFor(all, heads);
  const kept: number[] = [];
  const sparseSteps = ESTIMATES.map((estimate): Step => {
    const steps = new Map(layers.map((layer) => [layer, stepsOf(layer, { queryHeads: heads, threshold, estimate, threads })]));
    return (layer, turn) => {
      const result = steps.get(layer)!.attend(turnQueries(queries, heads, turn).data);
      return () => kept.push(result.kept.fraction);
    };
  });
  const denseStep: Step = (layer, turn) =>
    void flashAttentionSync(turnQueries(queries, heads, turn), layer.keys, layer.values, { threads });
  const [dense, ...times] = millisecondsOf(layers, runs, [denseStep, ...sparseSteps]);
  const torch = python ? torchSeconds(shape, threads, layers.length, runs) : null;
  const fraction = kept.reduce((sum, part) => sum + part, 0) / kept.length;
  for (const [i, estimate] of ESTIMATES.entries()) {
    const sparse = times[i];
    // What must be read: kept rows, centroids, means, variances.
    const clusterRows = { none: 1, mean: 3, variance: 5 }[estimate] * layers[0].store.clusters;
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
  const steps = ESTIMATES.map((estimate) => stepsOf(layer, { queryHeads: KV_HEADS, threshold: 1e-3, estimate, threads: 1 }));
  for (let turn = 0; turn < 3000; turn++) {
    const asked = turnQueries(queries, KV_HEADS, turn);
    flashAttentionSync(asked, layer.keys, layer.values, { threads: 1 });
    steps[turn % 3].attend(asked.data);
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
      const all = await layersOf(type, keys, 16, options.cache);
      for (const threads of options.threadCounts) {
        const bandwidth = measured(folder, 'read-bandwidth', String(threads));
        for (const heads of [8, 32])
          await rows(all, { type, heads, kvHeads: KV_HEADS, queries: 1, keys, causal: false }, threads, bandwidth, options);
      }
    }
  }
}

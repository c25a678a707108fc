/**
 * How fast the operators of token reduction are: merganser, and transcriptions of the same formulas in NumPy and PyTorch (CPU), on the same tokens, in the same run, on all threads. And linkage, density
 * clustering and silhouettes beside SciPy and scikit-learn. Medians of `--runs`. Groups must agree (adjusted Rand index above 0.99; Expedit: reconstructed values within 1e-3); else FAILED is printed and the exit status is 1.
 * Where several partitions are as right (spectral), ours may be another one, if it cuts the graph no worse than by one in a hundred. `at most`: the ratio if all took only as long as PyTorch's bare
 * matrix product.
 *
 *   npm run bench:reduce -- [--only tome,expedit] [--runs 3] [--libraries numpy,torch]
 *
 * Python is what the environment variable PYTHON names, else that of scripts/python-oracle/setup.sh.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { RandomStream } from '../lib/clustering/random';
import {
  agglomerate,
  backendInfo,
  compareLabels,
  cutDendrogram,
  hdbscan,
  reduce,
  silhouette,
  type ReduceOptions,
  type SpectralMedoidsOptions,
} from '../lib/index';
import { pythonPath } from '../scripts/python-oracle/python-oracle';
import { machine, median, timed } from './measure';

const { values: arguments_ } = parseArgs({
  options: {
    only: { type: 'string' },
    runs: { type: 'string', default: '3' },
    libraries: { type: 'string', default: 'numpy,torch' },
  },
});
const runs = Number(arguments_.runs);

/** What takes distances or points instead of tokens. */
type PointOptions =
  | { readonly method: 'ward'; readonly clusters: number }
  | { readonly method: 'hdbscan'; readonly minClusterSize: number; readonly minSamples: number }
  | { readonly method: 'silhouette'; readonly clusters: number };

interface Case {
  readonly batch: number;
  readonly count: number;
  readonly width: number;
  readonly options: ReduceOptions | PointOptions;
}

const FAILED = '**FAILED**';
/** Milliseconds. */
const WARM = 300;
const ATTENTION = Array.from({ length: 8 * 1024 }, (_, i) => (i * 7919) % 8192);

const CASES: readonly Case[] = [
  { batch: 1, count: 4096, width: 64, options: { method: 'tome', remove: 2048 } },
  { batch: 8, count: 1024, width: 768, options: { method: 'tome', remove: 512 } },
  { batch: 1, count: 4096, width: 64, options: { method: 'tofu', remove: 2048 } },
  { batch: 8, count: 1024, width: 768, options: { method: 'tofu', remove: 512 } },
  { batch: 1, count: 4096, width: 64, options: { method: 'threshold', threshold: 0.7 } },
  { batch: 8, count: 1024, width: 768, options: { method: 'threshold', threshold: 0.7 } },
  { batch: 1, count: 4096, width: 64, options: { method: 'tome-grid', grid: [64, 64], remove: 2048 } },
  { batch: 8, count: 1024, width: 768, options: { method: 'tome-grid', grid: [32, 32], remove: 512 } },
  {
    batch: 8,
    count: 576,
    width: 1024,
    options: { method: 'visionzip', attention: ATTENTION.slice(0, 8 * 576), dominant: 54, contextual: 10 },
  },
  { batch: 8, count: 1024, width: 768, options: { method: 'visionzip', attention: ATTENTION, dominant: 128, contextual: 64 } },
  { batch: 1, count: 4096, width: 64, options: { method: 'pitome', remove: 1024, margin: 0.45 } },
  { batch: 8, count: 1024, width: 768, options: { method: 'pitome', remove: 256, margin: 0.45 } },
  { batch: 1, count: 4096, width: 64, options: { method: 'dpc-knn', clusters: 256 } },
  { batch: 8, count: 1024, width: 768, options: { method: 'dpc-knn', clusters: 128 } },
  { batch: 1, count: 4096, width: 64, options: { method: 'k-medoids', clusters: 196 } },
  { batch: 8, count: 588, width: 768, options: { method: 'k-medoids', clusters: 49 } },
  { batch: 1, count: 4096, width: 64, options: { method: 'spectral', clusters: 49, sigma: 3 } },
  { batch: 1, count: 4096, width: 64, options: { method: 'spectral', clusters: 196, sigma: 3 } },
  { batch: 1, count: 4096, width: 64, options: { method: 'expedit', grid: [64, 64], target: [32, 32], temperature: 0.02 } },
  { batch: 16, count: 784, width: 1024, options: { method: 'expedit', grid: [28, 28], target: [14, 14], temperature: 0.01 } },
  { batch: 1, count: 2048, width: 64, options: { method: 'ward', clusters: 64 } },
  { batch: 1, count: 2048, width: 64, options: { method: 'hdbscan', minClusterSize: 15, minSamples: 1 } },
  { batch: 1, count: 4096, width: 64, options: { method: 'silhouette', clusters: 64 } },
];

/** A smooth field over the grid of each sequence's tokens, around some centres, with noise. Rows of eigenvectors are equally long, so that k-medoids may begin anywhere: for 'spectral' there are as many centres as clusters. */
function tokensOf({ batch, count, width, options }: Case): Float32Array {
  const random = new RandomStream(1);
  const groups = options.method === 'spectral' ? options.clusters : 64;
  const centres = Float32Array.from({ length: groups * width }, () => random.gaussian());
  return Float32Array.from({ length: batch * count * width }, (_, i) => {
    const [token, k] = [Math.floor(i / width), i % width];
    return centres[(((token >> 2) * 7919) % groups) * width + k] + 0.5 * Math.sin(token / 50 + k) + 0.5 * random.gaussian();
  });
}

interface Peer {
  readonly version: string;
  readonly seconds: number;
  /** Seconds of the bare matrix product. */
  readonly roof?: number | null;
  readonly groups: readonly number[] | null;
  /** The first numbers of the first sequence's result. */
  readonly first: readonly number[];
}

function peers(file: string, { batch, count, width, options }: Case): Record<string, Peer> {
  const python = process.env['PYTHON'] ?? pythonPath();
  if (python === null) return {};
  const call = [file, batch, count, width, options.method, JSON.stringify(options), runs, arguments_.libraries].map(String);
  const output = execFileSync(python, ['bench/reduce-peers.py', ...call], { encoding: 'utf8', maxBuffer: 1 << 28 });
  return JSON.parse(output) as Record<string, Peer>;
}

function verdict(peer: Peer, { groups, first }: Answer, { width, options }: Case, tokens: Float32Array): string {
  if (peer.groups === null || peer.groups.length === 0)
    return peer.first.every((value, i) => Math.abs(value - first[i]) < 1e-3 * (1 + Math.abs(value))) ? 'equal' : FAILED;
  if (compareLabels(peer.groups, groups).adjustedRand > 0.99) return 'equal';
  if (options.method !== 'spectral') return FAILED;
  const [ours, theirs] = [groups, peer.groups].map((labels) => association(tokens, width, labels, options));
  return ours > 0.99 * theirs ? `as good: ${ours.toFixed(2)}, ${theirs.toFixed(2)}` : FAILED;
}

/** What spectral clustering makes great: Σ over clusters of the part of their affinities that stays inside (the number of clusters less the normalised cut). */
function association(
  tokens: Float32Array,
  width: number,
  groups: ArrayLike<number>,
  { sigma = 2, clusters }: SpectralMedoidsOptions,
): number {
  const [inside, all] = [new Float64Array(clusters), new Float64Array(clusters)];
  for (let i = 0; i < groups.length; i++) {
    for (let j = 0; j < groups.length; j++) {
      let square = 0;
      for (let k = 0; k < width; k++) square += (tokens[i * width + k] - tokens[j * width + k]) ** 2;
      const affinity = Math.exp(-square / (2 * sigma * sigma));
      all[groups[i]] += affinity;
      if (groups[i] === groups[j]) inside[groups[i]] += affinity;
    }
  }
  return inside.reduce((sum, part, cluster) => sum + (all[cluster] > 0 ? part / all[cluster] : 0), 0);
}

/** Where each token of the first sequence went, and the first numbers of what it became. */
interface Answer {
  readonly groups: ArrayLike<number>;
  readonly first: ArrayLike<number>;
}

function workOf({ batch, count, width, options }: Case, data: Float32Array): () => Answer {
  switch (options.method) {
    case 'ward': {
      const distances = distancesOf(data, count, width, false);
      return () => ({ groups: cutDendrogram(agglomerate(distances, 'ward'), options.clusters), first: [] });
    }
    case 'hdbscan': {
      const distances = distancesOf(data, count, width, true);
      return () => ({ groups: hdbscan(distances, options).labels, first: [] });
    }
    case 'silhouette': {
      const labels = Array.from({ length: count }, (_, i) => i % options.clusters);
      return () => ({ groups: [], first: [silhouette({ data, dims: [count, width] }, labels)] });
    }
    default:
      return () => {
        const { source, tokens, unmerge } = reduce({ data, dims: [batch, count, width] }, options);
        return { groups: source.subarray(0, count), first: options.method === 'expedit' ? unmerge(tokens.data) : tokens.data };
      };
  }
}

/** Euclidean, of all pairs: the square matrix, or its part above the diagonal. */
function distancesOf(data: Float32Array, count: number, width: number, whole: boolean): Float64Array {
  const all = new Float64Array(count * count);
  const above = new Float64Array((count * (count - 1)) / 2);
  for (let i = 0, at = 0; i < count; i++) {
    for (let j = i + 1; j < count; j++) {
      let square = 0;
      for (let k = 0; k < width; k++) square += (data[i * width + k] - data[j * width + k]) ** 2;
      all[i * count + j] = all[j * count + i] = above[at++] = Math.sqrt(square);
    }
  }
  return whole ? all : above;
}

async function main(): Promise<void> {
  console.log(`${machine()}, ${backendInfo().backend}\n`);
  console.log('| operator | tokens | merganser ms | | peer ms | ratio | at most | result |\n|---|---|---:|---|---:|---:|---:|---|');
  const folder = mkdtempSync(join(tmpdir(), 'merganser-reduce-'));
  try {
    for (const each of CASES) {
      const { batch, count, width, options } = each;
      if (arguments_.only !== undefined && !arguments_.only.split(',').includes(options.method)) continue;
      const data = tokensOf(each);
      const file = join(folder, 'tokens.f32');
      writeFileSync(file, new Uint8Array(data.buffer));
      const work = workOf(each, data);
      let result = work();
      // Until the functions that matter are compiled.
      for (const start = performance.now(); performance.now() - start < WARM;) result = work();
      const times: number[] = [];
      for (let i = 0; i < runs; i++) {
        const { milliseconds, result: one } = await timed(work);
        times.push(milliseconds);
        result = one;
      }
      const ours = median(times);
      const rows = Object.entries(peers(file, each)).filter(([, peer]) => peer.seconds !== undefined);
      for (const [name, peer] of rows) {
        const judged = verdict(peer, result, each, data);
        if (judged === FAILED) process.exitCode = 1;
        const milliseconds = peer.seconds * 1000;
        const most = typeof peer.roof === 'number' ? (peer.seconds / peer.roof).toFixed(1) : '';
        console.log(
          `| ${options.method} | ${batch} × ${count} × ${width} | ${ours.toFixed(1)} | ${name} ${peer.version} | ${milliseconds.toFixed(0)} | ${(milliseconds / ours).toFixed(1)} × | ${most} | ${judged} |`,
        );
      }
      if (rows.length === 0) console.log(`| ${options.method} | ${batch} × ${count} × ${width} | ${ours.toFixed(1)} | | | | | |`);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

void main();

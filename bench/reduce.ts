/**
 * How fast the operators of token reduction are: merganser, and transcriptions of the same formulas in NumPy and PyTorch (CPU), on the same tokens, in the same run, on as many threads. And linkage and
 * density clustering beside SciPy and scikit-learn. They take turns, so that a machine that is slower for a while is so for all: milliseconds are medians of `--runs` turns, and so are the ratios of each
 * turn. Groups must agree (adjusted Rand index above 0.99; Expedit: reconstructed values within 1e-3); else FAILED is printed and the exit status is 1. Where several partitions are as right (spectral), ours may
 * be another one, if it cuts the graph no worse than by one in a hundred. `at most`: the ratio if all took only as long as PyTorch's bare matrix product.
 *
 *   npm run bench:reduce -- [--only tome,expedit] [--runs 5] [--libraries numpy,torch] [--threads 1] [--peers alike]
 *
 * With MERGANSER_ISA=avx2 peers have AVX2 and no more, too: MKL, oneDNN, OpenBLAS, PyTorch and NumPy are told so (`--peers alike`). `--peers best` leaves them all that the processor has.
 *
 * Python is what the environment variable PYTHON names, else that of scripts/python-oracle/setup.sh.
 */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { RandomStream } from '../lib/clustering/random';
import {
  agglomerate,
  backendInfo,
  compareLabels,
  cutDendrogram,
  hdbscan,
  reduce,
  type ReduceOptions,
  type SpectralMedoidsOptions,
} from '../lib/index';
import { pythonPath } from '../scripts/python-oracle/python-oracle';
import { machine, median, timed } from './measure';
import { peerEnvironment, peersHaveAvx2 } from './peer-environment';

const { values: arguments_ } = parseArgs({
  options: {
    only: { type: 'string' },
    runs: { type: 'string', default: '5' },
    libraries: { type: 'string', default: 'numpy,torch' },
    threads: { type: 'string', default: '1' },
    peers: { type: 'string', default: 'alike' },
  },
});
const runs = Number(arguments_.runs);
// Before the first call, which makes the threads.
process.env['MERGANSER_THREADS'] = arguments_.threads;

/** What takes distances or points instead of tokens. */
type PointOptions =
  | { readonly method: 'ward'; readonly clusters: number }
  | { readonly method: 'hdbscan'; readonly minClusterSize: number; readonly minSamples: number };

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
  readonly groups: readonly number[] | null;
  /** The first numbers of the first sequence's result. */
  readonly first: readonly number[];
}

/** Peers in a process of their own, which waits for its turns. */
class Peers {
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;

  constructor(python: string, file: string, { batch, count, width, options }: Case) {
    const call = [file, batch, count, width, options.method, JSON.stringify(options), arguments_.libraries, arguments_.threads].map(String);
    this.#process = spawn(python, ['bench/reduce-peers.py', ...call], { env: peerEnvironment(arguments_.peers) });
    this.#process.stderr.pipe(process.stderr);
    this.#lines = createInterface(this.#process.stdout)[Symbol.asyncIterator]();
  }

  /** Once they have worked once. */
  async answers(): Promise<Record<string, Peer>> {
    return JSON.parse(await this.#line()) as Record<string, Peer>;
  }

  /** Milliseconds that a peer, or 'roof', takes; null: there is none. */
  async turn(name: string): Promise<number | null> {
    this.#process.stdin.write(`${name}\n`);
    const seconds = JSON.parse(await this.#line()) as number | null;
    return seconds === null ? null : seconds * 1000;
  }

  end(): void {
    this.#process.stdin.end();
  }

  async #line(): Promise<string> {
    const { done, value } = await this.#lines.next();
    if (done === true) throw new Error('Expected an answer of bench/reduce-peers.py, but it ended.');
    return value;
  }
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

async function compare(each: Case, file: string, python: string | null): Promise<void> {
  const { batch, count, width, options } = each;
  const data = tokensOf(each);
  writeFileSync(file, new Uint8Array(data.buffer));
  const work = workOf(each, data);
  let result = work();
  const peers = python === null ? null : new Peers(python, file, each);
  const answers = (await peers?.answers()) ?? {};
  // Until the functions that matter are compiled.
  for (const start = performance.now(); performance.now() - start < WARM;) result = work();
  const ours: number[] = [];
  const theirs = new Map(Object.keys(answers).map((name) => [name, [] as number[]]));
  const roofs: number[] = [];
  // All eigenvectors of 4,096 tokens take a quarter of a minute.
  for (let i = 0; i < (options.method === 'spectral' ? 1 : runs); i++) {
    const { milliseconds, result: one } = await timed(work);
    ours.push(milliseconds);
    result = one;
    for (const [name, times] of theirs) times.push((await peers!.turn(name))!);
    const roof = (await peers?.turn('roof')) ?? null;
    if (roof !== null) roofs.push(roof);
  }
  peers?.end();
  const row = (...cells: readonly string[]): void =>
    console.log(`| ${[options.method, `${batch} × ${count} × ${width}`, ...cells].join(' | ')} |`);
  const mean = median(ours).toFixed(1);
  if (theirs.size === 0) row(mean, '', '', '', '', '');
  for (const [name, times] of theirs) {
    const judged = verdict(answers[name], result, each, data);
    if (judged === FAILED) process.exitCode = 1;
    const ratio = (to: readonly number[]): string => median(times.map((time, i) => time / to[i])).toFixed(1);
    const most = roofs.length > 0 ? ratio(roofs) : '';
    row(mean, `${name} ${answers[name].version}`, median(times).toFixed(0), `${ratio(ours)} ×`, most, judged);
  }
}

async function main(): Promise<void> {
  console.log(
    `${machine()}, ${backendInfo().backend}, threads used: ${arguments_.threads}, peers with ${peersHaveAvx2(arguments_.peers) ? 'AVX2' : 'all that the processor has'}\n`,
  );
  console.log('| operator | tokens | merganser ms | | peer ms | ratio | at most | result |\n|---|---|---:|---|---:|---:|---:|---|');
  const python = process.env['PYTHON'] ?? pythonPath();
  const folder = mkdtempSync(join(tmpdir(), 'merganser-reduce-'));
  try {
    for (const each of CASES) {
      if (arguments_.only === undefined || arguments_.only.split(',').includes(each.options.method))
        await compare(each, join(folder, 'tokens.f32'), python);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

void main();

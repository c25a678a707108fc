/**
 * How fast k-means is: merganser on one thread and on all, faiss and ml-kmeans, on the same vectors, from the same first centroids, for the same number of
 * iterations, in the same run. Times are whole runs, set-up included, medians of `--runs`. Beside them: the dense assignment's rate and the processor's
 * arithmetic peak, which the benchmark measures.
 *
 * MERGANSER_ISA=avx2 makes merganser and the peak do without AVX-512; faiss takes what it finds. bench/token-vectors.py makes vectors of a real model.
 *
 *   npm run bench:kmeans -- [--vectors FILE.f32 --dims 128] [--count 131072] [--clusters 1024] [--iterations 10,25] [--runs 3] [--no-python] [--no-js]
 *
 * FILE.f32: rows of little-endian float32. Without it: a Gaussian mixture of half as many components as clusters. ml-kmeans and the TypeScript backend run on
 * a part of the points, as long as a person waits. faiss's objective must be merganser's within 1e-3; else FAILED is printed and the exit status is 1.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { kmeans as mlKmeans } from 'ml-kmeans';
import { RandomStream } from '../lib/clustering/random';
import { backendInfo, kmeans, type Vectors } from '../lib/index';
import { pythonPath } from '../scripts/python-oracle/python-oracle';
import { machine, median, timed } from './measure';

const { values: options } = parseArgs({
  allowNegative: true,
  options: {
    vectors: { type: 'string' },
    dims: { type: 'string', default: '128' },
    count: { type: 'string', default: '131072' },
    clusters: { type: 'string', default: '1024' },
    iterations: { type: 'string', default: '10,25' },
    runs: { type: 'string', default: '3' },
    python: { type: 'boolean', default: true },
    js: { type: 'boolean', default: true },
  },
});

// Settings that would hold the peer back.
delete process.env.OPENBLAS_CORETYPE;
delete process.env.OPENBLAS_L2_SIZE;

const dims = Number(options.dims);
const clusters = Number(options.clusters);
const runs = Number(options.runs);
/** Multiplications that ml-kmeans and the TypeScript backend get for one iteration. */
const SLOW_WORK = 1e8;

function mixture(count: number): Float32Array {
  const random = new RandomStream(1);
  const components = Math.max(1, clusters >> 1);
  const centres = Float32Array.from({ length: components * dims }, () => random.gaussian());
  return Float32Array.from({ length: count * dims }, (_, i) => {
    const component = (Math.floor(i / dims) * 7919) % components;
    return centres[component * dims + (i % dims)] + 0.5 * random.gaussian();
  });
}

function readVectors(): Float32Array {
  if (options.vectors === undefined) return mixture(Number(options.count));
  const bytes = readFileSync(options.vectors);
  const rows = Math.min(Number(options.count), Math.floor(bytes.length / 4 / dims));
  return new Float32Array(bytes.buffer, bytes.byteOffset, rows * dims);
}

async function medianOf<T>(work: () => Promise<T> | T): Promise<{ seconds: number; result: T }> {
  const times: number[] = [];
  let result: T;
  for (let i = 0; i < runs; i++) {
    const measured = await timed(work);
    times.push(measured.milliseconds / 1000);
    result = measured.result;
  }
  return { seconds: median(times), result: result! };
}

/** Multiply-adds as two operations, on one thread. */
async function denseRate(points: Vectors, first: Vectors): Promise<number> {
  const once = async (iterations: number): Promise<number> =>
    (await medianOf(() => kmeans(points, { initialization: first, maxIterations: iterations, threads: 1, boundsBytes: 0 }))).seconds;
  const perIteration = (await once(3)) - (await once(1));
  return (2 * 2 * points.dims[0] * dims * clusters) / perIteration / 1e9;
}

/** Of the instruction set that is used, in 10⁹ operations a second; null without a compiler. */
function arithmeticPeak(folder: string): number | null {
  try {
    const program = join(folder, 'arithmetic-peak');
    const flags = process.env.MERGANSER_ISA === 'avx2' ? ['-mavx2', '-mfma'] : ['-march=native'];
    execFileSync('g++', ['-O3', ...flags, 'bench/arithmetic-peak.cpp', '-o', program]);
    return Number(execFileSync(program, { encoding: 'utf8' }));
  } catch {
    return null;
  }
}

interface FaissRun {
  readonly seconds: number;
  readonly objective: number;
  readonly missing?: string;
}

function faiss(folder: string, iterations: number, threads: number): FaissRun | null {
  const python = options.python ? pythonPath() : null;
  if (python === null) return null;
  const files = [join(folder, 'vectors.f32'), join(folder, 'centroids.f32')];
  const call = ['bench/kmeans-faiss.py', ...files, ...[dims, iterations, threads, runs].map(String)];
  const answer = JSON.parse(execFileSync(python, call, { encoding: 'utf8' })) as FaissRun;
  if (answer.missing === undefined) return answer;
  console.warn(`faiss left out: ${answer.missing}`);
  return null;
}

/** Seconds of ml-kmeans and of the TypeScript backend, on the first points of as many as fit the work. */
async function slowOnes(data: Float32Array, iterations: number): Promise<string> {
  const count = Math.min(data.length / dims, Math.max(2 * clusters, Math.floor(SLOW_WORK / dims / clusters)));
  const part: Vectors = { data: data.slice(0, count * dims), dims: [count, dims] };
  const first: Vectors = { data: data.slice(0, clusters * dims), dims: [clusters, dims] };
  const arrays = Array.from({ length: count }, (_, i) => [...data.subarray(i * dims, (i + 1) * dims)]);
  const ml = await timed(() =>
    mlKmeans(arrays, clusters, { initialization: arrays.slice(0, clusters), maxIterations: iterations, tolerance: 0 }),
  );
  const ours = async (backend: 'native' | 'js'): Promise<number> =>
    (await medianOf(() => kmeans(part, { initialization: first, maxIterations: iterations, backend, threads: 1 }))).seconds;
  const [native, js] = [await ours('native'), await ours('js')];
  const seconds = ml.milliseconds / 1000;
  return `${count} points, ${iterations} iterations: ml-kmeans ${seconds.toFixed(2)} s · TypeScript ${js.toFixed(2)} s (${(seconds / js).toFixed(1)} ×) · native, one thread ${native.toFixed(3)} s (${(seconds / native).toFixed(0)} ×)`;
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'merganser-bench-'));
  const data = readVectors();
  const points: Vectors = { data, dims: [data.length / dims, dims] };
  const chosen = new RandomStream(5).sample(points.dims[0], clusters);
  const first: Vectors = {
    data: Float32Array.from({ length: clusters * dims }, (_, i) => data[chosen[Math.floor(i / dims)] * dims + (i % dims)]),
    dims: [clusters, dims],
  };
  writeFileSync(join(folder, 'vectors.f32'), new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  writeFileSync(join(folder, 'centroids.f32'), new Uint8Array(first.data.buffer));
  console.log(`${machine()}\n\n${options.vectors ?? 'Gaussian mixture'}: ${points.dims[0]} vectors of ${dims}, ${clusters} clusters\n`);
  const [rate, peak] = [await denseRate(points, first), arithmeticPeak(folder)];
  const part = peak === null ? '' : `, ${((100 * rate) / peak).toFixed(0)} % of the ${peak.toFixed(0)} that it can do`;
  console.log(`Dense iterations, one thread: ${rate.toFixed(1)} · 10⁹ operations a second${part}.\n`);
  console.log('| iterations | threads | merganser s | faiss s | ratio | objective |\n|---:|---:|---:|---:|---:|---|');
  for (const iterations of options.iterations.split(',').map(Number)) {
    for (const threads of [1, selectThreads()]) {
      const ours = await medianOf(() =>
        kmeans(points, { initialization: first, maxIterations: iterations, threads, boundsBytes: 2 ** 32 }),
      );
      const peer = faiss(folder, iterations, threads);
      const equal = peer === null || Math.abs(ours.result.objectives[iterations - 1] / peer.objective - 1) < 1e-3;
      if (!equal) process.exitCode = 1;
      const ratio = peer === null ? '–' : (peer.seconds / ours.seconds).toFixed(2);
      console.log(
        `| ${iterations} | ${threads} | ${ours.seconds.toFixed(3)} | ${peer?.seconds.toFixed(3) ?? '–'} | ${ratio} | ${equal ? 'equal' : '**FAILED**'} |`,
      );
    }
  }
  if (options.js) console.log(`\n${await slowOnes(data, 10)}`);
  rmSync(folder, { recursive: true });
}

function selectThreads(): number {
  return backendInfo().threads ?? 1;
}

void main();

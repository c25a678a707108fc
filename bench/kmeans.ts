/**
 * How fast k-means is: merganser and faiss on the same vectors, from the same first centroids, for the same number of iterations, in the same run. Times are whole runs, set-up included, medians
 * of `--runs`; of one thread processor time, of several the wall clock's. merganser's objective must not be above faiss's by more than 1e-3; else FAILED is printed and the exit status is 1.
 *
 *   npm run bench:kmeans -- [--vectors FILE.f32] [--dims 128] [--count 131072] [--clusters 1024] [--iterations 10,25] [--threads 1] [--runs 3] [--part runs,dense,scaling,slow] [--no-python]
 *
 * FILE.f32: rows of little-endian float32; bench/token-vectors.py makes vectors of a real model. "noise": Gaussian noise. Without it: a Gaussian mixture of half as many components as clusters.
 *
 * Parts: runs beside faiss; the dense assignment beside the processor's arithmetic peak; two threads beside one, and what arithmetic alone gains by the second; ml-kmeans and the TypeScript
 * backend, on a part of the points, as long as a person waits (`slow`), or on all of them (`whole`): the first run of a process, median of up to five processes, and later ones, medians of `--runs` after as many. MERGANSER_ISA=avx2 makes merganser and the peak do without AVX-512, and faiss, too,
 * unless `--peers best` leaves it what the processor has.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { kmeans as mlKmeans } from 'ml-kmeans';
import { RandomStream } from '../lib/clustering/random';
import { assignToCentroids, kmeans, type KMeansResult, type Vectors } from '../lib/index';
import { arithmeticPeak, faissRuns } from './kmeans-peers';
import { collectGarbage, machine, median, timed } from './measure';
import { peerEnvironment } from './peer-environment';

const { values: options } = parseArgs({
  allowNegative: true,
  options: {
    vectors: { type: 'string', default: 'mixture' },
    dims: { type: 'string', default: '128' },
    count: { type: 'string', default: '131072' },
    clusters: { type: 'string', default: '1024' },
    iterations: { type: 'string', default: '10,25' },
    threads: { type: 'string', default: '1' },
    runs: { type: 'string', default: '3' },
    part: { type: 'string', default: 'runs,dense,scaling,slow' },
    first: { type: 'string', default: '' },
    python: { type: 'boolean', default: true },
    peers: { type: 'string', default: 'alike' },
    head: { type: 'boolean', default: true },
  },
});

const dims = Number(options.dims);
const clusters = Number(options.clusters);
const runs = Number(options.runs);
const threads = Number(options.threads);
const iterations = options.iterations.split(',').map(Number);
const BOUNDS_BYTES = 2 ** 32;
/** Multiplications that ml-kmeans and the TypeScript backend get for one iteration. */
const SLOW_WORK = 1e8;
/** Runs of a few milliseconds, beside those: at least. */
const NATIVE_RUNS = 15;
/** Processes whose first run is timed, at most, and how long each waits before: the compilers are still busy with what was loaded. */
const FIRST_RUNS = 5;
const SETTLED_MILLISECONDS = 250;
/** Against so few centroids points are assigned to know what reading them takes. */
const FEW = 16;
/** Times `--runs`. */
const DENSE_ROUNDS = 4;

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
  const count = Number(options.count);
  if (options.vectors === 'mixture') return mixture(count);
  const random = new RandomStream(1);
  if (options.vectors === 'noise') return Float32Array.from({ length: count * dims }, () => random.gaussian());
  const bytes = readFileSync(options.vectors);
  const rows = Math.min(count, Math.floor(bytes.length / 4 / dims));
  return new Float32Array(bytes.buffer, bytes.byteOffset, rows * dims);
}

function vectorsName(): string {
  return basename(options.vectors, '.f32').replace(/-\d+$/, '');
}

/** The first rows, or chosen ones. */
function rowsOf(data: Float32Array, count: number, chosen?: ArrayLike<number>): Vectors {
  const rows = Float32Array.from({ length: count * dims }, (_, i) => {
    const row = Math.floor(i / dims);
    return data[(chosen?.[row] ?? row) * dims + (i % dims)];
  });
  return { data: rows, dims: [count, dims] };
}

async function medianOf<T>(
  work: () => Promise<T>,
  clock: 'cpu' | 'wall' = threads === 1 ? 'cpu' : 'wall',
  collect = true,
  count = runs,
): Promise<{ seconds: number; result: T }> {
  const times: number[] = [];
  let result: T;
  for (let i = 0; i < count; i++) {
    if (collect) await collectGarbage();
    const measured = await timed(work, clock);
    times.push(measured.milliseconds / 1000);
    result = measured.result;
  }
  return { seconds: median(times), result: result! };
}

const points = { data: readVectors(), dims: [0, dims] as [number, number] };
points.dims[0] = points.data.length / dims;
const first = rowsOf(points.data, clusters, new RandomStream(5).sample(points.dims[0], clusters));

function run(maxIterations: number, more: { threads?: number; boundsBytes?: number } = {}): Promise<KMeansResult> {
  return kmeans(points, { initialization: first, maxIterations, threads, boundsBytes: BOUNDS_BYTES, ...more });
}

async function besideFaiss(folder: string): Promise<void> {
  writeFileSync(join(folder, 'vectors.f32'), new Uint8Array(points.data.buffer, points.data.byteOffset, points.data.byteLength));
  writeFileSync(join(folder, 'centroids.f32'), first.data);
  if (options.head) {
    console.log('| vectors | count | clusters | threads | iterations: merganser s, faiss s, ratio |');
    console.log('|---|---:|---:|---:|---|');
  }
  const peers = options.python ? faissRuns(folder, dims, iterations, threads, runs, peerEnvironment(options.peers)) : null;
  const cells: string[] = [];
  for (const [i, count] of iterations.entries()) {
    const ours = await medianOf(() => run(count));
    const peer = peers?.[i];
    const { objectives } = ours.result;
    const part = peer === undefined ? 1 : objectives[Math.min(count, objectives.length) - 1] / peer.objective;
    const failed = part > 1 + 1e-3 || Math.abs(squares(ours.result) / ours.result.objective - 1) > 1e-3;
    if (failed) process.exitCode = 1;
    const judged = failed ? ' **FAILED**' : part < 1 - 1e-3 ? ` (objective ${(100 * (1 - part)).toFixed(1)} % lower)` : '';
    // Both end early where nothing changes any more.
    const ends = peer === undefined ? [objectives.length] : [objectives.length, peer.iterations];
    const ended = Math.min(...ends) < count ? ` (ended after ${ends.join(', ')})` : '';
    const beside = peer === undefined ? '' : `, ${peer.seconds.toFixed(2)}, ${(peer.seconds / ours.seconds).toFixed(2)} ×`;
    cells.push(`${count}${ended}: ${ours.seconds.toFixed(2)}${beside}${judged}`);
  }
  console.log(`| ${vectorsName()} d ${dims} | ${points.dims[0]} | ${clusters} | ${threads} | ${cells.join(' · ')} |`);
}

/** The objective once more, in double precision, from labels and centroids: a lower one than faiss's must be true. */
function squares({ labels, centroids: { data } }: KMeansResult): number {
  let sum = 0;
  for (let point = 0; point < labels.length; point++) {
    const [from, to] = [point * dims, labels[point] * dims];
    for (let i = 0; i < dims; i++) sum += (points.data[from + i] - data[to + i]) ** 2;
  }
  return sum;
}

/**
 * Rates count a multiply-add as two operations: of a tile whose operands are in the first-level cache (the most that products of matrices in single precision could reach), of the assignment, without and with what reading points takes, and of whole iterations; all products count, although most are made of bytes where that is faster. They take turns with the loop that gives the peak, and what is told is the
 * median of their parts of the peaks beside them, and in brackets the upper quartile: a virtual processor that shares its core slows loads more than it does that loop, and is not always alike.
 */
async function dense(folder: string): Promise<void> {
  if (options.head) {
    console.log('| vectors | clusters | peak | tile in the first-level cache | assignment | with points read | whole iterations |');
    console.log('|---|---:|---:|---:|---:|---:|---:|');
  }
  const operations = 2 * points.dims[0] * dims * clusters;
  const few = rowsOf(points.data, FEW);
  // Shared memory is not copied first.
  const shared = { ...points, data: new Float32Array(new SharedArrayBuffer(points.data.byteLength)) };
  shared.data.set(points.data);
  const seconds = async (work: () => Promise<unknown>) => (await timed(work, 'cpu')).milliseconds / 1000;
  const assign = (centroids: Vectors) => seconds(() => assignToCentroids(shared, centroids, { threads: 1 }));
  const iterate = (count: number) => seconds(() => run(count, { threads: 1, boundsBytes: 0 }));
  const peakNow = () => arithmeticPeak(folder, 1, 1) ?? NaN;
  const peaks = [peakNow()];
  const parts: number[][] = [[], [], [], []];
  for (let round = 0; round < DENSE_ROUNDS * runs; round++) {
    // The first call after others takes memory from the system.
    await assign(few);
    const [all, reading] = [await assign(first), await assign(few)];
    const iteration = ((await iterate(3)) - (await iterate(1))) / 2;
    peaks.push(peakNow());
    const peak = Math.max(...peaks.slice(-2)) * 1e9;
    const tile = 1e9 * (arithmeticPeak(folder, 1, 1, 'tile') ?? NaN);
    const rates = [tile, (operations * (1 - FEW / clusters)) / (all - reading), operations / all, operations / iteration];
    rates.forEach((rate, i) => parts[i].push(rate / peak));
  }
  const percent = (value: number) => `${(100 * value).toFixed(0)} %`;
  const cells = parts.map((of) => `${percent(median(of))} (${percent(of.sort((a, b) => b - a)[of.length >> 2])})`);
  console.log(`| ${vectorsName()} d ${dims} | ${clusters} | ${Math.max(...peaks).toFixed(0)} | ${cells.join(' | ')} |`);
}

/** By the wall clock, the parts taking turns: on a virtual machine the second processor is not always a whole one. */
async function scaling(folder: string): Promise<void> {
  const seconds: [number[], number[]] = [[], []];
  const peaks: [number[], number[]] = [[], []];
  for (let i = 0; i < runs; i++) {
    for (const count of [1, 2] as const) {
      peaks[count - 1].push(arithmeticPeak(folder, count) ?? NaN);
      seconds[count - 1].push((await timed(() => run(iterations[0], { threads: count }))).milliseconds / 1000);
    }
  }
  const [one, two] = seconds.map(median);
  const [peak, both] = peaks.map(median);
  const ours = `one ${one.toFixed(2)} s, two ${two.toFixed(2)} s, ${(one / two).toFixed(2)} ×`;
  console.log(
    `Threads, d ${dims}, ${clusters} clusters, ${iterations[0]} iterations: ${ours}; arithmetic alone ${(both / peak).toFixed(2)} × (${peak.toFixed(0)}, ${both.toFixed(0)} · 10⁹/s)`,
  );
}

type Library = 'ml-kmeans' | 'js' | 'native';

/** A run of the first points from the first of them as centroids, which tells its number of iterations. */
function runOf(library: Library, count: number): () => Promise<number> {
  const maxIterations = iterations[0];
  if (library === 'ml-kmeans') {
    // Array.from, as `[...row]` boxes every number, with which ml-kmeans takes five times as long.
    const arrays = Array.from({ length: count }, (_, i) => Array.from(points.data.subarray(i * dims, (i + 1) * dims)));
    const initialization = arrays.slice(0, clusters);
    return async () => mlKmeans(arrays, clusters, { initialization, maxIterations, tolerance: 0 }).iterations;
  }
  const part = rowsOf(points.data, count);
  const initialization = rowsOf(points.data, clusters);
  return async () => (await kmeans(part, { initialization, maxIterations, backend: library, threads: 1, tolerance: 0 })).iterations;
}

/** Prints what the first run in this process takes, once V8 has come to rest after loading it. */
async function firstRun(library: Library, count: number): Promise<void> {
  const work = runOf(library, count);
  await collectGarbage();
  await new Promise((resolve) => setTimeout(resolve, SETTLED_MILLISECONDS));
  console.log((await timed(work, 'cpu')).milliseconds / 1000);
}

function medianOfFirst(library: Library, part: string): number {
  const call = ['--expose-gc', ...process.argv.slice(1), '--part', part, '--first', library];
  return median(
    Array.from({ length: Math.min(runs, FIRST_RUNS) }, () => Number(execFileSync(process.execPath, call, { encoding: 'utf8' }))),
  );
}

async function besideMlKmeans(count: number, part: string): Promise<void> {
  if (options.first !== '') return firstRun(options.first as Library, count);
  const of = async (library: Library, least: number) => {
    const work = runOf(library, count);
    // What others left is not to be collected in short runs. Between them nothing is collected, as that throws compiled code away.
    await collectGarbage();
    const times = Math.max(runs, least);
    await medianOf(work, 'cpu', false, times);
    const { seconds, result } = await medianOf(work, 'cpu', false, times);
    return { first: medianOfFirst(library, part), later: seconds, iterations: result };
  };
  const ml = await of('ml-kmeans', 1);
  const [native, js] = [await of('native', NATIVE_RUNS), await of('js', 1)];
  const beside = (theirs: number, ours: number, digits: number) =>
    `${ours.toFixed(digits)} s (${(theirs / ours).toFixed(ours < 0.1 * theirs ? 0 : 1)} ×)`;
  const both = ({ first, later }: { first: number; later: number }, digits: number) =>
    `first ${beside(ml.first, first, digits)}, later ${beside(ml.later, later, digits)}`;
  const times = [
    `ml-kmeans first ${ml.first.toFixed(3)} s, later ${ml.later.toFixed(3)} s`,
    `TypeScript ${both(js, 3)}`,
    `native ${both(native, 4)}`,
  ];
  const ended = `${ml.iterations}, ${js.iterations} and ${native.iterations} iterations`;
  console.log(`${count} vectors of ${dims} (${vectorsName()}), ${clusters} clusters, ${ended}, one thread: ${times.join(' · ')}`);
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'merganser-bench-'));
  if (options.head && options.first === '') console.log(`${machine()}\n`);
  const parts = options.part.split(',');
  if (parts.includes('runs')) await besideFaiss(folder);
  if (parts.includes('dense')) await dense(folder);
  if (parts.includes('scaling')) await scaling(folder);
  const few = Math.max(2 * clusters, Math.floor(SLOW_WORK / dims / clusters));
  if (parts.includes('slow')) await besideMlKmeans(Math.min(points.dims[0], few), 'slow');
  if (parts.includes('whole')) await besideMlKmeans(points.dims[0], 'whole');
  rmSync(folder, { recursive: true });
}

void main();

/**
 * The vector index beside faiss IVFFlat and npm usearch: queries a second at the same recall, on the same vectors, threads and queries.
 *
 *   npm run bench:index -- --folder FOLDER [--rows 1000000] [--only merganser,faiss,usearch]
 *
 * FOLDER keeps the vectors, the true neighbours and everybody's index, which a later run with the same rows finds there: building takes minutes. Whoever is not installed is left out:
 * usearch (npm install --no-save usearch), faiss (pip install faiss-cpu into the environment of scripts/python-oracle/setup.sh, or the one MERGANSER_PYTHON names).
 * Every contestant takes the least effort with which it finds enough for these queries. merganser's own calibration chooses by other queries: what it finds with that is printed too.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { unitLength } from '../lib/clustering/initialize';
import { VectorIndex, type Vectors } from '../lib/index';
import { pythonPath } from '../scripts/python-oracle/python-oracle';
import { machine } from './measure';
import type { Contestant } from './index-contestant';
import { openUsearch } from './index-usearch';
import { vectorSet } from './vector-set';

const { values: options } = parseArgs({
  options: {
    folder: { type: 'string' },
    /** Rows of float32, queries after them, in place of the generated ones. They are scaled to unit length. */
    vectors: { type: 'string' },
    rows: { type: 'string', default: '1000000' },
    dims: { type: 'string', default: '128' },
    queries: { type: 'string', default: '1000' },
    recalls: { type: 'string', default: '0.95,0.99' },
    threads: { type: 'string', default: '1,2' },
    only: { type: 'string', default: 'merganser,faiss,usearch' },
    /** For each figure. */
    seconds: { type: 'string', default: '2' },
  },
});
const [rows, dims, queryCount, seconds] = [options.rows, options.dims, options.queries, options.seconds].map(Number);
const recalls = options.recalls.split(',').map(Number);
const threadCounts = options.threads.split(',').map(Number);
const K = 10;
/** Efforts are found up to this factor. */
const PRECISION = 1.04;

/** One line of the table. */
export interface Figure {
  readonly name: string;
  readonly threads: number;
  readonly effort: string;
  readonly recall: number;
  /** Queries a second, one call for each, and all in one call. */
  readonly single: number;
  readonly batched: number;
}

export function recallOf(found: ArrayLike<number | bigint>, truth: Uint32Array): number {
  let hits = 0;
  for (let from = 0; from < truth.length; from += K) {
    const wanted = new Set(truth.subarray(from, from + K));
    for (let i = from; i < from + K; i++) if (wanted.has(Number(found[i]))) hits++;
  }
  return hits / truth.length;
}

interface Task {
  readonly files: { readonly vectors: string; readonly queries: string; readonly truth: string; readonly index: (name: string) => string };
  readonly queries: Float32Array;
  readonly truth: Uint32Array;
}

function floats(path: string): Float32Array {
  const { buffer, byteOffset, length } = readFileSync(path);
  return new Float32Array(buffer.slice(byteOffset, byteOffset + length));
}

/** Seconds that `work` took, kept beside the file it makes; `work` is left out if that is there. */
async function madeOnce(path: string, work: () => unknown): Promise<number> {
  const note = `${path}.seconds`;
  if (!existsSync(path) || !existsSync(note)) {
    const start = performance.now();
    await work();
    writeFileSync(note, String((performance.now() - start) / 1e3));
  }
  return Number(readFileSync(note, 'utf8'));
}

async function prepare(folder: string): Promise<Task> {
  mkdirSync(folder, { recursive: true });
  const named = (name: string): string => join(folder, `${name}-${rows}-${dims}`);
  const files = { vectors: named('vectors'), queries: named('queries'), truth: named(`truth-${queryCount}`), index: named };
  await madeOnce(files.vectors, () => {
    const own = options.vectors === undefined ? null : unitLength(floats(options.vectors), dims, true);
    writeFileSync(files.vectors, own?.subarray(0, rows * dims) ?? vectorSet(rows, dims, 2));
    writeFileSync(files.queries, own?.subarray(rows * dims) ?? vectorSet(10_000, dims, 3));
  });
  const queries = floats(files.queries).slice(0, queryCount * dims);
  await madeOnce(files.truth, async () => {
    const exact = await VectorIndex.build({ data: floats(files.vectors), dims: [rows, dims] }, { kind: 'exact', metric: 'inner-product' });
    writeFileSync(files.truth, exact.search({ data: queries, dims: [queryCount, dims] }, K).ids);
  });
  const { buffer, byteOffset, length } = readFileSync(files.truth);
  return { files, queries, truth: new Uint32Array(buffer.slice(byteOffset, byteOffset + length)) };
}

async function openMerganser({ files }: Task): Promise<Contestant> {
  const heldOut = floats(files.queries).slice(queryCount * dims);
  const path = files.index('merganser');
  const built = await madeOnce(path, async () => {
    const index = await VectorIndex.build({ data: floats(files.vectors), dims: [rows, dims] }, { metric: 'inner-product' });
    await index.save(path);
  });
  const index = await VectorIndex.load(path);
  if (index.calibration.length === 0) {
    await index.calibrate({ queries: { data: heldOut, dims: [heldOut.length / dims, dims] }, k: K });
    await index.save(path);
  }
  return {
    name: 'merganser',
    effortName: 'probes',
    mostEffort: index.lists,
    built,
    bytes: index.byteLength,
    search: (queries, probes, threads) => {
      const asked: Vectors | Float32Array = queries.length === dims ? queries : { data: queries, dims: [queries.length / dims, dims] };
      return index.search(asked, K, { probes, threads }).ids;
    },
    calibrated: (recall) =>
      (index.calibration.find((point) => point.recall >= recall) ?? index.calibration[index.calibration.length - 1]).probes,
  };
}

/** Queries a second, of as many as there is time for. */
function perSecond(queries: Float32Array, atOnce: number, search: (part: Float32Array) => void): number {
  const count = queries.length / dims;
  // Both as large as they are asked for, so that nothing is copied while the clock runs.
  const parts = Array.from({ length: Math.ceil(count / atOnce) }, (_, i) => queries.slice(i * atOnce * dims, (i + 1) * atOnce * dims));
  search(parts[0]);
  let done = 0;
  const start = performance.now();
  for (let i = 0; ; i = (i + 1) % parts.length) {
    search(parts[i]);
    done += parts[i].length / dims;
    const passed = performance.now() - start;
    if (passed > seconds * 1e3) return (1e3 * done) / passed;
  }
}

/** The least effort that is enough: doubled until it is, then halved in between. */
function leastEffort(most: number, enough: (effort: number) => boolean): number {
  let [low, high] = [K, 2 * K];
  for (; high < most && !enough(high); high *= 2) low = high;
  high = Math.min(high, most);
  while (high > low * PRECISION && high > low + 1) {
    const middle = Math.round(Math.sqrt(low * high));
    if (enough(middle)) high = middle;
    else low = middle;
  }
  return high;
}

function measure(contestant: Contestant, { queries, truth }: Task): Figure[] {
  const figures: Figure[] = [];
  for (const wanted of recalls) {
    const threads = Math.max(...threadCounts);
    const effort = leastEffort(contestant.mostEffort, (tried) => recallOf(contestant.search(queries, tried, threads), truth) >= wanted);
    const recall = recallOf(contestant.search(queries, effort, threads), truth);
    for (const threads of threadCounts) {
      const speed = (atOnce: number): number => perSecond(queries, atOnce, (part) => contestant.search(part, effort, threads));
      // One query at a time is work for one thread.
      const single = threads === threadCounts[0] ? speed(1) : NaN;
      figures.push({
        name: contestant.name,
        threads,
        effort: `${contestant.effortName} ${effort}`,
        recall,
        single,
        batched: speed(queryCount),
      });
    }
  }
  return figures;
}

/** faiss, in a process of its own. */
function faiss({ files }: Task): { built: number; bytes: number; figures: Figure[] } | null {
  const python = pythonPath();
  if (python === null) return null;
  const paths = { vectors: files.vectors, queries: files.queries, truth: files.truth, index: files.index('faiss') };
  const lists = Math.ceil(4 * Math.sqrt(rows));
  const input = JSON.stringify({ ...paths, rows, dims, lists, queryCount, recalls, threads: threadCounts, seconds, precision: PRECISION });
  const environment: NodeJS.ProcessEnv = { ...process.env, OMP_NUM_THREADS: String(Math.max(...threadCounts)) };
  // Settings for the kernels of another processor would slow its matrix products down.
  delete environment['OPENBLAS_CORETYPE'];
  delete environment['OPENBLAS_L2_SIZE'];
  const script = join(process.cwd(), 'bench/index-faiss.py');
  return JSON.parse(execFileSync(python, [script], { input, env: environment, encoding: 'utf8', stdio: ['pipe', 'pipe', 'inherit'] }));
}

function print(figures: readonly Figure[]): void {
  const whole = (value: number | null): string => (value === null || Number.isNaN(value) ? '' : value.toFixed(0));
  for (const { name, threads, effort, recall, single, batched } of figures)
    console.log(`| ${name} | ${effort} | ${recall.toFixed(4)} | ${threads} | ${whole(single)} | ${whole(batched)} |`);
}

async function main(): Promise<void> {
  if (options.folder === undefined) throw new Error('Expected --folder FOLDER, where vectors and indexes are kept.');
  const task = await prepare(options.folder);
  const wanted = options.only.split(',');
  const notes: string[] = [];
  const size = (name: string, built: number, bytes: number): void => {
    notes.push(`${name}: built in ${built.toFixed(0)} s, ${(bytes / 2 ** 20).toFixed(0)} MiB`);
  };
  console.log(`${machine()}; ${rows} × ${dims}, recall@${K} of ${queryCount} queries\n`);
  console.log('| | | recall | threads | one by one, queries/s | batched, queries/s |\n|---|---|---:|---:|---:|---:|');
  const contestants = {
    merganser: () => openMerganser(task),
    usearch: () => openUsearch(task.files.index('usearch'), { rows, dims, k: K, vectors: () => floats(task.files.vectors) }, madeOnce),
  };
  for (const [name, open] of Object.entries(contestants)) {
    const contestant = wanted.includes(name) ? await open() : null;
    if (contestant === null) continue;
    print(measure(contestant, task));
    for (const recall of contestant.calibrated === undefined ? [] : recalls) {
      const effort = contestant.calibrated!(recall);
      const found = recallOf(contestant.search(task.queries, effort, Math.max(...threadCounts)), task.truth);
      notes.push(`calibrated for ${recall}: ${contestant.effortName} ${effort}, which finds ${found.toFixed(4)}`);
    }
    size(contestant.name, contestant.built, contestant.bytes);
  }
  const answer = wanted.includes('faiss') ? faiss(task) : null;
  if (answer !== null) {
    print(answer.figures);
    size('faiss IVFFlat', answer.built, answer.bytes);
  }
  console.log(`\n${notes.join('; ')}; vectors ${(statSync(task.files.vectors).size / 2 ** 20).toFixed(0)} MiB`);
}

void main();

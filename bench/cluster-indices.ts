/**
 * How fast the indices of labels are: merganser and scikit-learn on the same points and labels, taking turns in one run, so that a machine that is slower for a while is so for both: milliseconds are medians
 * of `--runs` turns, and so are the ratios of each turn. The last column is the longest that the event loop is held up by the same in the background. Values must agree to 1e-9; else FAILED is printed and the exit status is 1.
 *
 *   npm run bench:cluster-indices -- [--only silhouette] [--runs 5] [--threads 1]
 *
 * Python is what the environment variable PYTHON names, else that of scripts/python-oracle/setup.sh.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { RandomStream } from '../lib/clustering/random';
import {
  backendInfo,
  compareLabels,
  daviesBouldin,
  daviesBouldinAsync,
  silhouette,
  silhouetteAsync,
  silhouetteOfDistances,
} from '../lib/index';
import { pythonPath } from '../scripts/python-oracle/python-oracle';
import { loopDelay, machine, median, timed } from './measure';
import { PeerProcess } from './peer-process';

const { values: options } = parseArgs({
  options: { only: { type: 'string', default: '' }, runs: { type: 'string', default: '5' }, threads: { type: 'string', default: '1' } },
});
// Before the first call, which makes the threads.
process.env['MERGANSER_THREADS'] = options.threads;

interface Case {
  readonly index: 'silhouette' | 'silhouetteOfDistances' | 'daviesBouldin' | 'compareLabels';
  readonly count: number;
  readonly dims: number;
  readonly clusters: number;
}

const CASES: readonly Case[] = [
  { index: 'silhouette', count: 4096, dims: 64, clusters: 64 },
  { index: 'silhouette', count: 4096, dims: 768, clusters: 64 },
  { index: 'silhouette', count: 16_384, dims: 128, clusters: 4 },
  { index: 'silhouette', count: 16_384, dims: 32, clusters: 4096 },
  { index: 'silhouetteOfDistances', count: 4096, dims: 64, clusters: 64 },
  { index: 'silhouetteOfDistances', count: 4096, dims: 64, clusters: 1024 },
  { index: 'daviesBouldin', count: 4096, dims: 64, clusters: 64 },
  { index: 'daviesBouldin', count: 65_536, dims: 128, clusters: 1024 },
  { index: 'compareLabels', count: 4096, dims: 0, clusters: 64 },
  { index: 'compareLabels', count: 131_072, dims: 0, clusters: 1024 },
];
/** Milliseconds. */
const WARM = 300;

type Value = number | Readonly<Record<string, number>>;

/** Around as many centres as there are clusters; labels are of the centres, but of every tenth point another one. */
function inputOf({ count, dims, clusters }: Case): { data: Float32Array; classes: Uint32Array; labels: Uint32Array } {
  const random = new RandomStream(1);
  const centres = Float32Array.from({ length: clusters * dims }, () => random.gaussian());
  const classes = Uint32Array.from({ length: count }, (_, i) => (i < clusters ? i : Math.floor(random.next() ** 2 * clusters)));
  const labels = classes.map((label, i) =>
    i >= clusters && i % 10 === 0 ? (label + 1 + Math.floor(random.next() * (clusters - 1))) % clusters : label,
  );
  const data = Float32Array.from(
    { length: count * dims },
    (_, i) => centres[classes[Math.floor(i / dims)] * dims + (i % dims)] + random.gaussian(),
  );
  return { data, classes, labels };
}

function workOf({ index, count, dims }: Case, { data, classes, labels }: ReturnType<typeof inputOf>): () => Value {
  const points = { data, dims: [count, dims] };
  if (index === 'silhouette') return () => silhouette(points, labels);
  if (index === 'daviesBouldin') return () => daviesBouldin(points, labels);
  if (index === 'compareLabels') return () => ({ ...compareLabels(classes, labels) });
  const distances = new Float64Array(count * count);
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < i; j++) {
      let square = 0;
      for (let k = 0; k < dims; k++) square += (data[i * dims + k] - data[j * dims + k]) ** 2;
      distances[i * count + j] = distances[j * count + i] = Math.sqrt(square);
    }
  }
  return () => silhouetteOfDistances(distances, labels);
}

function equal(ours: Value, theirs: Value): boolean {
  if (typeof ours === 'number') return Math.abs(ours - (theirs as number)) < 1e-9 * (1 + Math.abs(ours));
  return Object.entries(theirs as Record<string, number>).every(([name, value]) => equal(ours[name], value));
}

/** The longest that the event loop is held up by the same in the background: the median of the turns. */
async function holdUp({ index, count, dims }: Case, { data, labels }: ReturnType<typeof inputOf>): Promise<string> {
  const points = { data, dims: [count, dims] };
  const inBackground = { daviesBouldin: daviesBouldinAsync, silhouette: silhouetteAsync, silhouetteOfDistances: null, compareLabels: null }[
    index
  ];
  if (inBackground === null) return '';
  const longest: number[] = [];
  for (let i = 0; i < Number(options.runs); i++) longest.push((await loopDelay(() => inBackground(points, labels))).delay(100));
  return median(longest).toFixed(1);
}

async function compare(each: Case, folder: string, python: string | null): Promise<void> {
  const input = inputOf(each);
  const files = {
    points: each.dims > 0 ? join(folder, 'points') : '',
    classes: join(folder, 'classes'),
    clusters: join(folder, 'clusters'),
  };
  if (each.dims > 0) writeFileSync(files.points, new Uint8Array(input.data.buffer));
  writeFileSync(files.classes, new Uint8Array(input.classes.buffer));
  writeFileSync(files.clusters, new Uint8Array(input.labels.buffer));
  const work = workOf(each, input);
  // Until the functions that matter are compiled.
  for (const start = performance.now(); performance.now() - start < WARM;) work();
  const peer =
    python === null
      ? null
      : new PeerProcess(python, 'bench/cluster-indices.py', options.threads, { ...files, dims: each.dims, index: each.index });
  const answer = await peer?.answer<{ version: string; value: Value }>();
  const [ours, theirs]: [number[], number[]] = [[], []];
  let value: Value = NaN;
  for (let i = 0; i < Number(options.runs); i++) {
    const { milliseconds, result } = await timed(async () => work());
    ours.push(milliseconds);
    value = result;
    if (peer) theirs.push(1000 * (await peer.turn()));
  }
  peer?.end();
  const failed = answer !== undefined && !equal(value, answer.value);
  if (failed) process.exitCode = 1;
  const ratio = median(theirs.map((time, i) => time / ours[i])).toFixed(1);
  const beside = answer === undefined ? ['', '', ''] : [median(theirs).toFixed(1), `${ratio} ×`, failed ? '**FAILED**' : 'equal'];
  const size = each.dims > 0 ? `${each.count} × ${each.dims}` : `${each.count}`;
  console.log(`| ${[each.index, size, each.clusters, median(ours).toFixed(1), ...beside, await holdUp(each, input)].join(' | ')} |`);
}

async function main(): Promise<void> {
  console.log(`${machine()}, ${backendInfo().backend}, threads used: ${options.threads}\n`);
  console.log(
    '| index | points | clusters | merganser ms | scikit-learn ms | ratio | result | event loop held up ms |\n|---|---:|---:|---:|---:|---:|---|---:|',
  );
  const python = process.env['PYTHON'] ?? pythonPath();
  const folder = mkdtempSync(join(tmpdir(), 'merganser-indices-'));
  try {
    for (const each of CASES) if (each.index.includes(options.only)) await compare(each, folder, python);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

void main();

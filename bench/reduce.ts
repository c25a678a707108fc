/**
 * How fast the operators of token reduction are: merganser, and transcriptions of the same formulas in NumPy and PyTorch (CPU), on the same tokens, in the same run, on all threads.
 * Medians of `--runs`. Groups must agree (adjusted Rand index above 0.99; Expedit: reconstructed values within 1e-3); else FAILED is printed and the exit status is 1.
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
import { backendInfo, compareLabels, reduce, type ReduceOptions } from '../lib/index';
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

interface Case {
  readonly batch: number;
  readonly count: number;
  readonly width: number;
  readonly options: ReduceOptions;
}

const CASES: readonly Case[] = [
  { batch: 1, count: 4096, width: 64, options: { method: 'tome', remove: 2048 } },
  { batch: 8, count: 1024, width: 768, options: { method: 'tome', remove: 512 } },
  { batch: 1, count: 4096, width: 64, options: { method: 'pitome', remove: 1024, margin: 0.45 } },
  { batch: 8, count: 1024, width: 768, options: { method: 'pitome', remove: 256, margin: 0.45 } },
  { batch: 1, count: 4096, width: 64, options: { method: 'dpc-knn', clusters: 256 } },
  { batch: 8, count: 1024, width: 768, options: { method: 'dpc-knn', clusters: 128 } },
  { batch: 1, count: 4096, width: 64, options: { method: 'k-medoids', clusters: 196 } },
  { batch: 8, count: 588, width: 768, options: { method: 'k-medoids', clusters: 49 } },
  { batch: 1, count: 4096, width: 64, options: { method: 'spectral', clusters: 49, sigma: 4 } },
  { batch: 1, count: 4096, width: 64, options: { method: 'expedit', grid: [64, 64], target: [32, 32], temperature: 0.02 } },
  { batch: 16, count: 784, width: 1024, options: { method: 'expedit', grid: [28, 28], target: [14, 14], temperature: 0.01 } },
];

/** A smooth field over the grid of each sequence's tokens, around some centres, with noise. */
function tokensOf({ batch, count, width }: Case): Float32Array {
  const random = new RandomStream(1);
  const centres = Float32Array.from({ length: 64 * width }, () => random.gaussian());
  return Float32Array.from({ length: batch * count * width }, (_, i) => {
    const [token, k] = [Math.floor(i / width), i % width];
    return centres[(((token >> 2) * 7919) % 64) * width + k] + 0.5 * Math.sin(token / 50 + k) + 0.5 * random.gaussian();
  });
}

interface Peer {
  readonly version: string;
  readonly seconds: number;
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

function agrees(peer: Peer, source: Uint32Array, reconstructed: Float32Array): boolean {
  if (peer.groups !== null) return compareLabels(peer.groups, source).adjustedRand > 0.99;
  return peer.first.every((value, i) => Math.abs(value - reconstructed[i]) < 1e-3 * (1 + Math.abs(value)));
}

async function main(): Promise<void> {
  console.log(`${machine()}, ${backendInfo().backend}\n`);
  console.log('| operator | tokens | merganser ms | | peer ms | ratio | result |\n|---|---|---:|---|---:|---:|---|');
  const folder = mkdtempSync(join(tmpdir(), 'merganser-reduce-'));
  try {
    for (const each of CASES) {
      const { batch, count, width, options } = each;
      if (arguments_.only !== undefined && !arguments_.only.split(',').includes(options.method)) continue;
      const data = tokensOf(each);
      const file = join(folder, 'tokens.f32');
      writeFileSync(file, new Uint8Array(data.buffer));
      const work = () => {
        const reduction = reduce({ data, dims: [batch, count, width] }, options);
        return { reduction, back: options.method === 'expedit' ? reduction.unmerge(reduction.tokens.data) : reduction.tokens.data };
      };
      work();
      const times: number[] = [];
      let result = work();
      for (let i = 0; i < runs; i++) {
        const { milliseconds, result: one } = await timed(work);
        times.push(milliseconds);
        result = one;
      }
      const ours = median(times);
      const rows = Object.entries(peers(file, each)).filter(([, peer]) => peer.seconds !== undefined);
      for (const [name, peer] of rows) {
        const right = agrees(peer, result.reduction.source.subarray(0, count), result.back);
        if (!right) process.exitCode = 1;
        const milliseconds = peer.seconds * 1000;
        console.log(
          `| ${options.method} | ${batch} × ${count} × ${width} | ${ours.toFixed(1)} | ${name} ${peer.version} | ${milliseconds.toFixed(0)} | ${(milliseconds / ours).toFixed(1)} × | ${right ? 'equal' : '**FAILED**'} |`,
        );
      }
      if (rows.length === 0) console.log(`| ${options.method} | ${batch} × ${count} × ${width} | ${ours.toFixed(1)} | | | | |`);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

void main();

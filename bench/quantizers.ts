/**
 * How fast quantizers are: merganser beside faiss (finite scalar quantization: beside PyTorch), taking turns in one run on the same vectors, at as many iterations of training. Times are milliseconds, medians of `--runs` turns by the
 * wall clock, and so are the ratios of each turn. The mean squared error of both stands beside them: of other vectors of the same kind, encoded and decoded. If ours is more than 2 % higher, FAILED is printed and the exit status is 1.
 *
 *   npm run bench:quantizers -- [--vectors FILE.f32] [--dims 128] [--count 32768] [--only residual] [--threads 1,2] [--runs 3] [--step decode]
 *
 * FILE.f32: rows of little-endian float32, as bench/token-vectors.py makes them; without it: those of bench/vector-set.ts. The first `--count` train, and as many others are encoded.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { FiniteScalarQuantizer, KMeansQuantizer, ProductQuantizer, ResidualQuantizer, type Codes, type Quantizer } from '../lib/index';
import { RandomStream } from '../lib/clustering/random';
import { pythonPath } from '../scripts/python-oracle/python-oracle';
import { collectGarbage, machine, median, timed } from './measure';
import { PeerProcess } from './peer-process';
import { vectorSet } from './vector-set';

const { values: options } = parseArgs({
  options: {
    vectors: { type: 'string' },
    dims: { type: 'string', default: '128' },
    count: { type: 'string', default: '32768' },
    only: { type: 'string', default: '' },
    threads: { type: 'string', default: '1,2' },
    runs: { type: 'string', default: '3' },
    step: { type: 'string', default: '' },
  },
});

interface Case {
  readonly name: string;
  readonly method: Quantizer['kind'];
  readonly codebooks: number;
  readonly codebookSize: number;
  readonly beam: number;
  readonly levels: readonly number[];
}

const book = { codebooks: 1, codebookSize: 0, beam: 1, levels: [] };
const CASES: readonly Case[] = [
  { ...book, name: 'k-means tokens, 1,024 codes', method: 'k-means', codebookSize: 1024 },
  { ...book, name: 'product, 16 × 256', method: 'product', codebooks: 16, codebookSize: 256 },
  { ...book, name: 'residual, 4 × 256', method: 'residual', codebooks: 4, codebookSize: 256 },
  { ...book, name: 'residual, 4 × 256, beam 8', method: 'residual', codebooks: 4, codebookSize: 256, beam: 8 },
  { ...book, name: 'finite scalar, 8 5 5 5', method: 'finite-scalar', levels: [8, 5, 5, 5] },
];
const ITERATIONS = 10;
/** Vectors of few numbers take so many times as many. */
const SCALAR_VECTORS = 16;
const MOST_ERROR = 1.02;

interface Vectors {
  readonly data: Float32Array;
  readonly dims: readonly [number, number];
}

function vectorsOf({ method, levels }: Case): [Vectors, Vectors] {
  const scalar = method === 'finite-scalar';
  const dims = scalar ? levels.length : Number(options.dims);
  const count = Number(options.count) * (scalar ? SCALAR_VECTORS : 1);
  const both = scalar
    ? gaussians(2 * count * dims)
    : options.vectors === undefined
      ? vectorSet(2 * count, dims, 2)
      : readVectors(2 * count, dims);
  const half = (from: number): Vectors => ({ data: both.slice(from, from + count * dims), dims: [count, dims] });
  return [half(0), half(count * dims)];
}

function gaussians(length: number): Float32Array {
  const random = new RandomStream(1);
  return Float32Array.from({ length }, () => random.gaussian());
}

function readVectors(count: number, dims: number): Float32Array {
  const bytes = readFileSync(options.vectors!);
  if (bytes.length < 4 * count * dims) throw new Error(`Expected ${count} vectors of ${dims} in ${options.vectors}, but got fewer.`);
  return new Float32Array(bytes.buffer, bytes.byteOffset, count * dims);
}

function train({ method, codebooks, codebookSize, beam, levels }: Case, vectors: Vectors, threads: number): Promise<Quantizer> {
  const training = { codebookSize, maxIterations: ITERATIONS, threads };
  if (method === 'finite-scalar') return Promise.resolve(new FiniteScalarQuantizer(levels));
  if (method === 'k-means') return KMeansQuantizer.train(vectors, training);
  if (method === 'product') return ProductQuantizer.train(vectors, { ...training, parts: codebooks });
  return ResidualQuantizer.train(vectors, { ...training, codebooks, beam });
}

async function compare(each: Case, threads: number, folder: string, python: string | null): Promise<void> {
  const [vectors, others] = vectorsOf(each);
  const files = { vectors: join(folder, 'vectors'), others: join(folder, 'others') };
  writeFileSync(files.vectors, vectors.data);
  writeFileSync(files.others, others.data);
  const order = { ...each, ...files, dims: vectors.dims[1], threads, iterations: ITERATIONS };
  const peer = python === null ? null : new PeerProcess(python, 'bench/quantizers.py', threads, order);
  const theirs = await peer?.answer<{ version: string; error: number }>();
  let quantizer = await train(each, vectors, threads);
  let codes: Codes = await quantizer.encode(others, { threads });
  let decoded = await quantizer.decode(codes, { threads });
  const cells: string[] = [];
  for (const step of ['train', 'encode', 'decode'] as const) {
    if ((each.method === 'finite-scalar' && step === 'train') || !step.includes(options.step)) {
      cells.push('');
      continue;
    }
    const times: [number[], number[]] = [[], []];
    for (let run = 0; run < Number(options.runs); run++) {
      await collectGarbage();
      const { milliseconds } = await timed(async () => {
        if (step === 'train') quantizer = await train(each, vectors, threads);
        else if (step === 'encode') codes = await quantizer.encode(others, { threads });
        else decoded = await quantizer.decode(codes, { threads });
      });
      times[0].push(milliseconds);
      if (peer) times[1].push(1000 * (await peer.turn(step)));
    }
    const [ours, other] = times.map((those) => median(those).toFixed(1));
    cells.push(peer ? `${ours}, ${other}, ${median(times[1].map((time, i) => time / times[0][i])).toFixed(2)} ×` : ours);
  }
  peer?.end();
  const error = others.data.reduce((sum, value, i) => sum + (value - decoded.data[i]) ** 2, 0) / others.data.length;
  const failed = theirs !== undefined && !(error <= MOST_ERROR * theirs.error);
  if (failed) process.exitCode = 1;
  const errors =
    theirs === undefined ? error.toPrecision(4) : `${error.toPrecision(4)}, ${theirs.error.toPrecision(4)}${failed ? ' **FAILED**' : ''}`;
  console.log(`| ${each.name} | ${vectors.dims.join(' × ')} | ${threads} | ${cells.join(' | ')} | ${errors} | ${theirs?.version ?? ''} |`);
}

async function main(): Promise<void> {
  console.log(`${machine()}\n\nMilliseconds of merganser and the peer, and the ratio; both mean squared errors.\n`);
  console.log('| quantizer | vectors | threads | train | encode | decode | error | peer |\n|---|---:|---:|---|---|---|---|---|');
  const python = process.env['PYTHON'] ?? pythonPath();
  const folder = mkdtempSync(join(tmpdir(), 'merganser-quantizers-'));
  try {
    for (const each of CASES.filter(({ name }) => name.includes(options.only))) {
      for (const threads of options.threads.split(',').map(Number)) await compare(each, threads, folder, python);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

void main();

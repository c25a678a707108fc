/**
 * How fast dense attention is: decoding (one query of each head) as bytes of keys and values a second beside the bandwidth of the memory, prefilling as operations a
 * second beside the processor's arithmetic peak, both measured in the same run, and both beside PyTorch's scaled_dot_product_attention on the same shapes. Layers take
 * turns, so that keys are not in the cache. Times are medians of `--runs`.
 *
 *   npm run bench:attention -- [--keys 32768] [--prefill 1024] [--layers 4] [--runs 5] [--threads 1,2] [--no-python]
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { backendInfo, flashAttentionSync, type AttentionTensor } from '../lib/index';
import { pythonPath } from '../scripts/python-oracle/python-oracle';
import { machine, median } from './measure';

const { values: options } = parseArgs({
  allowNegative: true,
  options: {
    keys: { type: 'string', default: '32768' },
    prefill: { type: 'string', default: '1024' },
    layers: { type: 'string', default: '4' },
    runs: { type: 'string', default: '5' },
    threads: { type: 'string', default: '1,2' },
    python: { type: 'boolean', default: true },
  },
});

const DIMS = 128;
const runs = Number(options.runs);

interface Shape {
  readonly type: 'float32' | 'bfloat16';
  readonly heads: number;
  readonly kvHeads: number;
  readonly queries: number;
  readonly keys: number;
  readonly causal: boolean;
}

function randomTensor(type: Shape['type'], heads: number, rows: number): AttentionTensor {
  const numbers = Float32Array.from({ length: heads * rows * DIMS }, () => 3 * (Math.random() - 0.5));
  const dims = [1, heads, rows, DIMS];
  if (type === 'float32') return { type, data: numbers, dims };
  return { type, data: Uint16Array.from(new Uint32Array(numbers.buffer), (bits) => bits >>> 16), dims };
}

/** Of one layer. */
function ourSeconds(shape: Shape, threads: number, layers: number): number {
  const queries = randomTensor('float32', shape.heads, shape.queries);
  const all = Array.from({ length: layers }, () => [
    randomTensor(shape.type, shape.kvHeads, shape.keys),
    randomTensor(shape.type, shape.kvHeads, shape.keys),
  ]);
  const times: number[] = [];
  for (let run = 0; run <= runs; run++) {
    const start = performance.now();
    for (const [keys, values] of all) flashAttentionSync(queries, keys, values, { causal: shape.causal, threads });
    times.push((performance.now() - start) / 1e3 / layers);
  }
  return median(times.slice(1));
}

/** null without PyTorch. */
function torchSeconds({ type, heads, kvHeads, queries, keys, causal }: Shape, threads: number, layers: number): number | null {
  const python = options.python ? pythonPath() : null;
  if (python === null) return null;
  const call = [type, heads, kvHeads, queries, keys, DIMS, causal ? 1 : 0, threads, layers, runs].map(String);
  const answer = JSON.parse(execFileSync(python, ['bench/attention-torch.py', ...call], { encoding: 'utf8' })) as { seconds?: number };
  return answer.seconds ?? null;
}

/** What a small program prints; null without a compiler. */
function measured(folder: string, source: string, ...call: string[]): number | null {
  try {
    const program = join(folder, source);
    execFileSync('g++', ['-O3', '-march=native', '-pthread', `bench/${source}.cpp`, '-o', program]);
    return Number(execFileSync(program, call, { encoding: 'utf8' }));
  } catch {
    return null;
  }
}

/** `amount`: of bytes or operations, in 10⁹. */
function row(shape: Shape, threads: number, amount: number, limit: number | null, layers: number): string {
  const seconds = ourSeconds(shape, threads, layers);
  const torch = torchSeconds(shape, threads, layers);
  const cells = [
    `${shape.type}, ${shape.heads} / ${shape.kvHeads} heads, ${shape.queries} × ${shape.keys}${shape.causal ? ' causal' : ''}`,
    threads,
    (seconds * 1e3).toFixed(2),
    (amount / seconds).toFixed(1),
    limit === null ? '–' : `${((100 * amount) / seconds / limit).toFixed(0)} %`,
    torch === null ? '–' : (torch * 1e3).toFixed(2),
    torch === null ? '–' : (torch / seconds).toFixed(2),
  ];
  return `| ${cells.join(' | ')} |`;
}

function head(unit: string, limit: string): string {
  return `| query / KV heads, queries × keys | threads | ms | ${unit} | of the ${limit} | PyTorch ms | ratio |\n|---|---:|---:|---:|---:|---:|---:|`;
}

function main(): void {
  const folder = mkdtempSync(join(tmpdir(), 'merganser-bench-'));
  const { backend, instructionSet } = backendInfo();
  const layers = Number(options.layers);
  const threadCounts = options.threads.split(',').map(Number);
  console.log(`${machine()}, ${backend} ${instructionSet ?? ''}\n\n${head('GB/s', 'read bandwidth')}`);
  for (const threads of threadCounts) {
    const bandwidth = measured(folder, 'read-bandwidth', String(threads));
    for (const type of ['float32', 'bfloat16'] as const) {
      for (const heads of [8, 32]) {
        const shape: Shape = { type, heads, kvHeads: 8, queries: 1, keys: Number(options.keys), causal: false };
        console.log(row(shape, threads, (2 * 8 * shape.keys * DIMS * (type === 'float32' ? 4 : 2)) / 1e9, bandwidth, layers));
      }
    }
  }
  const peak = measured(folder, 'arithmetic-peak');
  console.log(`\n${head('10⁹ operations / s', 'arithmetic peak')}`);
  const queries = Number(options.prefill);
  for (const threads of threadCounts) {
    for (const type of ['float32', 'bfloat16'] as const) {
      for (const causal of [false, true]) {
        // As many keys as queries where a mask cuts the square in half.
        const keys = causal ? queries : 8 * queries;
        const operations = 4 * 8 * DIMS * (causal ? (queries * (queries + 1)) / 2 : queries * keys);
        console.log(
          row({ type, heads: 8, kvHeads: 8, queries, keys, causal }, threads, operations / 1e9, peak === null ? null : peak * threads, 1),
        );
      }
    }
  }
  rmSync(folder, { recursive: true });
}

main();

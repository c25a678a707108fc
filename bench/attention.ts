/**
 * How fast dense attention is: decoding (one query of each head) as bytes of keys and values a second beside the bandwidth of the memory, prefilling as operations a
 * second beside the processor's arithmetic peak, both measured in the same run, and both beside PyTorch's scaled_dot_product_attention on the same shapes. Layers take
 * turns, so that keys are not in the cache. Times are medians of `--runs`. Then the same of sparse attention over clustered contexts: see attention-sparse.ts, attention-steps.ts and (`--only sparse-prefill`) attention-sparse-prefill.ts. `--only build` clusters a
 * context of 131,072 keys and 8 KV heads.
 *
 *   npm run bench:attention -- [--only decode,prefill,sparse,steps,sparse-prefill,build] [--types float32,bfloat16] [--keys 32768] [--sparse-keys 8192,32768,131072] [--prefill 1024] [--tokens 1024,4096] [--context 65536] [--layers 4]
 *                              [--runs 5] [--threads 1,2] [--no-python]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { backendInfo, ClusteredContext, flashAttentionSync, type AttentionTensor } from '../lib/index';
import { mixture } from './attention-data';
import { DIMS, measured, torchSeconds, type Shape } from './attention-peers';
import { sparseTable } from './attention-sparse';
import { stepTable } from './attention-steps';
import { sparsePrefillTable } from './attention-sparse-prefill';
import { machine, median } from './measure';

const { values: options } = parseArgs({
  allowNegative: true,
  options: {
    keys: { type: 'string', default: '32768' },
    only: { type: 'string', default: 'decode,prefill,sparse' },
    types: { type: 'string', default: 'float32,bfloat16' },
    'sparse-keys': { type: 'string', default: '8192,32768,131072' },
    prefill: { type: 'string', default: '1024' },
    tokens: { type: 'string', default: '1024,4096' },
    context: { type: 'string', default: '65536' },
    layers: { type: 'string', default: '4' },
    runs: { type: 'string', default: '5' },
    threads: { type: 'string', default: '1,2' },
    python: { type: 'boolean', default: true },
    cache: { type: 'string' },
  },
});

const runs = Number(options.runs);

function randomTensor(type: Shape['type'], heads: number, rows: number): AttentionTensor {
  const numbers = Float32Array.from({ length: heads * rows * DIMS }, () => 3 * (Math.random() - 0.5));
  const dims = [1, heads, rows, DIMS];
  if (type === 'float32') return { type, data: numbers, dims };
  return { type, data: Uint16Array.from(new Uint32Array(numbers.buffer), (bits) => bits >>> 16), dims };
}

/** Of one layer. */
function ourSeconds(shape: Shape, threads: number, layers: number): number {
  const queries = randomTensor(shape.type, shape.heads, shape.queries);
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

/** `amount`: of bytes or operations, in 10⁹. */
function row(shape: Shape, threads: number, amount: number, limit: number | null, layers: number): string {
  const seconds = ourSeconds(shape, threads, layers);
  const torch = options.python ? torchSeconds(shape, threads, layers, runs) : null;
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

const types = options.types.split(',') as Shape['type'][];
const threadCounts = options.threads.split(',').map(Number);

function decodeTable(folder: string, layers: number): void {
  console.log(`\n${head('GB/s', 'read bandwidth')}`);
  for (const threads of threadCounts) {
    const bandwidth = measured(folder, 'read-bandwidth', String(threads));
    for (const type of types) {
      for (const heads of [8, 32]) {
        const shape: Shape = { type, heads, kvHeads: 8, queries: 1, keys: Number(options.keys), causal: false };
        console.log(row(shape, threads, (2 * 8 * shape.keys * DIMS * (type === 'float32' ? 4 : 2)) / 1e9, bandwidth, layers));
      }
    }
  }
}

function prefillTable(folder: string): void {
  const peak = measured(folder, 'arithmetic-peak');
  console.log(`\n${head('10⁹ operations / s', 'arithmetic peak')}`);
  const queries = Number(options.prefill);
  for (const threads of threadCounts) {
    for (const type of types) {
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
}

async function buildTable(): Promise<void> {
  const { keys, values } = mixture(131_072, 8, 1);
  console.log('\n| KV heads × keys | threads | seconds |\n|---|---:|---:|');
  for (const threads of threadCounts) {
    const start = performance.now();
    await ClusteredContext.build(keys, values, { threads });
    console.log(`| 8 × 131072 | ${threads} | ${((performance.now() - start) / 1e3).toFixed(1)} |`);
  }
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'merganser-bench-'));
  const { backend, instructionSet } = backendInfo();
  const only = options.only.split(',');
  console.log(`${machine()}, ${backend} ${instructionSet ?? ''}`);
  if (only.includes('decode')) decodeTable(folder, Number(options.layers));
  if (only.includes('prefill')) prefillTable(folder);
  if (only.includes('sparse')) {
    const keyCounts = options['sparse-keys'].split(',').map(Number);
    await sparseTable(folder, { types, keyCounts, threadCounts, runs, python: options.python, cache: options.cache });
  }
  if (only.includes('steps')) await stepTable(folder, types, Number(options.keys), runs);
  if (only.includes('sparse-prefill')) {
    const tokenCounts = options.tokens.split(',').map(Number);
    await sparsePrefillTable({ types, keys: Number(options.context), tokenCounts, threadCounts, runs });
  }
  if (only.includes('build')) await buildTable();
  rmSync(folder, { recursive: true });
}

void main();

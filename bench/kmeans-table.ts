/**
 * The tables of docs/benchmarks.md: bench/kmeans.ts for one cell after the other, each in a process of its own, on vectors that bench/token-vectors.py made. All take a quarter to half of an hour, each one less than
 * five minutes; `--only` takes the cells whose name contains it, `--list` prints the names.
 *
 *   npm run bench:kmeans-table -- --vectors FOLDER [--only "runs keys-32"] [--runs 1] [--list]
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const { values: options } = parseArgs({
  options: {
    vectors: { type: 'string' },
    only: { type: 'string', default: '' },
    runs: { type: 'string', default: '1' },
    list: { type: 'boolean', default: false },
  },
});
if (options.vectors === undefined && !options.list) throw new Error('Expected --vectors FOLDER.');

const ALL = 131_072;
/**
 * Part of bench/kmeans.ts, file without its ending (or what needs none), dimensions, count, clusters, iterations. Fewer points where faiss would take minutes, but ten for each cluster: with less, clusters
 * run empty, and both fill them in their own ways.
 */
type Cell = readonly [string, string, number, number, number, string];
const CELLS: readonly Cell[] = [
  ['runs', 'keys-32', 32, ALL, 1024, '10,25'],
  ['runs', 'keys-64', 64, ALL, 256, '10,25'],
  ['runs', 'keys-64', 64, ALL, 1024, '10,25'],
  ['runs', 'keys-128', 128, ALL, 256, '10,25'],
  ['runs', 'keys-128', 128, ALL, 1024, '10,25'],
  ['runs', 'keys-128', 128, ALL, 6553, '10'],
  ['runs', 'tokens-384', 384, ALL, 1024, '10'],
  ['runs', 'tokens-384', 384, ALL, 1024, '25'],
  ['runs', 'tokens-384', 384, ALL / 2, 6553, '10'],
  ['runs', 'keys-values-768', 768, ALL, 1024, '10'],
  ['runs', 'keys-values-768', 768, ALL, 1024, '25'],
  ['runs', 'keys-values-768', 768, ALL / 2, 6553, '10'],
  ['runs', 'mixture', 128, ALL, 1024, '10,25'],
  ['runs', 'noise', 128, ALL, 1024, '10,25'],
  ['runs', 'noise', 768, ALL / 8, 1024, '10'],
  ['dense', 'noise', 64, ALL / 2, 1024, '3'],
  ['dense', 'noise', 128, ALL / 4, 1024, '3'],
  ['dense', 'noise', 384, ALL / 4, 1024, '3'],
  ['dense', 'noise', 768, ALL / 4, 1024, '3'],
  ['dense', 'keys-64', 64, ALL / 2, 256, '3'],
  ['dense', 'keys-64', 64, ALL / 2, 1024, '3'],
  ['dense', 'keys-128', 128, ALL / 4, 256, '3'],
  ['dense', 'keys-128', 128, ALL / 4, 1024, '3'],
  ['dense', 'keys-128', 128, ALL / 4, 6553, '3'],
  ['dense', 'tokens-384', 384, ALL / 4, 1024, '3'],
  ['dense', 'tokens-384', 384, ALL / 8, 6553, '3'],
  ['dense', 'keys-values-768', 768, ALL / 4, 1024, '3'],
  ['scaling', 'keys-128', 128, ALL, 1024, '25'],
  ['scaling', 'tokens-384', 384, ALL, 1024, '10'],
  ['slow', 'keys-32', 32, ALL, 1024, '10'],
  ['slow', 'keys-128', 128, ALL, 1024, '10'],
  ['slow', 'tokens-384', 384, ALL, 256, '10'],
  ['whole', 'mixture', 128, 16_384, 256, '8'],
  ['whole', 'noise', 128, 16_384, 256, '8'],
  ['whole', 'mixture', 64, 20_000, 128, '10'],
  ['whole', 'noise', 64, 20_000, 128, '10'],
  ['whole', 'mixture', 16, 5_000, 32, '20'],
  ['whole', 'noise', 16, 5_000, 32, '20'],
  ['whole', 'mixture', 2, 10_000, 10, '20'],
  ['whole', 'mixture', 2, 10_000, 50, '20'],
  ['whole', 'mixture', 3, 10_000, 8, '20'],
  ['whole', 'mixture', 8, 10_000, 16, '20'],
  ['whole', 'mixture', 768, 2_000, 64, '10'],
];
/** Medians of so many runs where one takes little time. */
const LEAST_RUNS: Record<string, number> = { runs: 1, dense: 3, scaling: 3, slow: 1, whole: 3 };

let before = '';
for (const [part, name, dims, count, clusters, iterations] of CELLS) {
  const cell = `${part} ${name} ${dims} ${clusters} ${iterations}`;
  if (!cell.includes(options.only)) continue;
  if (options.list) {
    console.log(cell);
    continue;
  }
  const vectors = /\d/.test(name) ? join(options.vectors!, `${name}.f32`) : name;
  const numbers = { dims, count, clusters, iterations, part, vectors, runs: Math.max(LEAST_RUNS[part], Number(options.runs)) };
  const call = Object.entries(numbers).flatMap(([key, value]) => [`--${key}`, `${value}`]);
  if (part === before) call.push('--no-head');
  before = part;
  const { status } = spawnSync(process.execPath, ['--expose-gc', 'build-bench/kmeans.cjs', ...call], { stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
}

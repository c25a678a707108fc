/**
 * The table of docs/benchmarks.md: bench/kmeans.ts for one cell after the other, on vectors that bench/token-vectors.py made. Takes some minutes; `--only` takes
 * the cells whose name contains it.
 *
 *   npm run bench:kmeans-table -- --vectors FOLDER [--only keys-32] [--runs 1]
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const { values: options } = parseArgs({
  options: { vectors: { type: 'string' }, only: { type: 'string', default: '' }, runs: { type: 'string', default: '1' } },
});
if (options.vectors === undefined) throw new Error('Expected --vectors FOLDER.');

/** File without its ending (none: a mixture), dimensions, clusters, iterations. */
const CELLS: readonly (readonly [string, number, number, string])[] = [
  ['keys-32', 32, 1024, '10,25'],
  ['keys-64', 64, 1024, '10,25'],
  ['keys-128', 128, 256, '10,25'],
  ['keys-128', 128, 1024, '10,25'],
  ['keys-128', 128, 6553, '10'],
  ['tokens-384', 384, 1024, '10,25'],
  ['tokens-384', 384, 6553, '10'],
  ['keys-values-768', 768, 1024, '10'],
  ['keys-values-768', 768, 6553, '10'],
  ['noise-128', 128, 1024, '10,25'],
  ['mixture', 128, 1024, '10'],
];

for (const [name, dims, clusters, iterations] of CELLS) {
  if (!`${name} ${clusters}`.includes(options.only)) continue;
  const file = name === 'mixture' ? [] : ['--vectors', join(options.vectors, `${name}.f32`)];
  const numbers = ['--dims', `${dims}`, '--clusters', `${clusters}`, '--iterations', iterations, '--runs', options.runs, '--no-js'];
  const { status } = spawnSync(process.execPath, ['--expose-gc', 'build-bench/kmeans.cjs', ...file, ...numbers], { stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
}

/**
 * How fast MaxSim is on one thread, beside the assignment of k-means, which does the same arithmetic: documents of 20 to 300 vectors, scored by one query of 32
 * and by 16 of them at once, float32 and bfloat16. Medians of `--runs`; rates count a multiply-add as two operations.
 *
 *   npm run bench:max-sim -- [--dims 128] [--documents 2000] [--runs 5]
 */
import { parseArgs } from 'node:util';
import { RandomStream } from '../lib/clustering/random';
import { assignToCentroids, maxSimAsync, searchByMaxSim, type VectorSequences } from '../lib/index';
import { machine, median, timed } from './measure';

const { values: options } = parseArgs({
  options: {
    dims: { type: 'string', default: '128' },
    documents: { type: 'string', default: '2000' },
    runs: { type: 'string', default: '5' },
  },
});
const dims = Number(options.dims);
const random = new RandomStream(1);
const QUERY_VECTORS = 32;

function vectors(rows: number): Float32Array {
  return Float32Array.from({ length: rows * dims }, () => random.next() - 0.5);
}

function toBfloat16(data: Float32Array): Uint16Array {
  return new Uint16Array(data.buffer).filter((_, i) => i % 2 === 1);
}

function queriesOf(count: number): VectorSequences {
  const rows = count * QUERY_VECTORS;
  return { data: vectors(rows), dims: [rows, dims], offsets: Uint32Array.from({ length: count + 1 }, (_, i) => i * QUERY_VECTORS) };
}

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < Number(options.runs); i++) times.push((await timed(work)).milliseconds / 1000);
  return median(times);
}

async function main(): Promise<void> {
  const offsets = new Uint32Array(Number(options.documents) + 1);
  for (let i = 1; i < offsets.length; i++) offsets[i] = offsets[i - 1] + 20 + random.below(281);
  const rows = offsets[offsets.length - 1];
  const data = vectors(rows);
  const documents: VectorSequences = { data, dims: [rows, dims], offsets };
  const halves: VectorSequences = { data: toBfloat16(data), type: 'bfloat16', dims: [rows, dims], offsets };
  console.log(`${machine()}\n\n${offsets.length - 1} documents, ${rows} vectors of ${dims}, one thread\n`);

  const clusters = 1024;
  const centroids = { data: vectors(clusters), dims: [clusters, dims] };
  const assignment = await seconds(() => assignToCentroids({ data, dims: [rows, dims] }, centroids, { threads: 1 }));
  const kmeansRate = (2 * rows * dims * clusters) / assignment / 1e9;
  console.log(`Assignment to ${clusters} centroids, set-up included: ${kmeansRate.toFixed(1)} · 10⁹ operations a second\n`);

  console.log('| queries of 32 | documents | ms | 10⁹ operations/s | of the assignment |\n|---:|---|---:|---:|---:|');
  for (const count of [1, 16]) {
    const queries = queriesOf(count);
    for (const [name, those] of [
      ['float32', documents],
      ['bfloat16', halves],
    ] as const) {
      const time = await seconds(() => maxSimAsync(queries, those, { threads: 1 }));
      const rate = (2 * rows * dims * count * QUERY_VECTORS) / time / 1e9;
      console.log(`| ${count} | ${name} | ${(time * 1e3).toFixed(1)} | ${rate.toFixed(1)} | ${((100 * rate) / kmeansRate).toFixed(0)} % |`);
    }
  }
  const search = await seconds(() => searchByMaxSim(queriesOf(1), documents, { top: 10, threads: 1 }));
  console.log(`\nSearch for the best 10: ${(search * 1e3).toFixed(1)} ms a query.`);
}

void main();

/**
 * What is left of retrieval when documents of several vectors are pooled: nDCG@10 and recall@1 of MaxSim, as parts of what all vectors give, by how many times fewer vectors are left.
 * Each query has one document. Two sets: synthetic (documents of a few of 4,000 directions, each several times with noise; queries of some of them, with more noise), and vectors of a real model from
 * bench/retention-vectors.py, where --real names their folder.
 *
 *   npm run bench:retention -- [--real FOLDER] [--factors 2,3,4,6,11]
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { RandomStream } from '../lib/clustering/random';
import { poolSequences, poolVectorsAsync, searchByMaxSim, type VectorSequences } from '../lib/index';

const { values: options } = parseArgs({ options: { real: { type: 'string' }, factors: { type: 'string', default: '2,3,4,6,11' } } });

interface RetrievalSet {
  readonly queries: VectorSequences;
  /** Document i answers query i. */
  readonly documents: VectorSequences;
}

type Pooling = (documents: VectorSequences, factor: number) => Promise<VectorSequences>;

const POOLINGS: readonly (readonly [string, Pooling])[] = [
  ...(['rows', 'cosine', 'euclidean'] as const).map((linkage) => [`Ward, \`${linkage}\``, byWard(linkage)] as const),
  ['k-means of each document', (documents, factor) => poolSequences(documents, { method: 'k-means', keep: 1 / factor })],
  ['spherical k-means', (documents, factor) => poolSequences(documents, { method: 'k-means', keep: 1 / factor, spherical: true })],
  ['pruning: `tail`', (documents, factor) => poolSequences(documents, { method: 'tail', keep: 1 / factor })],
  ['pruning: `every`', (documents, factor) => poolSequences(documents, { method: 'every', keep: 1 / factor })],
];

function byWard(linkage: 'rows' | 'cosine' | 'euclidean'): Pooling {
  return async ({ data, dims, offsets }, factor) => {
    const [, width] = dims;
    const parts: Float32Array[] = [];
    for (let i = 0; i + 1 < offsets.length; i++) {
      const rows = (data as Float32Array).subarray(offsets[i] * width, offsets[i + 1] * width);
      parts.push((await poolVectorsAsync({ data: rows, dims: [rows.length / width, width] }, { factor, linkage })).data);
    }
    return sequences(parts, width);
  };
}

function sequences(parts: readonly Float32Array[], width: number): VectorSequences {
  const offsets = new Uint32Array(parts.length + 1);
  parts.forEach((part, i) => (offsets[i + 1] = offsets[i] + part.length / width));
  const data = new Float32Array(offsets[parts.length] * width);
  parts.forEach((part, i) => data.set(part, offsets[i] * width));
  return { data, dims: [offsets[parts.length], width], offsets };
}

function synthetic(): RetrievalSet {
  const random = new RandomStream(1);
  const [width, directions, count] = [64, 4000, 300];
  const gaussians = (length: number): Float32Array => Float32Array.from({ length }, () => random.gaussian());
  const centres = gaussians(directions * width);
  const near = (direction: number, noise: number): Float32Array => {
    const row = gaussians(width).map((value, k) => centres[direction * width + k] + noise * value);
    const length = Math.hypot(...row);
    return row.map((value) => value / length);
  };
  const joined = (rows: readonly Float32Array[]): Float32Array => Float32Array.from(rows.flatMap((row) => [...row]));
  const [queries, documents]: Float32Array[][] = [[], []];
  for (let i = 0; i < count; i++) {
    // Frequent directions are in many documents.
    const own = Array.from({ length: 20 + random.below(40) }, () => Math.floor(directions * random.next() ** 2));
    documents.push(joined(Array.from({ length: 60 + random.below(200) }, () => near(own[random.below(own.length)], 0.6))));
    queries.push(joined(Array.from({ length: 8 }, () => near(own[random.below(own.length)], 2.2))));
  }
  return { queries: sequences(queries, width), documents: sequences(documents, width) };
}

function real(folder: string): RetrievalSet {
  const lengths = JSON.parse(readFileSync(join(folder, 'lengths.json'), 'utf8')) as {
    queries: number[];
    documents: number[];
    width: number;
  };
  const { width } = lengths;
  const read = (name: 'queries' | 'documents'): VectorSequences => {
    const bytes = readFileSync(join(folder, `${name}.f32`));
    const data = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
    const offsets = new Uint32Array(lengths[name].length + 1);
    lengths[name].forEach((length, i) => (offsets[i + 1] = offsets[i] + length));
    return { data, dims: [data.length / width, width], offsets };
  };
  return { queries: read('queries'), documents: read('documents') };
}

/** Means over queries; of one right document at place r, nDCG is 1 / log₂(r + 1). */
async function quality(queries: VectorSequences, documents: VectorSequences): Promise<{ ndcg: number; recall: number }> {
  const { documents: hits, count } = await searchByMaxSim(queries, documents, { top: 10 });
  const total = queries.offsets.length - 1;
  let [ndcg, recall] = [0, 0];
  for (let query = 0; query < total; query++) {
    const place = hits.subarray(query * count, (query + 1) * count).indexOf(query);
    if (place >= 0) ndcg += 1 / Math.log2(place + 2) / total;
    if (place === 0) recall += 1 / total;
  }
  return { ndcg, recall };
}

async function report(name: string, { queries, documents }: RetrievalSet): Promise<void> {
  const factors = options.factors.split(',').map(Number);
  const whole = await quality(queries, documents);
  console.log(
    `\n${name}: ${documents.offsets.length - 1} documents, ${documents.dims[0]} vectors of ${documents.dims[1]}; all vectors: nDCG@10 ${whole.ndcg.toFixed(3)}, recall@1 ${whole.recall.toFixed(3)}\n`,
  );
  console.log(
    `| of nDCG@10 (recall@1) | ${factors.map((factor) => `${factor} × fewer`).join(' | ')} |\n|---|${factors.map(() => '---:|').join('')}`,
  );
  for (const [pooling, pool] of POOLINGS) {
    const cells: string[] = [];
    for (const factor of factors) {
      const { ndcg, recall } = await quality(queries, await pool(documents, factor));
      cells.push(`${(ndcg / whole.ndcg).toFixed(3)} (${(recall / whole.recall).toFixed(3)})`);
    }
    console.log(`| ${pooling} | ${cells.join(' | ')} |`);
  }
}

async function main(): Promise<void> {
  await report('Synthetic', synthetic());
  if (options.real !== undefined) await report('Real', real(options.real));
}

void main();

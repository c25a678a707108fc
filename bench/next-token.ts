/**
 * Retrieval of the 20 most likely next tokens over a large output embedding: recall against exact search, and queries a second on one thread, beside exact search and faiss IVFFlat on
 * the same arrays in the same run.
 *
 * Embeddings are synthetic: clusters of tokens in a space whose variances fall as a power law, with lengths that vary (frequent tokens are longer); hidden vectors lie towards
 * a token's embedding, with noise.
 *
 *   npm run bench:next-token -- [--rows 1000000] [--dims 768] [--queries 256] [--no-python]
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { NextTokenIndex, VectorIndex, type Vectors } from '../lib/index';
import { RandomStream } from '../lib/clustering/random';
import { pythonPath } from '../scripts/python-oracle/python-oracle';
import { machine } from './measure';

const { values: options } = parseArgs({
  allowNegative: true,
  options: {
    rows: { type: 'string', default: '1000000' },
    dims: { type: 'string', default: '768' },
    queries: { type: 'string', default: '256' },
    python: { type: 'boolean', default: true },
  },
});
const [rows, dims, queries] = [options.rows, options.dims, options.queries].map(Number);
const K = 20;
const PROBES = [4, 8, 16, 32, 64, 128];
const TOKENS_PER_CLUSTER = 100;

interface Point {
  readonly probes: number;
  readonly recall: number;
  readonly perSecond: number;
}

/** Hidden vectors that only calibration sees. */
const HELD_OUT = 256;

function synthetic(): { embeddings: Float32Array; hidden: Float32Array; heldOut: Float32Array } {
  const random = new RandomStream(1);
  // One normal deviate costs more than all else: they are taken from a table, from a random place on for each row.
  const deviates = Float32Array.from({ length: 1 << 20 }, () => random.gaussian());
  const spread = Float32Array.from({ length: dims }, (_, i) => (i + 1) ** -0.5);
  const clusters = Math.ceil(rows / TOKENS_PER_CLUSTER);
  const draw = (out: Float32Array, at: number, scale: number): void => {
    const from = random.below(deviates.length - dims);
    for (let i = 0; i < dims; i++) out[at + i] += scale * spread[i] * deviates[from + i];
  };
  const centres = new Float32Array(clusters * dims);
  for (let cluster = 0; cluster < clusters; cluster++) draw(centres, cluster * dims, 1);
  const embeddings = new Float32Array(rows * dims);
  for (let row = 0; row < rows; row++) {
    const at = row * dims;
    const cluster = random.below(clusters) * dims;
    embeddings.set(centres.subarray(cluster, cluster + dims), at);
    draw(embeddings, at, 0.7);
    const length = Math.exp(0.25 * random.gaussian());
    for (let i = 0; i < dims; i++) embeddings[at + i] *= length;
  }
  const hiddenVectors = (count: number): Float32Array => {
    const hidden = new Float32Array(count * dims);
    for (let query = 0; query < count; query++) {
      const token = random.below(rows) * dims;
      hidden.set(embeddings.subarray(token, token + dims), query * dims);
      draw(hidden, query * dims, 0.7);
    }
    return hidden;
  };
  return { embeddings, hidden: hiddenVectors(queries), heldOut: hiddenVectors(HELD_OUT) };
}

function recallOf(found: { ids: Uint32Array; offsets: Uint32Array }, truth: Uint32Array): number {
  let hits = 0;
  for (let query = 0; query < queries; query++) {
    const wanted = new Set(truth.subarray(query * K, (query + 1) * K));
    for (const id of found.ids.subarray(found.offsets[query], found.offsets[query + 1])) if (wanted.has(id)) hits++;
  }
  return hits / truth.length;
}

/** One vector at a time, as a model generates. */
function perSecond(hidden: Float32Array, search: (vector: Float32Array) => void): number {
  const count = Math.min(queries, 64);
  const vectors = Array.from({ length: count }, (_, i) => hidden.slice(i * dims, (i + 1) * dims));
  search(vectors[0]);
  const start = performance.now();
  for (const vector of vectors) search(vector);
  return (1e3 * count) / (performance.now() - start);
}

function faiss(embeddings: Float32Array, hidden: Float32Array, truth: Uint32Array, lists: number): void {
  const python = options.python ? pythonPath() : null;
  if (python === null) return;
  const folder = mkdtempSync(join(tmpdir(), 'merganser-next-token-'));
  try {
    const files = { embeddings: join(folder, 'embeddings'), queries: join(folder, 'queries') };
    writeFileSync(files.embeddings, new Uint8Array(embeddings.buffer));
    writeFileSync(files.queries, new Uint8Array(hidden.buffer));
    const input = JSON.stringify({ ...files, rows, dims, lists, probes: PROBES, truth: Array.from(truth) });
    const answer = JSON.parse(
      execFileSync(python, [join(process.cwd(), 'bench/next-token-faiss.py')], { input, encoding: 'utf8', maxBuffer: 1 << 28 }),
    ) as { version: string; built: number; points: Point[] };
    for (const point of answer.points)
      print(`faiss ${answer.version} IVFFlat, all queries at once (built in ${answer.built.toFixed(0)} s)`, point);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function print(name: string, { probes, recall, perSecond: speed }: Point): void {
  console.log(`| ${name} | ${probes || ''} | ${recall.toFixed(4)} | ${speed.toFixed(1)} |`);
}

async function main(): Promise<void> {
  const { embeddings, hidden, heldOut } = synthetic();
  const tensor: Vectors = { data: embeddings, dims: [rows, dims] };
  const asked: Vectors = { data: hidden, dims: [queries, dims] };
  const exact = await VectorIndex.build(tensor, { kind: 'exact', metric: 'inner-product' });
  const truth = exact.search(asked, K).ids;
  console.log(`${machine()}; ${rows} × ${dims}, recall@${K} of ${queries} hidden vectors, one thread\n`);
  console.log('| | lists searched | recall@20 | queries/s |\n|---|---:|---:|---:|');
  print('exact search', { probes: 0, recall: 1, perSecond: perSecond(hidden, (vector) => exact.search(vector, K, { threads: 1 })) });
  exact.dispose();
  const start = performance.now();
  const index = await NextTokenIndex.build(tensor);
  const seconds = ((performance.now() - start) / 1e3).toFixed(0);
  await index.calibrate({ queries: { data: heldOut, dims: [HELD_OUT, dims] }, k: K });
  for (const probes of PROBES.filter((count) => count <= index.index.lists)) {
    const recall = recallOf(index.nextTokens(asked, K, { probes }), truth);
    const speed = perSecond(hidden, (vector) => index.nextTokens(vector, K, { probes, threads: 1 }));
    print(`NextTokenIndex, one query at a time (built in ${seconds} s)`, { probes, recall, perSecond: speed });
  }
  faiss(embeddings, hidden, truth, index.index.lists);
}

void main();

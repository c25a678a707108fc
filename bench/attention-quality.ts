/**
 * How near attention over a clustered context is to dense attention: relative error of the outputs, and the part of the attention's mass that falls on kept keys,
 * against the part of the keys that is kept. Drop, mean and variance are `estimate: 'none' | 'mean' | 'variance'`; exact top-k keeps the same number of keys, those of the highest logits.
 *
 *   npm run bench:attention-quality -- [--out attention-quality] [--layer FOLDER] [--keys 8192] [--heads 2] [--queries 32] [--clusters 0.05]
 *
 * FOLDER: what bench/attention-layer.py wrote. Tables go to the terminal, charts to OUT/<data>.svg. References are in double precision.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ClusteredContext, type AttentionTensor, type AttendResult } from '../lib/index';
import { mixture, needles, realLayer, type AttentionData } from './attention-data';
import { svgOf, type Line } from './line-chart';
import { machine } from './measure';

const { values: options } = parseArgs({
  options: {
    out: { type: 'string', default: 'attention-quality' },
    layer: { type: 'string' },
    keys: { type: 'string', default: '8192' },
    heads: { type: 'string', default: '2' },
    queries: { type: 'string', default: '32' },
    clusters: { type: 'string', default: '0.05' },
  },
});

const BUDGETS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5];
const ESTIMATES = { drop: 'none', mean: 'mean', variance: 'variance' } as const;
const QUERIES = Number(options.queries);

/** Dense attention of one query, and what is needed for parts of it. */
interface Reference {
  readonly weights: Float64Array;
  readonly output: Float64Array;
}

function referenceOf({ keys, values, queries }: AttentionData, head: number, query: number): Reference {
  const [, , length, dims] = keys.dims;
  const row = queries.data.subarray((head * queries.dims[2] + query) * dims, (head * queries.dims[2] + query + 1) * dims);
  const weights = Float64Array.from({ length }, (_, key) => {
    let product = 0;
    for (let dim = 0; dim < dims; dim++) product += row[dim] * keys.data[(head * length + key) * dims + dim];
    return product / Math.sqrt(dims);
  });
  const greatest = weights.reduce((a, b) => Math.max(a, b));
  const sum = weights.reduce((total, logit, i) => total + (weights[i] = Math.exp(logit - greatest)), 0);
  weights.forEach((weight, i) => (weights[i] = weight / sum));
  return { weights, output: weighted(weights, values, head) };
}

function weighted(weights: ArrayLike<number>, { data, dims: [, , length, dims] }: AttentionTensor, head: number): Float64Array {
  const out = new Float64Array(dims);
  let sum = 0;
  for (let key = 0; key < length; key++) {
    if (weights[key] === 0) continue;
    sum += weights[key];
    for (let dim = 0; dim < dims; dim++) out[dim] += weights[key] * data[(head * length + key) * dims + dim];
  }
  return out.map((x) => x / sum);
}

/** Keys that took part exactly. */
function keptKeys(context: ClusteredContext, { kept }: AttendResult, head: number, query: number, dense: readonly number[]): number[] {
  const { members, offsets } = context.clusters(0, head);
  const mask = head * kept.tiles + query;
  const clusters = [...kept.clusters.subarray(kept.offsets[mask], kept.offsets[mask + 1])];
  return [...dense, ...clusters.flatMap((cluster) => [...members.subarray(offsets[cluster], offsets[cluster + 1])])];
}

interface Point {
  fraction: number;
  recall: number;
  error: number;
}

/** Squared errors and squares, summed over queries and heads. */
class Curve {
  private readonly squares = new Map<number, { error: number; square: number; recall: number; kept: number; count: number }>();

  add(budget: number, output: ArrayLike<number>, reference: Reference, recall: number, kept: number): void {
    const sums = this.squares.get(budget) ?? { error: 0, square: 0, recall: 0, kept: 0, count: 0 };
    reference.output.forEach((x, dim) => {
      sums.error += (output[dim] - x) ** 2;
      sums.square += x * x;
    });
    sums.recall += recall;
    sums.kept += kept;
    sums.count++;
    this.squares.set(budget, sums);
  }

  points(): Point[] {
    return [...this.squares.values()].map(({ error, square, recall, kept, count }) => ({
      fraction: kept / count,
      recall: recall / count,
      error: Math.sqrt(error / square),
    }));
  }
}

async function curvesOf(data: AttentionData): Promise<Record<string, Point[]>> {
  const [, heads, length, dims] = data.keys.dims;
  const context = await ClusteredContext.build(data.keys, data.values, { clusters: Number(options.clusters) });
  const [sink, recent] = [4, 64];
  const dense = Array.from({ length }, (_, key) => key).filter((key) => key < sink || key >= length - recent);
  const count = Math.min(QUERIES, data.queries.dims[2]);
  const queries = firstQueries(data.queries, count);
  const references = Array.from({ length: heads * count }, (_, i) => referenceOf({ ...data, queries }, Math.floor(i / count), i % count));
  const curves: Record<string, Curve> = { drop: new Curve(), mean: new Curve(), variance: new Curve(), 'exact top-k': new Curve() };
  for (const budget of BUDGETS) {
    for (const [name, estimate] of Object.entries(ESTIMATES)) {
      const result = await context.attend(queries, { budget, perTile: 1, estimate });
      references.forEach((reference, i) => {
        const kept = keptKeys(context, result, Math.floor(i / count), i % count, dense);
        const recall = kept.reduce((sum, key) => sum + reference.weights[key], 0);
        curves[name].add(budget, result.output.data.subarray(i * dims, (i + 1) * dims), reference, recall, kept.length / length);
        if (name === 'drop') addTopK(curves['exact top-k'], budget, reference, kept.length, data.values, Math.floor(i / count));
      });
    }
  }
  context.dispose();
  return Object.fromEntries(Object.entries(curves).map(([name, curve]) => [name, curve.points()]));
}

function addTopK(curve: Curve, budget: number, reference: Reference, count: number, values: AttentionTensor, head: number): void {
  const { weights } = reference;
  const order = Uint32Array.from(weights, (_, i) => i).sort((a, b) => weights[b] - weights[a]);
  const kept = new Float64Array(weights.length);
  for (const key of order.subarray(0, count)) kept[key] = weights[key];
  const recall = kept.reduce((sum, weight) => sum + weight, 0);
  curve.add(budget, weighted(kept, values, head), reference, recall, count / weights.length);
}

function firstQueries({ data, dims: [batch, heads, length, dims], type }: AttentionTensor, count: number): AttentionTensor {
  const out = new Float32Array(heads * count * dims);
  for (let head = 0; head < heads; head++)
    out.set(data.subarray(head * length * dims, (head * length + count) * dims), head * count * dims);
  return { type, data: out, dims: [batch, heads, count, dims] };
}

function report({ name, keys }: AttentionData, curves: Record<string, Point[]>): void {
  const [, heads, length, dims] = keys.dims;
  console.log(`\n### ${name}: ${heads} heads, ${length} keys, d = ${dims}\n`);
  const names = Object.keys(curves);
  console.log(`| kept | ${names.map((curve) => `error, ${curve}`).join(' | ')} | recall, clusters | recall, exact top-k |`);
  console.log(`|---:|${'---:|'.repeat(names.length + 2)}`);
  curves['drop'].forEach(({ fraction, recall }, i) => {
    const errors = names.map((curve) => curves[curve][i].error.toPrecision(3));
    console.log(
      `| ${(100 * fraction).toFixed(1)} % | ${errors.join(' | ')} | ${recall.toFixed(3)} | ${curves['exact top-k'][i].recall.toFixed(3)} |`,
    );
  });
  const lines = (value: (point: Point) => number, wanted: readonly string[]): Line[] =>
    wanted.map((curve) => ({ name: curve, points: curves[curve].map((point) => [point.fraction, value(point)] as const) }));
  const axes = { xTitle: 'part of the keys that is kept' };
  const chart = svgOf([
    { ...axes, title: `${name}: relative error`, yTitle: 'relative error', lines: lines((point) => point.error, names) },
    {
      ...axes,
      title: `${name}: recall of mass`,
      yTitle: 'mass on kept keys',
      linearY: true,
      lines: lines((point) => point.recall, ['drop', 'exact top-k']),
    },
  ]);
  mkdirSync(options.out, { recursive: true });
  const file = join(options.out, `${name.replace(/ /g, '-')}.svg`);
  writeFileSync(file, chart);
  console.log(`\n${file}`);
}

async function main(): Promise<void> {
  console.log(machine());
  const [length, heads] = [Number(options.keys), Number(options.heads)];
  const all = [() => mixture(length, heads, QUERIES), () => needles(length, heads, QUERIES)];
  const layer = options.layer;
  if (layer !== undefined) all.push(() => realLayer(layer));
  for (const make of all) {
    const data = make();
    report(data, await curvesOf(data));
  }
}

void main();

/**
 * Why estimates of clusters that were not retrieved err: for each query and each of those clusters the logarithm of the mean exponential of its keys' logits, in double precision, beside what means and
 * variances say, and what the outputs would be with other estimates, up to the clusters' true masses.
 *
 *   npm run bench:attention-estimates -- [--layer FOLDER] [--keys 8192] [--heads 2] [--queries 32] [--clusters 0.05] [--budget 0.1]
 *
 * FOLDER: what bench/attention-layer.py wrote. Averages are weighted with the clusters' true masses.
 */
import { parseArgs } from 'node:util';
import { ClusteredContext, type ContextClusters } from '../lib/index';
import { mixture, needles, realLayer, type AttentionData } from './attention-data';
import { machine } from './measure';

const { values: options } = parseArgs({
  options: {
    layer: { type: 'string' },
    keys: { type: 'string', default: '8192' },
    heads: { type: 'string', default: '2' },
    queries: { type: 'string', default: '32' },
    clusters: { type: 'string', default: '0.05' },
    budget: { type: 'string', default: '0.1' },
  },
});

/** The logits of a cluster's keys for one query. */
interface Logits {
  readonly mean: number;
  readonly variance: number;
  /** Third moment about the mean. */
  readonly third: number;
  /** The logarithm of the mean exponential. */
  readonly truth: number;
  /** Σ Var (q·scale)²: the variance if dimensions did not depend on each other. */
  readonly diagonal: number;
  /** Mean value of the keys, and that with the true weights. */
  readonly value: Float64Array;
  readonly weighted: Float64Array;
  readonly size: number;
}

const ESTIMATES: Record<string, (logits: Logits) => number> = {
  mean: ({ mean }) => mean,
  'variances of each dimension': ({ mean, diagonal }) => mean + diagonal / 2,
  'true variance': ({ mean, variance }) => mean + variance / 2,
  'true variance and third moment': ({ mean, variance, third }) => mean + variance / 2 + third / 6,
  'true mass': ({ truth }) => truth,
};

function logitsOf(data: AttentionData, head: number, query: Float64Array, clusters: ContextClusters, cluster: number): Logits | null {
  const { keys, values } = data;
  const [, , length, dims] = keys.dims;
  const members = clusters.members.subarray(clusters.offsets[cluster], clusters.offsets[cluster + 1]);
  if (members.length === 0) return null;
  const row = (tensor: AttentionData['keys'], key: number): Float32Array =>
    tensor.data.subarray((head * length + key) * dims, (head * length + key + 1) * dims) as Float32Array;
  const logits = Float64Array.from(members, (key) => row(keys, key).reduce((sum, x, dim) => sum + x * query[dim], 0));
  const moment = (power: number, about: number): number => logits.reduce((sum, x) => sum + (x - about) ** power, 0) / logits.length;
  const mean = moment(1, 0);
  const exponentials = logits.map((x) => Math.exp(x - mean));
  const all = exponentials.reduce((sum, x) => sum + x, 0);
  const value = new Float64Array(dims);
  const weighted = new Float64Array(dims);
  members.forEach((key, i) => {
    row(values, key).forEach((x, dim) => {
      value[dim] += x / members.length;
      weighted[dim] += (x * exponentials[i]) / all;
    });
  });
  const spread = clusters.keyVariances.subarray(cluster * dims, (cluster + 1) * dims);
  const diagonal = spread.reduce((sum, x, dim) => sum + x * query[dim] ** 2, 0);
  const truth = mean + Math.log(all / logits.length);
  return { mean, variance: moment(2, mean), third: moment(3, mean), truth, diagonal, value, weighted, size: members.length };
}

interface Sums {
  error: number;
  bias: number;
  square: number;
}

async function examine(data: AttentionData): Promise<void> {
  const [, heads, length, dims] = data.keys.dims;
  const context = await ClusteredContext.build(data.keys, data.values, { clusters: Number(options.clusters) });
  const queries = Math.min(Number(options.queries), data.queries.dims[2]);
  const sums = new Map<string, Sums>(
    [...Object.keys(ESTIMATES), 'true mass and true values'].map((name) => [name, { error: 0, bias: 0, square: 0 }]),
  );
  const averages = { mass: 0, diagonal: 0, variance: 0, skew: 0, squares: 0 };
  for (let head = 0; head < heads; head++) {
    const clusters = context.clusters(0, head);
    const count = clusters.offsets.length - 1;
    for (let i = 0; i < queries; i++) {
      const at = (head * data.queries.dims[2] + i) * dims;
      const query = Float64Array.from(data.queries.data.subarray(at, at + dims), (x) => x / Math.sqrt(dims));
      const all = Array.from({ length: count }, (_, cluster) => logitsOf(data, head, query, clusters, cluster)).filter((x) => x !== null);
      // What a budget retrieves: the greatest means.
      all.sort((a, b) => b.mean - a.mean);
      let kept = 0;
      const first = all.findIndex(({ size }) => (kept += size) > Number(options.budget) * length);
      const greatest = Math.max(...all.map(({ truth }) => truth));
      const whole = all.reduce((sum, { truth, size }) => sum + size * Math.exp(truth - greatest), 0);
      const outputs = new Map([...sums.keys()].map((name) => [name, { out: new Float64Array(dims), mass: 0 }]));
      all.forEach((logits, rank) => {
        const mass = (logits.size * Math.exp(logits.truth - greatest)) / whole;
        for (const [name, output] of outputs) {
          const exact = rank < first || name === 'true mass and true values';
          const estimate = exact ? logits.truth : ESTIMATES[name](logits);
          const weight = logits.size * Math.exp(estimate - greatest);
          (exact ? logits.weighted : logits.value).forEach((x, dim) => (output.out[dim] += weight * x));
          output.mass += weight;
          if (rank >= first && !exact) sums.get(name)!.bias += mass * (estimate - logits.truth);
        }
        if (rank < first) return;
        averages.mass += mass;
        averages.diagonal += mass * logits.diagonal;
        averages.variance += mass * logits.variance;
        averages.skew += mass * (logits.variance > 0 ? logits.third / logits.variance ** 1.5 : 0);
      });
      const exact = outputs.get('true mass and true values')!;
      for (const [name, { out, mass }] of outputs) {
        out.forEach((x, dim) => {
          sums.get(name)!.error += (x / mass - exact.out[dim] / exact.mass) ** 2;
          sums.get(name)!.square += (exact.out[dim] / exact.mass) ** 2;
        });
      }
    }
  }
  const { mass, diagonal, variance, skew } = averages;
  console.log(
    `\n${data.name}: ${heads} heads, ${queries} queries, ${length} keys, d = ${dims}; not retrieved: ${((100 * mass) / heads / queries).toFixed(1)} % of the mass`,
  );
  console.log(
    `variance of the logits in a cluster ${(variance / mass).toFixed(3)}, from variances of each dimension ${(diagonal / mass).toFixed(3)}, skewness ${(skew / mass).toFixed(2)}`,
  );
  console.log('\n| estimate | mean error of log masses | relative error of outputs |\n|---|---:|---:|');
  for (const [name, { error, bias, square }] of sums) {
    if (name in ESTIMATES) console.log(`| ${name} | ${(bias / mass).toFixed(3)} | ${Math.sqrt(error / square).toFixed(4)} |`);
  }
}

async function main(): Promise<void> {
  console.log(machine());
  const [keys, heads, queries] = [Number(options.keys), Number(options.heads), Number(options.queries)];
  const all = [mixture(keys, heads, queries), needles(keys, heads, queries)];
  for (const data of options.layer === undefined ? all : [...all, realLayer(options.layer)]) await examine(data);
}

void main();

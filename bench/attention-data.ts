/** Keys, values and queries for bench/attention-quality.ts. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AttentionTensor } from '../lib/index';
import { RandomStream } from '../lib/clustering/random';

export interface AttentionData {
  readonly name: string;
  readonly keys: AttentionTensor;
  readonly values: AttentionTensor;
  readonly queries: AttentionTensor;
}

const DIMS = 128;

function tensor(data: Float32Array, heads: number, dims: number): AttentionTensor {
  return { type: 'float32', data, dims: [1, heads, data.length / heads / dims, dims] };
}

/** Coarse centres, fine centres around them, keys around those, sizes uneven; queries that lean towards a few centres. */
export function mixture(length: number, heads: number, queries: number): AttentionData {
  const random = new RandomStream(1);
  const keys = new Float32Array(heads * length * DIMS);
  const values = new Float32Array(heads * length * DIMS);
  const asked = new Float32Array(heads * queries * DIMS);
  const gaussians = (deviation: number): Float32Array => Float32Array.from({ length: DIMS }, () => deviation * random.gaussian());
  for (let head = 0; head < heads; head++) {
    const centres: Float32Array[] = [];
    const spread = Float32Array.from({ length: DIMS }, () => 0.4 * (0.6 + 0.8 * random.next()));
    let coarse = gaussians(0.75);
    for (let row = 0; row < length;) {
      if (centres.length % 5 === 0) coarse = gaussians(0.75);
      const centre = gaussians(0.5).map((x, dim) => x + coarse[dim]);
      const meaning = gaussians(0.7);
      const size = Math.ceil(20 * (0.25 - 0.75 * Math.log(1 - random.next())));
      centres.push(centre);
      for (const end = Math.min(length, row + size); row < end; row++) {
        for (let dim = 0; dim < DIMS; dim++) {
          keys[(head * length + row) * DIMS + dim] = centre[dim] + spread[dim] * random.gaussian();
          values[(head * length + row) * DIMS + dim] = meaning[dim] + 0.7 * random.gaussian();
        }
      }
    }
    for (let query = 0; query < queries; query++) {
      const row = gaussians(2.2);
      for (let i = 0; i < 4; i++) centres[random.below(centres.length)].forEach((x, dim) => (row[dim] += 0.35 * x));
      asked.set(row, (head * queries + query) * DIMS);
    }
  }
  return { name: 'mixture', keys: tensor(keys, heads, DIMS), values: tensor(values, heads, DIMS), queries: tensor(asked, heads, DIMS) };
}

/** Each query has one key among noise that it is after, which gets about half of its attention. */
export function needles(length: number, heads: number, queries: number): AttentionData {
  const random = new RandomStream(2);
  const gaussian = (count: number, deviation: number): Float32Array =>
    Float32Array.from({ length: count }, () => deviation * random.gaussian());
  const keys = gaussian(heads * length * DIMS, 1);
  const values = gaussian(heads * length * DIMS, 0.7);
  const asked = new Float32Array(heads * queries * DIMS);
  // The logit that outweighs all other keys together: log of their number, and half the variance of their logits.
  const logit = Math.log(length) + 0.5;
  for (let head = 0; head < heads; head++) {
    for (let query = 0; query < queries; query++) {
      const key = (head * length + random.below(length)) * DIMS;
      const needle = keys.subarray(key, key + DIMS);
      const square = needle.reduce((sum, x) => sum + x * x, 0);
      const noise = gaussian(DIMS, 0.3);
      for (let dim = 0; dim < DIMS; dim++)
        asked[(head * queries + query) * DIMS + dim] = (needle[dim] * logit * Math.sqrt(DIMS)) / square + noise[dim];
    }
  }
  return { name: 'needles', keys: tensor(keys, heads, DIMS), values: tensor(values, heads, DIMS), queries: tensor(asked, heads, DIMS) };
}

/** What bench/attention-layer.py wrote. */
export function realLayer(folder: string): AttentionData {
  const { heads, dims } = JSON.parse(readFileSync(join(folder, 'shape.json'), 'utf8')) as { heads: number; dims: number };
  const read = (name: string): AttentionTensor => {
    const bytes = readFileSync(join(folder, `${name}.f32`));
    return tensor(new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length)), heads, dims);
  };
  return { name: 'real layer', keys: read('keys'), values: read('values'), queries: read('queries') };
}

/** The layers that trained pooling is made of, forward only. */
import type { Steps } from '../clustering/steps';

/** y = W x + b; W: [outputs, inputs], as PyTorch's Linear has it. */
export interface LinearWeights {
  readonly weight: Float32Array;
  readonly bias?: Float32Array | undefined;
}

/** PyTorch's LayerNorm over one row. */
export interface NormWeights {
  readonly weight: Float32Array;
  readonly bias?: Float32Array | undefined;
}

const NORM_EPSILON = 1e-5;

export function* linear({ weight, bias }: LinearWeights, rows: Float32Array, inputs: number): Steps<Float32Array> {
  const outputs = weight.length / inputs;
  const out = new Float32Array((rows.length / inputs) * outputs);
  yield (kernels) => kernels.products(rows, weight, inputs, out);
  for (let row = 0; bias !== undefined && row < out.length; row += outputs, yield null) {
    for (let k = 0; k < outputs; k++) out[row + k] += bias[k];
  }
  return out;
}

export function* layerNorm({ weight, bias }: NormWeights, rows: Float32Array): Steps<Float32Array> {
  const width = weight.length;
  const out = new Float32Array(rows.length);
  for (let at = 0; at < rows.length; at += width, yield null) {
    const row = rows.subarray(at, at + width);
    const mean = row.reduce((sum, value) => sum + value, 0) / width;
    const variance = row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / width;
    const scale = 1 / Math.sqrt(variance + NORM_EPSILON);
    for (let k = 0; k < width; k++) out[at + k] = (row[k] - mean) * scale * weight[k] + (bias?.[k] ?? 0);
  }
  return out;
}

/** Rows [x, gate] become x · GELU(gate): half as long. */
export function* geglu(rows: Float32Array, width: number): Steps<Float32Array> {
  const out = new Float32Array(rows.length / 2);
  for (let at = 0, from = 0; at < out.length; at += width, from += 2 * width, yield null) {
    for (let k = 0; k < width; k++) {
      const gate = rows[from + width + k];
      out[at + k] = (rows[from + k] * gate * (1 + erf(gate / Math.SQRT2))) / 2;
    }
  }
  return out;
}

/** The error function, to double precision. */
function erf(x: number): number {
  const size = Math.abs(x);
  if (size > 6) return Math.sign(x);
  // 2/√π · exp(−x²) · Σ 2ⁿ x²ⁿ⁺¹ / (2n+1)!!: all terms have the same sign.
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

/** Attention of `queries` [queries, heads · size] to keys and values [rows, 2 · heads · size], first all keys of a row and then its values. */
export function* attend(queries: Float32Array, keyValues: Float32Array, heads: number, size: number): Steps<Float32Array> {
  const inner = heads * size;
  const rows = keyValues.length / (2 * inner);
  const out = new Float32Array(queries.length);
  const scores = new Float64Array(rows);
  for (let query = 0; query < queries.length / inner; query++) {
    for (let head = 0; head < heads; head++, yield null) {
      const at = query * inner + head * size;
      let greatest = -Infinity;
      for (let row = 0; row < rows; row++) {
        let score = 0;
        for (let k = 0, key = row * 2 * inner + head * size; k < size; k++) score += queries[at + k] * keyValues[key + k];
        scores[row] = score / Math.sqrt(size);
        greatest = Math.max(greatest, scores[row]);
      }
      const sum = new Float64Array(size);
      let mass = 0;
      for (let row = 0; row < rows; row++) {
        const weight = Math.exp(scores[row] - greatest);
        mass += weight;
        for (let k = 0, value = row * 2 * inner + inner + head * size; k < size; k++) sum[k] += weight * keyValues[value + k];
      }
      for (let k = 0; k < size; k++) out[at + k] = sum[k] / mass;
    }
  }
  return out;
}

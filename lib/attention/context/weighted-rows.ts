/** Exact attention of a block of queries over rows that come in parts, with one softmax over all of them. */
import type { Kernels } from '../../backend/kernels';
import type { Pace } from './blocks';
import { requireFiniteLogit } from './lookup';

/** Multiplications between two turns, and the fewest keys that are worth a step. */
const WORK_AT_A_TIME = 1 << 22;
const FEWEST_KEYS = 16;

/** Keys, or what stands for them, with their values: [rows × dims] each. */
export interface WeightedRows {
  readonly keys: Float32Array;
  readonly values: Float32Array;
  /** Added to the logits of each row; null: nothing. */
  readonly bias: Float64Array | null;
  /** Variances that go with `keys`: ½ Σ variance (q·scale)² is added, too; null: not. */
  readonly variances: Float32Array | null;
  /** Query number n sees the rows [0, n + 1 + causal); null: all. */
  readonly causal: number | null;
}

export class BlockAttention {
  private readonly rows: number;
  private readonly greatest: Float64Array;
  private readonly sums: Float64Array;
  private readonly totals: Float64Array;

  /** queries: [rows × dims]; `numbers`: of each query, for causal parts. */
  constructor(
    private readonly kernels: Kernels,
    private readonly queries: Float32Array,
    private readonly numbers: Uint32Array,
    private readonly dims: number,
    private readonly scale: number,
  ) {
    this.rows = queries.length / dims;
    this.greatest = new Float64Array(this.rows).fill(-Infinity);
    this.sums = new Float64Array(this.rows);
    this.totals = new Float64Array(queries.length);
  }

  /** Rejects with ABORTED, and with INVALID_ARGUMENT where a logit is not finite. */
  async add(part: WeightedRows, pace: Pace): Promise<void> {
    const count = part.keys.length / this.dims;
    const step = Math.max(FEWEST_KEYS, Math.floor(WORK_AT_A_TIME / Math.max(1, this.rows * this.dims)));
    for (let from = 0; from < count; from += step) {
      this.addSome(part, from, Math.min(count, from + step));
      await pace.step();
    }
  }

  private addSome({ keys, values, bias, variances, causal }: WeightedRows, from: number, to: number): void {
    const { kernels, queries, dims, scale, rows, numbers } = this;
    const count = to - from;
    const logits = new Float32Array(rows * count);
    kernels.products(queries, keys.subarray(from * dims, to * dims), dims, logits);
    const spread = variances === null ? null : new Float32Array(rows * count);
    if (spread !== null)
      kernels.products(
        queries.map((x) => x * x),
        variances!.subarray(from * dims, to * dims),
        dims,
        spread,
      );
    const weights = new Float64Array(count);
    for (let row = 0; row < rows; row++) {
      const seen = causal === null ? count : Math.min(count, numbers[row] + 1 + causal - from);
      for (let i = 0; i < seen; i++) {
        weights[i] =
          logits[row * count + i] * scale +
          (bias === null ? 0 : bias[from + i]) +
          (spread === null ? 0 : (spread[row * count + i] * scale * scale) / 2);
      }
      if (seen > 0) this.addWeighted(row, weights, seen, values, from);
    }
  }

  /** `weights` are logits. */
  private addWeighted(row: number, weights: Float64Array, count: number, values: Float32Array, first: number): void {
    const { dims, greatest, sums, totals } = this;
    let most = -Infinity;
    for (let i = 0; i < count; i++) most = Math.max(most, weights[i]);
    if (most === -Infinity) return;
    requireFiniteLogit(most);
    if (most > greatest[row]) {
      const factor = Math.exp(greatest[row] - most);
      sums[row] *= factor;
      for (let dim = 0; dim < dims; dim++) totals[row * dims + dim] *= factor;
      greatest[row] = most;
    }
    for (let i = 0; i < count; i++) {
      const weight = Math.exp(weights[i] - greatest[row]);
      if (weight === 0) continue;
      sums[row] += weight;
      const at = (first + i) * dims;
      for (let dim = 0; dim < dims; dim++) totals[row * dims + dim] += weight * values[at + dim];
    }
  }

  /** Output of a row at element `at`, and its log-sum-exp; over nothing: zeros and −∞. */
  write(row: number, output: Float32Array, at: number): number {
    const { dims, sums, totals, greatest } = this;
    if (sums[row] === 0) return -Infinity;
    for (let dim = 0; dim < dims; dim++) output[at + dim] = totals[row * dims + dim] / sums[row];
    return greatest[row] + Math.log(sums[row]);
  }
}

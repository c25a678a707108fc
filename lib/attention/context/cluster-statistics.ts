/** Means and variances of clusters. Sums are in double precision. */
import { numbersOf, type Elements, type ElementType } from './element-rows';

export interface ClusterRows {
  readonly keys: Elements;
  readonly values: Elements;
  readonly type: ElementType;
  readonly dims: number;
  /** Where the rows of the cluster begin, in elements. */
  readonly at: number;
  readonly count: number;
}

/** Room for one row and sums, made once. */
export class ClusterStatistics {
  private readonly row: Float32Array;
  private readonly sums: Float64Array;
  private readonly mean: Float64Array;

  constructor(private readonly dims: number) {
    this.row = new Float32Array(dims);
    this.sums = new Float64Array(dims);
    this.mean = new Float64Array(dims);
  }

  /** Of the keys: their mean and the variance of each dimension around it; of the values: their mean. `into`: element where those of the cluster begin. An empty cluster has zeros. */
  write(
    { keys, values, type, at, count }: ClusterRows,
    into: number,
    centroids: Float32Array,
    variances: Float32Array,
    valueMeans: Float32Array,
  ): void {
    if (count === 0) return;
    const { dims, sums, mean } = this;
    this.sum(keys, type, at, count);
    for (let dim = 0; dim < dims; dim++) {
      mean[dim] = sums[dim] / count;
      centroids[into + dim] = mean[dim];
    }
    this.sumSquares(keys, type, at, count);
    for (let dim = 0; dim < dims; dim++) variances[into + dim] = sums[dim] / count;
    this.sum(values, type, at, count);
    for (let dim = 0; dim < dims; dim++) valueMeans[into + dim] = sums[dim] / count;
  }

  private sum(data: Elements, type: ElementType, at: number, count: number): void {
    const { dims, sums } = this;
    sums.fill(0);
    for (let row = 0; row < count; row++) {
      const numbers = numbersOf(data, type, at + row * dims, dims, this.row);
      for (let dim = 0; dim < dims; dim++) sums[dim] += numbers[dim];
    }
  }

  /** Around the mean. */
  private sumSquares(data: Elements, type: ElementType, at: number, count: number): void {
    const { dims, sums, mean } = this;
    sums.fill(0);
    for (let row = 0; row < count; row++) {
      const numbers = numbersOf(data, type, at + row * dims, dims, this.row);
      for (let dim = 0; dim < dims; dim++) sums[dim] += (numbers[dim] - mean[dim]) ** 2;
    }
  }
}

/** Mean of `count` rows from row `row` on; zeros if there are none. */
export function meanOfRows(rows: Float32Array, row: number, count: number, dims: number, out: Float32Array, at: number): void {
  for (let dim = 0; dim < dims; dim++) {
    let sum = 0;
    for (let i = 0; i < count; i++) sum += rows[(row + i) * dims + dim];
    out[at + dim] = count > 0 ? sum / count : 0;
  }
}

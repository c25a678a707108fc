/** Weighted means of values whose weights are exponents, one value at a time: totals are rescaled whenever a greater exponent comes. */
export class RunningSoftmax {
  private greatest = -Infinity;
  private sum = 0;
  private readonly total: Float64Array;

  constructor(dims: number) {
    this.total = new Float64Array(dims);
  }

  add(logit: number, value: Float64Array): void {
    if (logit === -Infinity) return;
    const { total } = this;
    if (logit > this.greatest) {
      const factor = Math.exp(this.greatest - logit);
      this.sum *= factor;
      for (let i = 0; i < total.length; i++) total[i] *= factor;
      this.greatest = logit;
    }
    // +∞ − ∞ and NaN end here, and stay.
    const weight = Math.exp(logit - this.greatest);
    this.sum += weight;
    for (let i = 0; i < total.length; i++) total[i] += weight * value[i];
  }

  /** Fills the mean and gives the logarithm of the sum of weights; of nothing: zeros and −∞. */
  finish(output: Float32Array, at: number): number {
    const { total, sum } = this;
    for (let i = 0; i < total.length; i++) output[at + i] = sum === 0 ? 0 : total[i] / sum;
    return sum === 0 ? -Infinity : this.greatest + Math.log(sum);
  }
}

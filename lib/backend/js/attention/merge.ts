/** Joins attention over separate keys. */
export function mergeAttention(
  outputs: readonly Float32Array[],
  logSumExps: readonly Float32Array[],
  dims: number,
  output: Float32Array,
  logSumExp: Float32Array,
): void {
  for (let row = 0; row < logSumExp.length; row++) {
    const greatest = logSumExps.reduce((most, numbers) => Math.max(most, numbers[row]), -Infinity);
    // −∞ − (−∞) is no number.
    const weights = logSumExps.map((numbers) => (numbers[row] === -Infinity ? 0 : Math.exp(numbers[row] - greatest)));
    const whole = weights.reduce((sum, weight) => sum + weight, 0);
    for (let at = row * dims; at < (row + 1) * dims; at++) {
      let total = 0;
      weights.forEach((weight, part) => {
        if (weight !== 0) total += weight * outputs[part][at];
      });
      output[at] = whole === 0 ? 0 : total / whole;
    }
    logSumExp[row] = whole === 0 ? -Infinity : greatest + Math.log(whole);
  }
}

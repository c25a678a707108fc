/** What distances to classes say. Arrays are [vectors, classes]. */
import { float32Vectors, type Float32Vectors } from '../clustering/matrix';

/** −d² + 2 ln prior. */
export function decisionScores({ data, dims }: Float32Vectors, priors: Float64Array): Float32Vectors {
  const logarithms = priors.map((prior) => 2 * Math.log(prior));
  return float32Vectors(
    data.map((distance, i) => logarithms[i % dims[1]] - distance * distance),
    dims[1],
  );
}

export function softmaxRows({ data, dims: [count, classes] }: Float32Vectors): Float32Vectors {
  const out = new Float32Array(data.length);
  for (let row = 0; row < count; row++) {
    const scores = data.subarray(row * classes, (row + 1) * classes);
    const greatest = scores.reduce((most, score) => Math.max(most, score), -Infinity);
    const powers = Float64Array.from(scores, (score) => Math.exp(score - greatest));
    const sum = powers.reduce((total, power) => total + power, 0);
    out.set(
      powers.map((power) => power / sum),
      row * classes,
    );
  }
  return float32Vectors(out, classes);
}

/** The class with the greatest number in each row, of equal ones the first. */
export function greatestOf({ data, dims: [count, classes] }: Float32Vectors): Uint32Array {
  return Uint32Array.from({ length: count }, (_, row) => {
    let best = 0;
    for (let code = 1; code < classes; code++) if (data[row * classes + code] > data[row * classes + best]) best = code;
    return best;
  });
}

/** 1 where the distance to one class is less than to every other. */
export function nearerTo({ data, dims: [count, classes] }: Float32Vectors, code: number): Uint8Array {
  return Uint8Array.from({ length: count }, (_, row) => {
    const distances = data.subarray(row * classes, (row + 1) * classes);
    return distances.every((distance, other) => other === code || distances[code] < distance) ? 1 : 0;
  });
}

/** Rows by their distance to one class, of equal ones the lowest first. */
export function byDistance({ data, dims: [count, classes] }: Float32Vectors, code: number): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, row) => row);
  return order.sort((a, b) => data[a * classes + code] - data[b * classes + code] || a - b);
}

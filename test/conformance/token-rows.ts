/** What tests of token reduction's kernels share: shapes, and definitions in double precision. */
import fc from 'fast-check';
import { FUZZ_SEED } from './fuzz';
import { dot } from './hard-rows';

export const RUNS = { numRuns: 6, seed: FUZZ_SEED };
/** Beyond a piece of rows, beyond a group of panels, and what is left over of each. */
export const shape = fc.record({
  left: fc.constantFrom(1, 2, 15, 97, 250, 300),
  right: fc.constantFrom(1, 3, 16, 65, 130, 257),
  dims: fc.constantFrom(1, 3, 16, 31, 64, 100, 700),
  seed: fc.nat(1000),
});

export function square(a: Float32Array, i: number, b: Float32Array, j: number, dims: number): number {
  let sum = 0;
  for (let k = 0; k < dims; k++) sum += (a[i * dims + k] - b[j * dims + k]) ** 2;
  return sum;
}

export function cosine(a: Float32Array, i: number, b: Float32Array, j: number, dims: number): number {
  const lengths = Math.sqrt(dot(a, i, a, i, dims) * dot(b, j, b, j, dims));
  return lengths > 0 ? dot(a, i, b, j, dims) / lengths : 0;
}

/** The greatest of how many times each difference is what it may be: NaN if any is. One expectation, because each costs more than what it looks at. */
export class Worst {
  private worst = 0;
  add(actual: number, expected: number, room: number): void {
    this.worst = Math.max(this.worst, Math.abs(actual - expected) / room);
  }
  check(): void {
    expect(this.worst).toBeLessThan(1);
  }
}

/** Every other row of twice as many, from the last to the first. */
export function someRows(count: number): Uint32Array {
  return Uint32Array.from({ length: count }, (_, i) => 2 * (count - 1 - i));
}

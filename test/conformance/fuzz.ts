/** Size and seed of the generated tests: MERGANSER_FUZZ_RUNS multiplies them, MERGANSER_FUZZ_SEED gives others. */
import fc from 'fast-check';

/** Same strings on every run unless another seed is asked for. */
export const FUZZ_SEED = Number(process.env['MERGANSER_FUZZ_SEED'] ?? 20_240_607);

/** Number of runs of a generated test: `byDefault`, or MERGANSER_FUZZ_RUNS. */
export function fuzzRuns(byDefault: number): number {
  const runs = process.env['MERGANSER_FUZZ_RUNS'];
  return runs === undefined ? byDefault : Number(runs);
}

/** Values of an arbitrary, always the same for a seed. */
export function samples<T>(arbitrary: fc.Arbitrary<T>, byDefault: number): T[] {
  return fc.sample(arbitrary, { numRuns: fuzzRuns(byDefault), seed: FUZZ_SEED });
}

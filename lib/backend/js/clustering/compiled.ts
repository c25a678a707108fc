/** Code is slow until it is compiled, and compiling screens and bounds takes as long as this many multiplications of the loop over all scores: until then a process makes do with that. */
const WORTH_COMPILING = 2.5e8;

let multiplied = 0;

/** Told of what is to be multiplied next: whether a process that has come to that much had better have more code. Results are the same to the bit. */
export function worthCompiling(multiplications: number): boolean {
  multiplied += multiplications;
  return multiplied >= WORTH_COMPILING;
}

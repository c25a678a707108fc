import { invalidArgument } from '../../../errors';

/** The error for the first code that is not below its codebook's size; null if there is none. `data`: vector by vector, one of each codebook. */
export function unknownCode(data: Uint32Array, sizes: readonly number[]): Error | null {
  for (const [book, size] of sizes.entries()) {
    for (let at = book; at < data.length; at += sizes.length) {
      if (data[at] >= size) return invalidArgument('codes', `below ${size}, the size of the codebook`, data[at]);
    }
  }
  return null;
}

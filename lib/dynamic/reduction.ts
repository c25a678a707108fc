/** How far a batch is to be merged, as a part of the way to words. */
import type { MergedTokens } from '../backend/dynamic-kernels';

/** Against sums such as 99.99999999999999. */
const ROUNDING = 1e-9;

/** The number of tokens at which each batch has the reduction (per cent); `words`: the same batches merged as far as words allow. */
export function targetLengths(offsets: Uint32Array, words: MergedTokens, perSample: boolean, reduction: number): Uint32Array {
  const batches = perSample ? offsets.length - 1 : 1;
  return Uint32Array.from({ length: batches }, (_, batch) => {
    const last = perSample ? batch + 1 : offsets.length - 1;
    const length = offsets[last] - offsets[batch];
    const shortest = words.offsets[last] - words.offsets[batch];
    return Math.floor(length - (reduction / 100) * (length - shortest) + ROUNDING);
  });
}

/** Checksums of arrays, block by block. */
import type { Kernels } from '../../backend/kernels';
import { inBlocks } from './blocks';
import { BLOCK_BYTES, damaged } from './context-format';

/** The XXH64 of the XXH64s of blocks, which `each` sees one after the other. Rejects with ABORTED, and as `each` does. */
export async function blockwiseChecksum(
  bytes: Uint8Array,
  kernels: Kernels,
  signal?: AbortSignal,
  each?: (block: Uint8Array, at: number) => void,
): Promise<bigint> {
  const blocks = Math.ceil(bytes.length / BLOCK_BYTES);
  const sums = new DataView(new ArrayBuffer(8 * blocks));
  await inBlocks(blocks, BLOCK_BYTES, signal, (from, to) => {
    for (let i = from; i < to; i++) {
      const block = bytes.subarray(i * BLOCK_BYTES, (i + 1) * BLOCK_BYTES);
      sums.setBigUint64(8 * i, kernels.checksum(block), true);
      each?.(block, i * BLOCK_BYTES);
    }
  });
  return kernels.checksum(new Uint8Array(sums.buffer));
}

/** Throws MALFORMED_FILE for bytes that are not those which were saved. */
export async function verifyArrays(
  arrays: readonly { readonly name: string; readonly bytes: Uint8Array; readonly checksum: bigint }[],
  kernels: Kernels,
  signal?: AbortSignal,
): Promise<void> {
  for (const { name, bytes, checksum } of arrays) {
    if ((await blockwiseChecksum(bytes, kernels, signal)) !== checksum) throw damaged(`the ${name} that were saved`, 'other bytes');
  }
}

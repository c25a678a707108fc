/** Contexts as bytes, with checksums of their arrays. */
import type { Kernels } from '../../backend/kernels';
import { inBlocks } from './blocks';
import { ALIGNMENT, BLOCK_BYTES, damaged, parseFile, planFile, type SavedContext } from './context-format';

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

/** A context in the bytes of its file. */
export async function contextBytes(context: SavedContext, kernels: Kernels): Promise<Uint8Array> {
  const plan = planFile(context, kernels);
  const file = new Uint8Array(plan.size);
  const checksums = new Map<string, bigint>();
  for (const { name, place, bytes } of plan.sections) {
    checksums.set(name, await blockwiseChecksum(bytes, kernels, undefined, (block, at) => file.set(block, place + at)));
  }
  file.set(plan.head(checksums));
  return file;
}

/** The context that bytes hold; its arrays are views of them where that is possible. Rejects with MALFORMED_FILE for bytes that are not those which were saved. */
export async function readContext(bytes: Uint8Array, kernels: Kernels, verify: boolean, signal?: AbortSignal): Promise<SavedContext> {
  const { store, thresholds, checksums } = parseFile(bytes.byteOffset % ALIGNMENT === 0 ? bytes : new Uint8Array(bytes), kernels);
  if (verify) {
    for (const { name, bytes: array, checksum } of checksums) {
      if ((await blockwiseChecksum(array, kernels, signal)) !== checksum) throw damaged(`the ${name} that were saved`, 'other bytes');
    }
  }
  return { store, thresholds };
}

/** Contexts as bytes, with checksums of their arrays. */
import type { Kernels } from '../../backend/kernels';
import { invalidArgument } from '../../errors';
import { inBlocks } from '../../backend/js/in-blocks';
import { BLOCK_BYTES, damaged, parseFile, planFile, type SavedContext } from './context-format';

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

/** The same bytes in memory that the backend reads fastest. Rejects with INVALID_ARGUMENT and ABORTED. */
export async function copiedBytes(bytes: Uint8Array, kernels: Kernels, signal?: AbortSignal): Promise<Uint8Array> {
  if (!(bytes instanceof Uint8Array)) throw invalidArgument('bytes', 'a Uint8Array', bytes);
  const copy = kernels.allocate(bytes.length);
  await inBlocks(bytes.length, 1, signal, (from, to) => copy.set(bytes.subarray(from, to), from));
  return copy;
}

/** The context that bytes hold; its arrays are views of them. Rejects with MALFORMED_FILE for bytes that are not those which were saved. */
export async function readContext(bytes: Uint8Array, kernels: Kernels, verify: boolean, signal?: AbortSignal): Promise<SavedContext> {
  const { store, thresholds, checksums } = parseFile(bytes, kernels);
  if (verify) {
    for (const { name, bytes: array, checksum } of checksums) {
      if ((await blockwiseChecksum(array, kernels, signal)) !== checksum) throw damaged(`the ${name} that were saved`, 'other bytes');
    }
  }
  return { store, thresholds };
}

/** Saved contexts, in Node. The build puts context-file.browser.ts in its place where there are no files. */
import { randomUUID } from 'node:crypto';
import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import type { Kernels } from '../../backend/kernels';
import { aborted, MerganserError } from '../../errors';
import { blockwiseChecksum } from './context-bytes';
import { planFile, type SavedContext } from './context-format';

const READ_BYTES = 1 << 24;

/** Writes beside the file and renames: whoever reads it sees the old context or the new one. Throws NOT_FOUND if it cannot be written. */
export async function writeContext(path: string, context: SavedContext, kernels: Kernels, signal?: AbortSignal): Promise<void> {
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    const file = await open(temporary, 'wx');
    try {
      await writeSections(file, context, kernels, signal);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true });
    if (cause instanceof MerganserError) throw cause;
    throw new MerganserError('NOT_FOUND', `Expected to write ${path}, but that failed: ${(cause as Error).message}`, { cause });
  }
}

async function writeSections(file: FileHandle, context: SavedContext, kernels: Kernels, signal?: AbortSignal): Promise<void> {
  const plan = planFile(context, kernels);
  const checksums = new Map<string, bigint>();
  await file.truncate(plan.size);
  for (const { name, place, bytes } of plan.sections) {
    checksums.set(name, await blockwiseChecksum(bytes, kernels, signal));
    await writeAt(file, bytes, place, signal);
  }
  await writeAt(file, plan.head(checksums), 0, signal);
}

async function writeAt(file: FileHandle, bytes: Uint8Array, place: number, signal?: AbortSignal): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    if (signal?.aborted) throw aborted(signal);
    const { bytesWritten } = await file.write(bytes, at, Math.min(READ_BYTES, bytes.length - at), place + at);
    at += bytesWritten;
  }
}

/** Reads a file, or maps it into memory where that is wanted and possible. Throws NOT_FOUND if it cannot be read. */
export async function readContextBytes(path: string, kernels: Kernels, map: boolean, signal?: AbortSignal): Promise<Uint8Array> {
  try {
    const file = await open(path, 'r');
    try {
      return (map ? kernels.mapFile(path) : null) ?? (await readWhole(file, kernels, signal));
    } finally {
      await file.close();
    }
  } catch (cause) {
    if (cause instanceof MerganserError) throw cause;
    throw new MerganserError('NOT_FOUND', `Expected to read ${path}, but that failed: ${(cause as Error).message}`, { cause });
  }
}

async function readWhole(file: FileHandle, kernels: Kernels, signal?: AbortSignal): Promise<Uint8Array> {
  const { size } = await file.stat();
  const bytes = kernels.allocate(size);
  let at = 0;
  while (at < size) {
    if (signal?.aborted) throw aborted(signal);
    const { bytesRead } = await file.read(bytes, at, Math.min(READ_BYTES, size - at), at);
    if (bytesRead === 0) break;
    at += bytesRead;
  }
  return bytes.subarray(0, at);
}

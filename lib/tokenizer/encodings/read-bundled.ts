import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Kernels } from '../../backend/kernels';
import { MerganserError } from '../../errors';
import { packageRoot } from '../../package-root';
import type { BundledFile } from './bundled-file';

/** The bytes of a file of dist/encodings. Node only. Throws NOT_FOUND. */
export async function readBundledFile(file: BundledFile): Promise<Uint8Array> {
  const path = pathOf(file);
  return readFile(path).catch((error: unknown) => {
    throw notFound(path, error);
  });
}

/** The same without a promise. */
export function readBundledFileSync(file: BundledFile): Uint8Array {
  const path = pathOf(file);
  try {
    return readFileSync(path);
  } catch (error) {
    throw notFound(path, error);
  }
}

/** The first bytes of the file, for telling whether it is the same as before. */
export async function readBundledHead(file: BundledFile, size: number): Promise<Uint8Array> {
  const path = pathOf(file);
  try {
    const handle = await open(path);
    try {
      const head = new Uint8Array(size);
      const { bytesRead } = await handle.read(head, 0, size, 0);
      return head.subarray(0, bytesRead);
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw notFound(path, error);
  }
}

/** The same without a promise. */
export function readBundledHeadSync(file: BundledFile, size: number, kernels: Kernels): Uint8Array {
  const path = pathOf(file);
  const head = kernels.readFile(path, size);
  if (head !== null) return head;
  try {
    const handle = openSync(path, 'r');
    try {
      const head = new Uint8Array(size);
      return head.subarray(0, readSync(handle, head, 0, size, 0));
    } finally {
      closeSync(handle);
    }
  } catch (error) {
    throw notFound(path, error);
  }
}

function pathOf(file: BundledFile): string {
  return join(packageRoot(), 'dist', 'encodings', `${file}.bin`);
}

function notFound(path: string, cause: unknown): MerganserError {
  return new MerganserError(
    'NOT_FOUND',
    `Expected the vocabulary of a bundled encoding at ${path}, but it could not be read. (npm run build makes it.)`,
    {
      cause,
    },
  );
}

import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
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

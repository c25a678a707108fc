/** Files, in Node. The build puts files.browser.ts in its place where there are none. */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { MerganserError } from '../../errors';

/** Contents of a file. Throws NOT_FOUND if it cannot be read. */
export async function readBytes(path: string): Promise<Uint8Array> {
  return readFile(path).catch((error: unknown) => {
    throw unreadable(path, error);
  });
}

/** The same without a promise. */
export function readBytesSync(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    throw unreadable(path, error);
  }
}

/** Writes a file as a whole: whoever reads it sees the old contents or the new ones. Throws NOT_FOUND if it cannot be written. */
export async function writeTextAtomically(path: string, text: string): Promise<void> {
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    await writeFile(temporary, text, 'utf8');
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true });
    throw new MerganserError('NOT_FOUND', `Expected to write ${path}, but that failed: ${messageOf(cause)}`, { cause });
  }
}

function unreadable(path: string, cause: unknown): MerganserError {
  return new MerganserError('NOT_FOUND', `Expected a readable file at ${path}, but ${messageOf(cause)}`, { cause });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Files of indexes, in Node: larger than one read may be. The build puts index-files.browser.ts in its place where there are none. */
import { randomUUID } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { MerganserError } from '../errors';

/** Bytes of one call to the system: it takes less than 2 GiB. */
const PORTION = 2 ** 28;

export interface IndexFile {
  readonly size: number;
  read(at: number, length: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** Rejects with NOT_FOUND if it cannot be read. */
export async function openIndexFile(path: string): Promise<IndexFile> {
  const unreadable = (cause: unknown): MerganserError =>
    new MerganserError('NOT_FOUND', `Expected a readable file at ${path}, but ${messageOf(cause)}`, { cause });
  const file = await open(path, 'r').catch((error: unknown) => {
    throw unreadable(error);
  });
  const { size } = await file.stat();
  return {
    size,
    read: async (at, length) => {
      const bytes = new Uint8Array(length);
      for (let done = 0; done < length;) {
        const { bytesRead } = await file.read(bytes, done, Math.min(PORTION, length - done), at + done).catch((error: unknown) => {
          throw unreadable(error);
        });
        if (bytesRead === 0)
          throw new MerganserError('MALFORMED_FILE', `Expected ${path} to hold ${at + length} bytes, but it ends before.`);
        done += bytesRead;
      }
      return bytes;
    },
    close: () => file.close(),
  };
}

/** Writes a file as a whole: whoever reads it sees the old contents or the new ones. Rejects with NOT_FOUND if it cannot be written. */
export async function writeIndexFile(path: string, parts: Iterable<Uint8Array>): Promise<void> {
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    const file = await open(temporary, 'wx');
    try {
      for (const part of parts) {
        for (let done = 0; done < part.length;) done += (await file.write(part, done, Math.min(PORTION, part.length - done))).bytesWritten;
      }
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true });
    throw new MerganserError('NOT_FOUND', `Expected to write ${path}, but that failed: ${messageOf(cause)}`, { cause });
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

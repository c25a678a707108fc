/** Where results go: standard output, or a file that appears when it is complete. */
import { createWriteStream } from 'node:fs';
import { realpath, rename, rm, stat } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { MerganserError } from '../errors';
import { type Terminal, write } from './terminal';

export interface Output {
  /** Resolves when more is wanted. */
  write(data: string | Uint8Array): Promise<void>;
}

/**
 * Runs `produce` with the output that `path` names (undefined or `-`: standard output). A file is written under a temporary name beside it and
 * renamed at the end; after an error the old contents are still there. Throws NOT_FOUND if it cannot be written.
 */
export async function withOutput<Result>(
  path: string | undefined,
  { stdout }: Terminal,
  produce: (output: Output) => Promise<Result>,
): Promise<Result> {
  if (path === undefined || path === '-') return produce({ write: (data) => write(stdout, data) });
  const target = await realpath(path).catch(() => path);
  // Devices and pipes are written to: a rename would put a file in their place.
  const special = await stat(target).then(
    (found) => !found.isFile(),
    () => false,
  );
  return special ? writeInto(target, path, produce) : writeWhole(target, path, produce);
}

async function writeWhole<Result>(target: string, path: string, produce: (output: Output) => Promise<Result>): Promise<Result> {
  const temporary = `${target}.${crypto.randomUUID()}.tmp`;
  try {
    const result = await writeInto(temporary, path, produce);
    await rename(temporary, target);
    return result;
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

async function writeInto<Result>(target: string, path: string, produce: (output: Output) => Promise<Result>): Promise<Result> {
  const file: Writable = createWriteStream(target);
  const failure = finished(file).catch((cause: unknown) => {
    throw new MerganserError('NOT_FOUND', `Expected to write ${path}, but that failed: ${(cause as Error).message}`, { cause });
  });
  // Reported by whoever waits next.
  failure.catch(() => undefined);
  try {
    const result = await produce({ write: (data) => write(file, data).catch(() => failure) });
    file.end();
    await failure;
    return result;
  } catch (error) {
    file.destroy();
    await failure.catch(() => undefined);
    throw error;
  }
}

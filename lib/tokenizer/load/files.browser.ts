/** What the build puts in the place of files.ts for browsers. */
import { MerganserError } from '../../errors';

function noFiles(path: string): MerganserError {
  return new MerganserError(
    'UNSUPPORTED',
    `There are no files here to find ${path} in: fetch the contents, and use fromJSON or fromTiktoken with them.`,
  );
}

export async function readBytes(path: string): Promise<Uint8Array> {
  throw noFiles(path);
}

export function readBytesSync(path: string): Uint8Array {
  throw noFiles(path);
}

export async function writeBytesAtomically(path: string, _bytes: Uint8Array): Promise<void> {
  throw noFiles(path);
}

export async function makeFolder(path: string): Promise<void> {
  throw noFiles(path);
}

export function makeFolderSync(path: string): void {
  throw noFiles(path);
}

/** What the build puts in the place of index-files.ts for browsers. */
import { MerganserError } from '../errors';
import type { IndexFile } from './index-files';

function noFiles(path: string): MerganserError {
  return new MerganserError('UNSUPPORTED', `There are no files here for ${path}: use toBytes and fromBytes.`);
}

export async function openIndexFile(path: string): Promise<IndexFile> {
  throw noFiles(path);
}

export async function writeIndexFile(path: string, _parts: Iterable<Uint8Array>): Promise<void> {
  throw noFiles(path);
}

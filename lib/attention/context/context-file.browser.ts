/** What the build puts in the place of context-file.ts where there are no files. */
import { MerganserError } from '../../errors';
import type { Kernels } from '../../backend/kernels';
import type { SavedContext } from './context-format';

function noFiles(): MerganserError {
  return new MerganserError('UNSUPPORTED', 'There are no files here: use toBytes and fromBytes.');
}

export async function writeContext(_path: string, _context: SavedContext, _kernels: Kernels, _signal?: AbortSignal): Promise<void> {
  throw noFiles();
}

export async function readContextBytes(_path: string, _kernels: Kernels, _map: boolean, _signal?: AbortSignal): Promise<Uint8Array> {
  throw noFiles();
}

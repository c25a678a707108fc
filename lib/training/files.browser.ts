/** What the build puts in the place of files.ts for browsers. */
import { MerganserError } from '../errors';
import type { TrainingFile } from './files';

function noFiles(): MerganserError {
  return new MerganserError('UNSUPPORTED', 'There are no files here to train on: pass texts or a stream.');
}

export async function findFiles(_names: string | readonly string[]): Promise<TrainingFile[]> {
  throw noFiles();
}

// eslint-disable-next-line require-yield
export async function* readFileChunks(_file: TrainingFile): AsyncGenerator<Uint8Array, void, undefined> {
  throw noFiles();
}

export function unreadable(): MerganserError {
  return noFiles();
}

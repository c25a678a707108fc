/** What the build puts in the place of count-files.ts for browsers. */
import type { Kernels } from '../backend/kernels';
import type { CountedWords, WordCounterHandle } from '../backend/training-kernels';
import { MerganserError } from '../errors';
import type { CountFile, WrittenBlock } from './count-files';
import type { CountHeader } from './count-format';

function noFiles(): MerganserError {
  return new MerganserError('UNSUPPORTED', 'There are no files here for counts.');
}

export class CountFileWriter {
  static async create(_path: string, _header: CountHeader): Promise<CountFileWriter> {
    throw noFiles();
  }

  async write(_words: CountedWords): Promise<void> {
    throw noFiles();
  }

  async writeSorted(_kernels: Kernels, _counter: WordCounterHandle): Promise<void> {
    throw noFiles();
  }

  async finish(_lasts?: boolean): Promise<void> {
    throw noFiles();
  }

  async discard(): Promise<void> {
    throw noFiles();
  }
}

export async function openCountFile(_path: string): Promise<CountFile> {
  throw noFiles();
}

export function readBlock(_block: WrittenBlock): CountedWords {
  throw noFiles();
}

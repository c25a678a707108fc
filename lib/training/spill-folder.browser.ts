/** What the build puts in the place of spill-folder.ts for browsers. */
import { MerganserError } from '../errors';

export class SpillFolder {
  readonly parts: string[] = [];

  static async create(_parent?: string): Promise<SpillFolder> {
    throw new MerganserError('UNSUPPORTED', 'There are no files here for counts that do not fit into memory.');
  }

  nextPart(): string {
    throw new MerganserError('INTERNAL', 'There are no files here.');
  }

  async close(): Promise<void> {}

  async remove(): Promise<void> {}
}

export interface CountedAs {
  readonly header: unknown;
  readonly reading: unknown;
}

export class ResumableFolder extends SpillFolder {
  static async open(_path: string): Promise<ResumableFolder> {
    throw new MerganserError('UNSUPPORTED', 'There are no files here for counts.');
  }

  canKeep(): boolean {
    return false;
  }

  isDue(): boolean {
    return false;
  }

  async keep(): Promise<void> {}
}

export async function removeResumable(_path: string): Promise<void> {}

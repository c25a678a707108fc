/** What the build puts in the place of merge-checkpoint.ts for browsers. */
import type { TrainedMerges } from '../backend/training-kernels';
import { MerganserError } from '../errors';

export function countsFolder(folder: string): string {
  return folder;
}

export async function removeCheckpoint(_folder: string): Promise<void> {}

export class MergeCheckpoint {
  readonly found: TrainedMerges | null = null;

  static async open(_folder: string, _everySeconds: number, _of: readonly unknown[]): Promise<MergeCheckpoint> {
    throw new MerganserError('UNSUPPORTED', 'There are no files here for checkpoints.');
  }

  offer(_merges: () => TrainedMerges): void {}

  offerLast(_merges: TrainedMerges): void {}

  async keep(_merges: TrainedMerges): Promise<void> {}

  async idle(): Promise<void> {}
}

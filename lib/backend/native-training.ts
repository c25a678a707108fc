/** Counting and training on the addon's threads, as promises. */
import { MerganserError } from '../errors';
import type { JobHandle, JobListener, NativeKernelAddon } from './addon-kernels';
import { addonJobDone } from './native-job';
import type {
  BpeTrainingSpec,
  SymbolCounts,
  SymbolKind,
  TrainedMerges,
  TrainingControl,
  WordCounterHandle,
  WrittenWords,
} from './training-kernels';

/** Runs a job that nothing is heard of before its end. Rejects with INVALID_UTF8, NOT_FOUND or OUT_OF_MEMORY. */
export function trainingJobDone(addon: NativeKernelAddon, start: (listener: JobListener) => JobHandle): Promise<void> {
  return addonJobDone(addon, start, jobError);
}

function jobError(message: string): MerganserError {
  if (message.startsWith('malformed')) return new MerganserError('INVALID_UTF8', 'Expected UTF-8, but there are malformed bytes.');
  if (message.startsWith('unreadable: ')) return new MerganserError('NOT_FOUND', message.slice('unreadable: '.length));
  if (message.startsWith('two tokens')) return new MerganserError('UNSUPPORTED', `Training failed: ${message}.`);
  return new MerganserError('OUT_OF_MEMORY', `Training failed: ${message}.`);
}

export async function countSymbols(
  addon: NativeKernelAddon,
  counter: WordCounterHandle,
  { unit, placed }: SymbolKind,
): Promise<SymbolCounts> {
  await trainingJobDone(addon, (listener) => addon.countSymbols(counter, unit, placed, listener));
  const count = addon.symbolCount(counter);
  const found = { symbols: new Uint32Array(count), counts: new Float64Array(count) };
  addon.takeSymbols(counter, found.symbols, found.counts);
  return found;
}

export function takeSortedWords(addon: NativeKernelAddon, counter: WordCounterHandle, out: Uint8Array, most: number): WrittenWords {
  const results = new Float64Array(3);
  addon.takeSortedWords(counter, out, most, results);
  return { words: results[0], bytes: results[1], total: results[2] };
}

function removalsOf(addon: NativeKernelAddon, job: JobHandle, { removalThreshold }: BpeTrainingSpec): Pick<TrainedMerges, 'removals'> {
  if (removalThreshold === undefined) return {};
  const removals = new Uint32Array(addon.removalsSize(job));
  addon.copyRemovals(job, removals);
  return { removals };
}

export async function trainOnThread(
  addon: NativeKernelAddon,
  counter: WordCounterHandle,
  spec: BpeTrainingSpec,
  { signal, onProgress, onAbort }: TrainingControl,
): Promise<TrainedMerges> {
  let job: JobHandle | null = null;
  const mergesSoFar = (): TrainedMerges => {
    const count = addon.mergeCount(job!);
    const merges = { triples: new Uint32Array(3 * count), counts: new Float64Array(count) };
    addon.copyMerges(job!, merges.triples);
    addon.copyMergeCounts(job!, merges.counts);
    return merges;
  };
  const start = (listener: JobListener): JobHandle => (job = addon.startTraining(counter, spec, listener));
  try {
    await addonJobDone(addon, start, jobError, signal, (count) => onProgress?.(count, mergesSoFar));
  } catch (error) {
    if (job !== null && signal?.aborted && (error as MerganserError).code === 'ABORTED') onAbort?.(mergesSoFar());
    throw error;
  }
  return { ...mergesSoFar(), ...removalsOf(addon, job!, spec) };
}

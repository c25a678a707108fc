/** Merging tokens of batches in the addon, which comes back for verdicts on pairs. */
import { aborted, MerganserError } from '../errors';
import type { MergeRunHandle, NativeKernelAddon } from './addon-kernels';
import type { MergedTokens, PairJudge, PairQuestions, TokenMergeRun, TokenMergerHandle } from './dynamic-kernels';

export function mergeTokens(addon: NativeKernelAddon, merger: TokenMergerHandle, run: TokenMergeRun, judge: PairJudge): MergedTokens {
  return explainingFailure(() => {
    const handle = addon.createMergeRun(merger, run);
    while (!addon.advanceMerging(handle)) addon.answerQuestions(handle, judge(questionsOf(addon, handle)));
    return resultOf(addon, handle, run);
  });
}

export async function mergeTokensOnThread(
  addon: NativeKernelAddon,
  merger: TokenMergerHandle,
  run: TokenMergeRun,
  judge: PairJudge,
  signal: AbortSignal | undefined,
): Promise<MergedTokens> {
  if (signal?.aborted) throw aborted(signal);
  const handle = explainingFailure(() => addon.createMergeRun(merger, run));
  for (;;) {
    await advanceOnThread(addon, handle, run, signal);
    if (addon.mergingDone(handle)) return resultOf(addon, handle, run);
    addon.answerQuestions(handle, judge(questionsOf(addon, handle)));
  }
}

function advanceOnThread(
  addon: NativeKernelAddon,
  handle: MergeRunHandle,
  { values }: TokenMergeRun,
  signal: AbortSignal | undefined,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const cancel = (): void => addon.cancelJob(job);
    const job = addon.startMerging(handle, values, (finished) => {
      if (!finished) return;
      signal?.removeEventListener('abort', cancel);
      if (signal?.aborted) return reject(aborted(signal));
      const message = addon.jobError(job);
      if (message === null) resolve();
      else reject(failure(message));
    });
    signal?.addEventListener('abort', cancel, { once: true });
  });
}

function questionsOf(addon: NativeKernelAddon, handle: MergeRunHandle): PairQuestions {
  const sizes = new Uint32Array(2);
  addon.questionSizes(handle, sizes);
  const [count, size] = sizes;
  const questions = { bytes: new Uint8Array(size), offsets: new Uint32Array(count + 1), splits: new Uint32Array(count) };
  addon.copyQuestions(handle, questions.bytes, questions.offsets, questions.splits);
  return questions;
}

function resultOf(addon: NativeKernelAddon, handle: MergeRunHandle, { offsets }: TokenMergeRun): MergedTokens {
  const sizes = new Uint32Array(6);
  addon.mergedSizes(handle, sizes);
  const [tokens, newTokens, newBytes, newParts, merges, batches] = sizes;
  const merged: MergedTokens = {
    values: new Uint32Array(tokens),
    offsets: new Uint32Array(offsets.length),
    starts: new Uint32Array(tokens + 1),
    newBytes: new Uint8Array(newBytes),
    newByteOffsets: new Uint32Array(newTokens + 1),
    newParts: new Uint32Array(newParts),
    newPartOffsets: new Uint32Array(newTokens + 1),
    merges: new Uint32Array(4 * merges),
    mergeOffsets: new Uint32Array(batches + 1),
  };
  addon.copyMerged(handle, merged);
  addon.release(handle);
  return merged;
}

function explainingFailure<Result>(run: () => Result): Result {
  try {
    return run();
  } catch (error) {
    // Errors of the addon are of Node's main realm; those of the judge are our own.
    throw error instanceof MerganserError ? error : failure(String((error as { message?: unknown } | null)?.message ?? error), error);
  }
}

function failure(message: string, cause?: unknown): MerganserError {
  return new MerganserError('OUT_OF_MEMORY', `Merging tokens failed: ${message}.`, { cause });
}

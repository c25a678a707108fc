/** Merging tokens of batches in the addon, which comes back for verdicts on pairs; and longest prefixes. */
import { aborted, MerganserError } from '../errors';
import type { MergeRunHandle, NativeKernelAddon, PrefixRunHandle } from './addon-kernels';
import {
  type MergedTokens,
  type PairJudge,
  type PairQuestions,
  type PrefixRun,
  type PrefixTrieHandle,
  type TokenMergeRun,
  type TokenMergerHandle,
  UnknownByte,
} from './dynamic-kernels';
import { addonJobDone } from './native-job';

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
  return addonJobDone(addon, (listener) => addon.startMerging(handle, values, listener), failure, signal);
}

export async function createPrefixTrieOnThread(
  addon: NativeKernelAddon,
  tokenBytes: Uint8Array,
  tokenOffsets: Uint32Array,
  signal: AbortSignal | undefined,
): Promise<PrefixTrieHandle> {
  if (signal?.aborted) throw aborted(signal);
  const trie = explainingFailure(() => addon.createPrefixTrie(tokenBytes, tokenOffsets));
  await addonJobDone(addon, (listener) => addon.startBuildingPrefixTrie(trie, listener), failure, signal);
  return trie;
}

export function createPrefixTrie(addon: NativeKernelAddon, tokenBytes: Uint8Array, tokenOffsets: Uint32Array): PrefixTrieHandle {
  return explainingFailure(() => {
    const trie = addon.createPrefixTrie(tokenBytes, tokenOffsets);
    addon.buildPrefixTrie(trie);
    return trie;
  });
}

interface EncodedPrefixes {
  values: Uint32Array;
  offsets: Uint32Array;
}

export function encodePrefixes(addon: NativeKernelAddon, trie: PrefixTrieHandle, { text, offsets, unknownId }: PrefixRun): EncodedPrefixes {
  return explainingFailure(() => {
    const run = addon.createPrefixRun(trie, offsets, unknownId);
    addon.runPrefixes(run, text);
    return encodedPrefixes(addon, run, offsets);
  });
}

export async function encodePrefixesOnThread(
  addon: NativeKernelAddon,
  trie: PrefixTrieHandle,
  { text, offsets, unknownId }: PrefixRun,
  signal: AbortSignal | undefined,
): Promise<EncodedPrefixes> {
  if (signal?.aborted) throw aborted(signal);
  const run = explainingFailure(() => addon.createPrefixRun(trie, offsets, unknownId));
  await addonJobDone(addon, (listener) => addon.startPrefixes(run, text, listener), failure, signal);
  return encodedPrefixes(addon, run, offsets);
}

function encodedPrefixes(addon: NativeKernelAddon, run: PrefixRunHandle, textOffsets: Uint32Array): EncodedPrefixes {
  const count = addon.prefixCount(run);
  if (count < 0) throw new UnknownByte(-1 - count);
  const encoded = { values: new Uint32Array(count), offsets: new Uint32Array(textOffsets.length) };
  addon.copyPrefixes(run, encoded.values, encoded.offsets);
  addon.release(run);
  return encoded;
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
    throw error instanceof MerganserError || error instanceof UnknownByte
      ? error
      : failure(String((error as { message?: unknown } | null)?.message ?? error), error);
  }
}

function failure(message: string, cause?: unknown): MerganserError {
  return new MerganserError('OUT_OF_MEMORY', `Merging tokens failed: ${message}.`, { cause });
}

/** Encoding on the addon's threads, as a promise. */

import { aborted } from '../errors';
import type { NativeKernelAddon } from './addon-kernels';
import { runtimeError } from './native-errors';
import {
  type AsyncControl,
  type ChunkedTexts,
  DisallowedAddedToken,
  type EncoderHandle,
  MalformedText,
  type RaggedIds,
  TakenAway,
} from './kernels';

/** The number of ids that a call of the addon reports. Throws {@link DisallowedAddedToken} if it met a token that is refused. */
export function outcome(addon: NativeKernelAddon, result: number): number {
  if (result < 0) throw refusal(addon, result);
  return result;
}

/** The error for such a result, a negative one. */
export function refusal(addon: NativeKernelAddon, result: number): DisallowedAddedToken {
  return new DisallowedAddedToken(-1 - result, addon.refusedAt());
}

export function encodeOnThreads(
  addon: NativeKernelAddon,
  encoder: EncoderHandle,
  { chunks, offsets: textOffsets, checked }: ChunkedTexts,
  control: AsyncControl,
): Promise<RaggedIds> {
  const { signal, onProgress } = control;
  if (signal?.aborted) return Promise.reject(aborted(signal));
  return new Promise((resolve, reject) => {
    let failure: { readonly error: unknown } | null = null;
    // Threads ask as often as they like: it is one turn's copies that hold up the loop.
    let toBeCopied: NodeJS.Immediate | null = null;
    const job = addon.startEncoding(
      encoder,
      chunks,
      checked,
      textOffsets,
      control.actions,
      control.continues === true,
      (finished, bytesDone) => {
        if (finished === null) return copyMore();
        try {
          if (!finished) return signal?.aborted || failure !== null ? undefined : onProgress?.(bytesDone);
          signal?.removeEventListener('abort', cancel);
          if (failure !== null) return reject(failure.error);
          if (signal?.aborted) return reject(aborted(signal));
          const result = finishedResult();
          onProgress?.(bytesDone);
          resolve(result);
        } catch (error) {
          if (finished) return reject(error);
          failure = { error };
          addon.cancelEncoding(job!);
        }
      },
    );
    if (job === null) return reject(new TakenAway());
    copyMore();
    const cancel = (): void => {
      if (!addon.cancelEncoding(job)) reject(aborted(signal!));
    };
    signal?.addEventListener('abort', cancel, { once: true });

    function copyMore(): void {
      if (!toBeCopied && addon.copyMoreToEncode(job!)) toBeCopied = setImmediate(copyInNextTurn);
    }

    function copyInNextTurn(): void {
      toBeCopied = null;
      copyMore();
    }

    function finishedResult(): RaggedIds {
      const result = addon.encodingResult(job!);
      if (typeof result === 'string') throw runtimeError(result);
      if (result === null) throw new MalformedText();
      if (result === undefined) throw new TakenAway();
      outcome(addon, result);
      const offsets = new Uint32Array(textOffsets.length);
      return { values: addon.takeEncoding(job!, offsets), offsets };
    }
  });
}

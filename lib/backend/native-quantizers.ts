/** Codes of vectors: as jobs of the addon, and of numbers at once. */
import { MerganserError } from '../errors';
import type { JobHandle, JobListener, NativeKernelAddon } from './addon-kernels';
import { notFinite } from './js/clustering/point-rows';
import { unknownCode } from './js/quantizers/known-codes';
import { messageOf } from './native-errors';
import { addonJobDone } from './native-job';
import type { CodingControl, QuantizerKernels } from './quantizer-kernels';

export function quantizerKernels(addon: NativeKernelAddon): QuantizerKernels {
  const done = (
    { signal, onProgress }: CodingControl,
    start: (listener: JobListener) => JobHandle,
    explain: (message: string) => Error,
  ): Promise<void> => addonJobDone(addon, start, explain, signal, onProgress);
  return {
    encodeVectors: (spec, codes, control) => done(control, (listener) => addon.startEncodingVectors({ ...spec, codes }, listener), errorOf),
    decodeCodes: (spec, out, control) =>
      done(
        control,
        (listener) => addon.startDecodingCodes({ ...spec, out }, listener),
        (message) =>
          unknownCode(
            spec.codes,
            spec.codebooks.map(({ codes }) => codes),
          ) ?? errorOf(message),
      ),
    encodeScalars: (spec, codes) => {
      try {
        addon.encodeScalars(spec, codes);
      } catch (error) {
        throw errorOf(messageOf(error), spec.first);
      }
    },
  };
}

/** `first`: the vector that the addon counts from. */
function errorOf(message: string, first = 0): Error {
  if (message.startsWith(NOT_FINITE)) return notFinite(first + Number(message.slice(NOT_FINITE.length)));
  return new MerganserError('OUT_OF_MEMORY', `Coding failed: ${message}.`);
}

const NOT_FINITE = 'not finite: ';

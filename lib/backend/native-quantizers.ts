/** Codes of vectors on the addon's threads. */
import { MerganserError } from '../errors';
import type { JobHandle, JobListener, NativeKernelAddon } from './addon-kernels';
import { notFinite } from './js/clustering/point-rows';
import { jobDone } from './native-job';
import type { CodingControl, QuantizerKernels } from './quantizer-kernels';

export function quantizerKernels(addon: NativeKernelAddon): QuantizerKernels {
  const errorOf = (job: JobHandle): Error | null => {
    const message = addon.jobError(job);
    if (message === null) return null;
    if (message.startsWith('not finite: ')) return notFinite(Number(message.slice('not finite: '.length)));
    return new MerganserError('OUT_OF_MEMORY', `Coding failed: ${message}.`);
  };
  const done = ({ signal, onProgress }: CodingControl, start: (listener: JobListener) => JobHandle): Promise<void> =>
    jobDone({ start, cancel: (job) => addon.cancelJob(job), errorOf, progress: onProgress }, signal);
  return {
    encodeVectors: (spec, codes, control) => done(control, (listener) => addon.startEncodingVectors({ ...spec, codes }, listener)),
    decodeCodes: (spec, out, control) => done(control, (listener) => addon.startDecodingCodes({ ...spec, out }, listener)),
  };
}

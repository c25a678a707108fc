import { invalidArgument } from '../../errors';
import type { ContextCalibrationOptions } from './types';

const DEFAULT_COARSE_SPARSITY = 0.5;

/** Checks, and makes every choice. Throws INVALID_ARGUMENT. */
export function readCalibration(options: ContextCalibrationOptions, layers: number): Required<Omit<ContextCalibrationOptions, 'signal'>> {
  if (typeof options !== 'object' || (options as unknown) === null) throw invalidArgument('options', 'an object', options);
  const { sparsity, perHead = false } = options;
  const coarseSparsity = options.coarseSparsity ?? Math.min(sparsity, DEFAULT_COARSE_SPARSITY);
  for (const [name, value] of Object.entries({ sparsity, coarseSparsity })) {
    if (!(value >= 0 && value <= 1)) throw invalidArgument(name, 'from 0 to 1', value);
  }
  if (layers < 1) throw invalidArgument('layers', 'at least one context', layers);
  if (perHead && layers > 1) throw invalidArgument('perHead', 'false for several contexts', perHead);
  return { sparsity, coarseSparsity, perHead };
}

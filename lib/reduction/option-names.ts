/** Which options each operator takes: what would be ignored is refused. */
import { invalidArgument, unexpected } from '../errors';
import type { ReduceOptions } from './types';

type Names<Options> = Options extends unknown ? ReadonlyArray<Exclude<keyof Options, 'method'>> : never;
type OptionsOf<Method, Options = ReduceOptions> = Options extends { readonly method: unknown }
  ? Method extends Options['method']
    ? Options
    : never
  : never;
type Methods = { readonly [Method in ReduceOptions['method']]: Names<OptionsOf<Method>> };

const COMMON = ['positions', 'backend'] as const;
const SIZED = ['size', ...COMMON] as const;
const MATCHING = ['metric', 'protect', ...SIZED] as const;
const AMOUNT = ['ratio', 'remove'] as const;
const TOME = ['every', 'seed', ...AMOUNT, ...MATCHING] as const;

const NAMES: Methods = {
  tome: TOME,
  tofu: TOME,
  threshold: ['threshold', 'every', 'seed', ...MATCHING],
  'tome-grid': ['grid', 'cell', 'seed', ...AMOUNT, ...MATCHING],
  pitome: ['margin', ...AMOUNT, ...MATCHING],
  'dpc-knn': ['clusters', 'neighbours', ...SIZED],
  'k-medoids': ['clusters', 'distance', 'maxIterations', ...SIZED],
  spectral: ['clusters', 'sigma', 'neighbours', 'locality', ...SIZED],
  visionzip: ['attention', 'dominant', 'contextual', 'metric', ...COMMON],
  expedit: ['grid', 'target', 'iterations', 'window', 'temperature', 'nearest', 'normalization', ...COMMON],
};

/** Throws INVALID_ARGUMENT for an operator that is not known, and for options that it does not have. */
export function refuseUnknownOptions(options: ReduceOptions): void {
  const { method, ...others } = options;
  if (typeof method !== 'string' || !Object.hasOwn(NAMES, method))
    throw invalidArgument('method', `"${Object.keys(NAMES).join('", "')}"`, method);
  const names: readonly string[] = NAMES[method];
  for (const [name, value] of Object.entries(others)) {
    if (value !== undefined && !names.includes(name))
      throw unexpected('options', `those of "${method}" (${names.join(', ')})`, `${name}, which it does not have`);
  }
}

import { MerganserError, invalidArgument } from '../errors';
import { addonInfo } from './addon';
import { cudaInfo } from './cuda';
import type { BackendInfo } from './info';
import { createJsKernels } from './js/kernels';
import type { BackendName, Kernels } from './kernels';
import { loadNativeKernels } from './native';

type NativeAttempt = { readonly kernels: Kernels } | { readonly error: Error };

let attempted: NativeAttempt | undefined;
let js: Kernels | undefined;

/** Tries once; the outcome stays for the life of the process. */
function tryNative(): NativeAttempt {
  if (attempted === undefined) {
    try {
      attempted = { kernels: loadNativeKernels() };
    } catch (error) {
      attempted = { error: error as Error };
    }
  }
  return attempted;
}

function jsKernels(): Kernels {
  return (js ??= createJsKernels());
}

function backendFromEnvironment(): string | undefined {
  return typeof process === 'undefined' ? undefined : process.env?.['MERGANSER_BACKEND'] || undefined;
}

/**
 * The kernels to compute with: those of `preference`, else of the environment variable MERGANSER_BACKEND, else the native ones if the addon
 * loads and the TypeScript ones if not. Throws INVALID_ARGUMENT for a name that is no backend, and BACKEND_UNAVAILABLE with the reason if the
 * native backend was named and does not load.
 */
export function selectKernels(preference?: BackendName): Kernels {
  const wanted: string | undefined = preference ?? backendFromEnvironment();
  if (wanted === 'js') return jsKernels();
  if (wanted !== undefined && wanted !== 'native') {
    const name = preference === undefined ? 'the environment variable MERGANSER_BACKEND' : 'backend';
    throw invalidArgument(name, "'native' or 'js'", wanted);
  }
  const native = tryNative();
  if ('kernels' in native) return native.kernels;
  if (wanted === undefined) return jsKernels();
  throw new MerganserError('BACKEND_UNAVAILABLE', `The native backend cannot be used: ${native.error.message}`, { cause: native.error });
}

/** Which backend is used, and why others are not. Throws as the choice of a backend does if MERGANSER_BACKEND names one that cannot be used. */
export function backendInfo(): BackendInfo {
  const native = tryNative();
  return {
    backend: selectKernels().backend,
    ...('kernels' in native ? addonInfo() : { nativeError: native.error.message }),
    cuda: cudaInfo(),
  };
}

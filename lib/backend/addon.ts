import load from 'node-gyp-build';
import { packageRoot } from '../package-root';
import type { NativeKernelAddon } from './addon-kernels';
import type { CudaDeviceInfo } from './info';

declare const cudaPlugin: unique symbol;
/** An opened CUDA plug-in; belongs to the addon. */
export interface CudaPluginHandle {
  readonly [cudaPlugin]: true;
}

/** What the native module exports. Arguments are not checked there. A string in place of a result says why there is none. */
export interface NativeAddon extends NativeKernelAddon {
  /** The instruction set that the kernels run with. */
  instructionSet(): string;
  /** Threads that asynchronous calls run on. */
  threads(): number;
  openCudaPlugin(path: string): CudaPluginHandle | string;
  cudaDevices(plugin: CudaPluginHandle): CudaDeviceInfo[] | string;
  cudaAddVectors(plugin: CudaPluginHandle, device: number, left: Float32Array, right: Float32Array, sum: Float32Array): undefined | string;
}

/**
 * The native module: from build/Release if it was built here, else from prebuilds. The folder named by the environment variable
 * MERGANSER_PREBUILD is searched in place of the package's. Throws an Error with the reason, in one line, if there is none for this platform.
 */
export function loadAddon(): NativeAddon {
  const root = packageRoot();
  try {
    return load(root) as NativeAddon;
  } catch (error) {
    const reason = (error as Error).message.trim().replace(/\s*\n\s*/g, '; ');
    throw new Error(`${reason}. (\`npx merganser build\` compiles the addon from source.)`, { cause: error });
  }
}

/** What the native backend tells of itself. Throws as `loadAddon` does. */
export function addonInfo(): { readonly instructionSet: string; readonly threads: number } {
  const addon = loadAddon();
  return { instructionSet: addon.instructionSet(), threads: addon.threads() };
}

import load from 'node-gyp-build';
import { packageRoot } from '../package-root';
import type { CudaDeviceInfo } from './info';

declare const cudaPlugin: unique symbol;
/** An opened CUDA plug-in; belongs to the addon. */
export interface CudaPluginHandle {
  readonly [cudaPlugin]: true;
}

/** What the native module exports. Arguments are not checked there. A string in place of a result says why there is none. */
export interface NativeAddon {
  /** The instruction set that the kernels run with. */
  instructionSet(): string;
  openCudaPlugin(path: string): CudaPluginHandle | string;
  cudaDevices(plugin: CudaPluginHandle): CudaDeviceInfo[] | string;
  cudaAddVectors(plugin: CudaPluginHandle, device: number, left: Float32Array, right: Float32Array, sum: Float32Array): undefined | string;
}

/**
 * The native module: from build/Release if it was built here, else from prebuilds. The folder named by the environment variable
 * MERGANSER_PREBUILD is searched in place of the package's. Throws an Error with the reason if there is none for this platform.
 */
export function loadAddon(): NativeAddon {
  return load(packageRoot()) as NativeAddon;
}

/** What the native backend tells of itself. Throws as `loadAddon` does. */
export function addonInfo(): { readonly instructionSet: string } {
  return { instructionSet: loadAddon().instructionSet() };
}

/** What the build puts in the place of cuda.ts for browsers and merganser/pure. */
import type { CudaInfo } from './info';

export function cudaInfo(): CudaInfo {
  return { available: false, reason: 'CUDA is used through the native addon, which is not part of this build of merganser.', devices: [] };
}

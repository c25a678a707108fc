import type { BackendName } from './kernels';

export interface CudaDeviceInfo {
  readonly name: string;
  readonly memoryBytes: number;
  /** As NVIDIA writes it: '9.0'. */
  readonly computeCapability: string;
  readonly multiprocessors: number;
}

export interface CudaInfo {
  readonly available: boolean;
  /** Why CUDA is not available. */
  readonly reason?: string;
  readonly devices: readonly CudaDeviceInfo[];
}

/** What `backendInfo()` tells. */
export interface BackendInfo {
  /** The backend that is used unless an option names another. */
  readonly backend: BackendName;
  /** Of the native backend: 'scalar', 'avx2', 'avx512' or 'neon'. */
  readonly instructionSet?: string;
  /** Threads that the native backend's asynchronous calls run on. */
  readonly threads?: number;
  /** Why the native addon did not load. */
  readonly nativeError?: string;
  readonly cuda: CudaInfo;
}

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { MerganserError } from '../errors';
import { packageRoot } from '../package-root';
import { type CudaPluginHandle, type NativeAddon, loadAddon } from './addon';
import type { CudaInfo } from './info';

function pluginPath(): string | undefined {
  const name = process.platform === 'win32' ? 'merganser_cuda.dll' : 'libmerganser_cuda.so';
  const candidates = [
    join(packageRoot(), 'build-cuda', name),
    join(packageRoot(), 'prebuilds', `${process.platform}-${process.arch}`, name),
  ];
  return process.env['MERGANSER_CUDA_PLUGIN'] ?? candidates.find((path) => existsSync(path));
}

function openPlugin(): { addon: NativeAddon; plugin: CudaPluginHandle } | { reason: string } {
  try {
    const path = pluginPath();
    if (path === undefined) return { reason: 'The CUDA plug-in is not installed; npm run build:cuda makes it.' };
    const addon = loadAddon();
    const plugin = addon.openCudaPlugin(path);
    return typeof plugin === 'string' ? { reason: plugin } : { addon, plugin };
  } catch (error) {
    return { reason: `The CUDA plug-in needs the native addon, which did not load: ${(error as Error).message}` };
  }
}

/** Whether CUDA can be used, on which devices, and if not why. The environment variable MERGANSER_CUDA_PLUGIN names another plug-in's file. */
export function cudaInfo(): CudaInfo {
  const opened = openPlugin();
  if ('reason' in opened) return { available: false, reason: opened.reason, devices: [] };
  const devices = opened.addon.cudaDevices(opened.plugin);
  if (typeof devices === 'string') return { available: false, reason: devices, devices: [] };
  return devices.length > 0 ? { available: true, devices } : { available: false, reason: 'no CUDA device is present', devices };
}

/**
 * Adds two vectors on a device, which shows that the plug-in's memory and kernels work there. Throws BACKEND_UNAVAILABLE with CUDA's message.
 * @param device index in `cudaInfo().devices`
 */
export function addVectorsWithCuda(device: number, left: Float32Array, right: Float32Array): Float32Array {
  const opened = openPlugin();
  const sum = new Float32Array(left.length);
  const failure = 'reason' in opened ? opened.reason : opened.addon.cudaAddVectors(opened.plugin, device, left, right, sum);
  if (failure !== undefined) throw new MerganserError('BACKEND_UNAVAILABLE', `CUDA device ${device} cannot be used: ${failure}`);
  return sum;
}

/**
 * The CUDA plug-in built for the CPU (npm run test:cuda): interface, loading, memory and a kernel, without a GPU.
 */
import { join } from 'node:path';
import { addVectorsWithCuda, cudaInfo } from '../../lib/backend/cuda';

const built = join(__dirname, '..', '..', 'build-cuda-emulation');

function usePlugin(file: string): void {
  process.env['MERGANSER_CUDA_PLUGIN'] = join(built, file);
}

it('lists the devices', () => {
  usePlugin('libmerganser_cuda.so');
  expect(cudaInfo()).toEqual({
    available: true,
    devices: [{ name: 'CPU emulation', memoryBytes: 0, computeCapability: '0.0', multiprocessors: 1 }],
  });
});

// One element, a block less one, a block, a block and one, many blocks and a part.
it.each([0, 1, 127, 128, 129, 2000])('adds vectors of %i elements', (length) => {
  usePlugin('libmerganser_cuda.so');
  const left = Float32Array.from({ length }, (_, index) => index / 3);
  const right = Float32Array.from({ length }, (_, index) => 1000 - index / 7);
  expect(addVectorsWithCuda(0, left, right)).toEqual(left.map((value, index) => value + right[index]));
});

it('reports what CUDA says of a device that does not exist', () => {
  usePlugin('libmerganser_cuda.so');
  expect(() => addVectorsWithCuda(7, new Float32Array(1), new Float32Array(1))).toThrow(
    expect.objectContaining({ code: 'BACKEND_UNAVAILABLE', message: expect.stringContaining('invalid device ordinal') }),
  );
});

it('refuses a plug-in of another version', () => {
  usePlugin('libwrong_cuda_abi.so');
  expect(cudaInfo()).toEqual({
    available: false,
    reason: expect.stringMatching(/expected .* version 1, but .* has version 2/),
    devices: [],
  });
});

it('refuses a library that is no plug-in', () => {
  process.env['MERGANSER_CUDA_PLUGIN'] = 'libc.so.6';
  expect(cudaInfo()).toEqual({ available: false, reason: expect.stringContaining("not merganser's CUDA plug-in"), devices: [] });
});

import { cudaInfo } from '../../lib/backend/cuda';

afterEach(() => {
  delete process.env['MERGANSER_CUDA_PLUGIN'];
  delete process.env['MERGANSER_PREBUILD'];
});

it('says why there is no CUDA when the plug-in cannot be opened', () => {
  process.env['MERGANSER_CUDA_PLUGIN'] = '/nowhere/libmerganser_cuda.so';
  const info = cudaInfo();
  expect(info).toMatchObject({ available: false, devices: [] });
  expect(info.reason).toMatch(/\/nowhere\/libmerganser_cuda\.so|native addon, which did not load/);
});

it('says that CUDA needs the addon when the addon is missing', () => {
  process.env['MERGANSER_CUDA_PLUGIN'] = '/nowhere/libmerganser_cuda.so';
  process.env['MERGANSER_PREBUILD'] = '/nowhere';
  expect(cudaInfo()).toEqual({
    available: false,
    reason: expect.stringMatching(/native addon, which did not load: No native build/),
    devices: [],
  });
});

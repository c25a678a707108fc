import type * as Select from '../../lib/backend/select';

/** The module as a new process would see it, with the given environment. */
function freshSelect(environment: Record<string, string>): typeof Select {
  jest.resetModules();
  Object.assign(process.env, environment);
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- jest.resetModules has no effect on imports
  return require('../../lib/backend/select') as typeof Select;
}

const WITHOUT_ADDON = { MERGANSER_PREBUILD: '/nowhere' };
let environment: NodeJS.ProcessEnv;

beforeEach(() => {
  environment = process.env;
  process.env = { ...environment };
  delete process.env['MERGANSER_BACKEND'];
});
afterEach(() => {
  process.env = environment;
});

it('takes the TypeScript kernels when they are asked for', () => {
  expect(freshSelect({}).selectKernels('js').backend).toBe('js');
  expect(freshSelect({ MERGANSER_BACKEND: 'js' }).selectKernels().backend).toBe('js');
});

it('puts the option before the environment', () => {
  expect(freshSelect({ MERGANSER_BACKEND: 'native', ...WITHOUT_ADDON }).selectKernels('js').backend).toBe('js');
});

it('falls back to TypeScript when the addon does not load, and says why', () => {
  const { selectKernels, backendInfo } = freshSelect(WITHOUT_ADDON);
  expect(selectKernels().backend).toBe('js');
  expect(backendInfo()).toMatchObject({ backend: 'js', nativeError: expect.stringContaining('No native build was found') });
});

it('fails with the reason when the native backend is demanded and does not load', () => {
  const unavailable = expect.objectContaining({
    code: 'BACKEND_UNAVAILABLE',
    message: expect.stringContaining('No native build was found'),
  });
  expect(() => freshSelect(WITHOUT_ADDON).selectKernels('native')).toThrow(unavailable);
  expect(() => freshSelect({ MERGANSER_BACKEND: 'native', ...WITHOUT_ADDON }).selectKernels()).toThrow(unavailable);
});

it('refuses a backend that does not exist, and says where it was named', () => {
  expect(() => freshSelect({ MERGANSER_BACKEND: 'cuda' }).selectKernels()).toThrow(
    expect.objectContaining({
      code: 'INVALID_ARGUMENT',
      message: "Expected the environment variable MERGANSER_BACKEND to be 'native' or 'js', but got the string \"cuda\".",
    }),
  );
  expect(() => freshSelect({}).selectKernels('wasm' as 'js')).toThrow(/Expected backend to be 'native' or 'js'/);
});

it('tells the instruction set of a native backend that loads', () => {
  const info = freshSelect({}).backendInfo();
  if (info.backend === 'native') {
    expect(info.instructionSet).toMatch(/^(scalar|avx2|avx512|neon)$/);
    expect(info.threads).toBeGreaterThanOrEqual(1);
  } else {
    expect(info.nativeError).toMatch(/\S/);
  }
});

/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  // Looked up in the test's own scope: through the sandbox's global object each use costs microseconds, and hashing uses Math.imul.
  sandboxInjectedGlobals: ['Math', 'String', 'Number', 'Array', 'Uint8Array', 'Uint32Array', 'Int32Array'],
  // Against hanging only: loading real tokenizers takes seconds, and much longer on a busy machine.
  testTimeout: 180_000,
  testMatch: ['**/*.test.ts'],
  transform: { '^.+\\.ts$': ['ts-jest', { diagnostics: false, tsconfig: '<rootDir>/tsconfig.jest.json' }] },
};

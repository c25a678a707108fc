/** `cacheBytes` bounds what a tokenizer remembers of text that is new all the time. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { BACKENDS } from '../conformance/backends';

const MEGABYTE = 2 ** 20;
/** What the process may grow by for other reasons: buffers, the heap, and the half megabyte that is always taken. */
const OTHER_MEGABYTES = 64;

function growth(backend: string, cacheMegabytes: number, method: string, pieces: number): number {
  const args = ['--expose-gc', join(__dirname, 'growth.cjs'), backend, cacheMegabytes * MEGABYTE, method, pieces].map(String);
  return Number(execFileSync(process.execPath, args, { encoding: 'utf8' }));
}

describe.each(BACKENDS)('%s', (backend) => {
  test.each([
    { method: 'encode', pieces: 1_000_000, bound: 8, beyond: 512 },
    // The memory of the general path takes an eighth.
    { method: 'encodeFull', pieces: 600_000, bound: 32, beyond: 4096 },
  ])('$method', ({ method, pieces, bound, beyond }) => {
    expect(growth(backend, bound, method, pieces)).toBeLessThan(bound + OTHER_MEGABYTES);
    // The same text without the bound passes it, or this test would prove nothing.
    expect(growth(backend, beyond, method, pieces)).toBeGreaterThan(bound + OTHER_MEGABYTES);
  });
});

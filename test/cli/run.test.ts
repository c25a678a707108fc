import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { describeProgress } from '../../lib/cli/progress';
import { packageRoot } from '../../lib/package-root';
import { command, temporaryFolder } from './command';

const path = temporaryFolder();

test('help and version', async () => {
  expect((await command(['--help'])).text).toMatch(/^Usage: merganser <command>/);
  expect((await command(['--version'])).text).toMatch(/^\d+\.\d+\.\d+\S*\n$/);
  for (const name of ['encode', 'decode', 'count', 'inspect', 'build']) {
    expect(await command([name, '--help'])).toMatchObject({
      status: 0,
      stderr: '',
      text: expect.stringMatching(`^Usage: merganser ${name}`),
    });
  }
});

test.each([
  [[]],
  [['constructor']],
  [['encode']],
  [['encode', '-e', 'gpt2', '-m', 'gpt-4o']],
  [['encode', '-e', 'gpt2', '--bogus']],
  [['encode', '-e']],
  [['encode', '-e', 'gpt2', '--format', 'xml']],
  [['encode', '-e', 'gpt2', '--backend', 'abacus']],
  [['encode', '-m', 'gpt-4o', '--pattern', '.']],
  [['decode', '-e', 'gpt2', '--skip-special-tokens', '--keep-special-tokens']],
  [['inspect', '-e', 'gpt2', '--file', '-', 'text']],
])('wrong usage: %j', async (args) => {
  expect(await command(args)).toMatchObject({
    status: 1,
    text: '',
    stderr: expect.stringMatching(/^merganser: .+ \[INVALID_ARGUMENT\]\n$/),
  });
});

test('what cannot be read or is not known', async () => {
  const outcomes = [
    [['count', '-e', 'gpt2', path('missing')], 'NOT_FOUND'],
    [['count', '-e', 'gpt2', path('.')], 'NOT_FOUND'],
    [['count', '-t', path('missing.json')], 'NOT_FOUND'],
    [['count', '-m', 'gpt-zero'], 'UNKNOWN_MODEL'],
  ] as const;
  for (const [args, code] of outcomes) {
    expect(await command(args)).toMatchObject({
      status: 2,
      text: '',
      stderr: expect.stringMatching(new RegExp(`^merganser: [^\\n]+ \\[${code}\\]\\n$`)),
    });
  }
  expect((await command(['count', '-m', 'gpt-zero'], { env: { MERGANSER_DEBUG: '1' } })).stderr).toMatch(/\n +at /);
});

test('progress says how much, how fast and how long', () => {
  expect(describeProgress(25_000_000, 100_000_000, 5)).toBe(' 25%  25.0 MB of 100.0 MB  5.0 MB/s  15 s left');
  expect(describeProgress(2_000, 1_002_000, 1)).toBe('  0%  2.0 kB of 1.0 MB  2.0 kB/s  8 min 20 s left');
  expect(describeProgress(512, null, 1)).toBe('512 B  512 B/s');
});

/** The command as a process of its own. */
function spawned(args: readonly string[]): ReturnType<typeof spawn> {
  const root = packageRoot();
  return spawn(process.execPath, ['--import', 'tsx', join(root, 'lib', 'cli', 'main.ts'), ...args], { cwd: root, stdio: 'pipe' });
}

test('a reader that goes away ends the command quietly', async () => {
  const child = spawned(['encode', '-e', 'gpt2']);
  const errors: Buffer[] = [];
  child.stderr!.on('data', (chunk: Buffer) => errors.push(chunk));
  child.stdin!.on('error', () => undefined);
  child.stdout!.once('data', () => child.stdout!.destroy());
  child.stdin!.end('some words '.repeat(300_000));
  expect(await once(child, 'close')).toEqual([141, null]);
  expect(Buffer.concat(errors).toString()).toBe('');
}, 60_000);

test('an interrupted command ends by the signal', async () => {
  const child = spawned(['encode', '-e', 'gpt2']);
  child.stdin!.write('some words '.repeat(20_000));
  await once(child.stdout!, 'data');
  child.kill('SIGINT');
  expect(await once(child, 'close')).toEqual([null, 'SIGINT']);
}, 60_000);

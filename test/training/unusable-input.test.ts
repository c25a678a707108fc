/** Input that goes away, never comes, or cannot be read: a clear error, nothing left behind, and no waiting for ever. */
import { execFileSync } from 'node:child_process';
import { createWriteStream, truncateSync, writeFileSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, open, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { countPretokens, MerganserError, trainBpe, type TrainingInput, type TrainingOptions } from '../../lib/index';
import { describeEachBackend } from '../conformance/backends';

const TEXT = 'the other mother is there\n'.repeat(100);

let folder: string;
beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'merganser-test-'))));
afterAll(() => rm(folder, { recursive: true }));

async function put(name: string, contents: string | Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, contents);
  return path;
}

/** Does something when the signal is looked at for the first time, which is when reading has begun. */
function atFirstLook(act: () => void): AbortSignal {
  let looks = 0;
  return {
    get aborted() {
      if (looks++ === 0) act();
      return false;
    },
    addEventListener() {},
    removeEventListener() {},
  } as unknown as AbortSignal;
}

const onPosix = process.platform === 'win32' ? test.skip : test;

describeEachBackend('input that cannot be used', (backend) => {
  const trained = async (input: TrainingInput, more: Partial<TrainingOptions> = {}): Promise<string> => {
    using tokenizer = await trainBpe(input, { vocabSize: 40, backend, ...more });
    return JSON.stringify(tokenizer.toJSON());
  };
  const failure = async (...call: Parameters<typeof trained>): Promise<Pick<MerganserError, 'code' | 'message'>> => {
    const error: unknown = await trained(...call).catch((thrown: unknown) => thrown);
    if (!(error instanceof MerganserError)) throw new Error(`Expected a MerganserError, but got ${String(error)}`);
    return { code: error.code, message: error.message };
  };

  onPosix('a pipe is read once, from its start to its end', async () => {
    const pipe = join(folder, `pipe-${backend}`);
    execFileSync('mkfifo', [pipe]);
    const expected = await trained([TEXT], { feeding: 'lines' });
    createWriteStream(pipe).end(TEXT);
    expect(await trained({ files: pipe })).toBe(expected);
    expect(await failure({ files: pipe }, { superwords: { method: 'boundless' } })).toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(await failure({ files: pipe }, { checkpoint: join(folder, 'absent') })).toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  onPosix('folders that cannot be made are an error, even where the system says that what they lie in is not there', async () => {
    const text = join(folder, `text-${backend}.txt`);
    await put(`text-${backend}.txt`, TEXT);
    for (const place of ['/proc/merganser', '/proc/merganser/below', '/dev/null/below'])
      expect(await failure({ files: text }, { checkpoint: place })).toMatchObject({ code: 'NOT_FOUND' });
  });

  onPosix('a folder below that may not be read is not left out silently', async () => {
    const above = join(folder, `above-${backend}`);
    const closed = join(above, 'closed');
    await mkdir(closed, { recursive: true });
    await put(`above-${backend}/open.txt`, TEXT);
    await chmod(folder, 0o755);
    await chmod(closed, 0);
    // To the superuser nothing is closed.
    const superuser = process.geteuid!() === 0;
    if (superuser) process.seteuid!(65534);
    try {
      for (const files of [above, join(above, '**/*.txt')]) {
        const { code, message } = await failure({ files });
        expect([code, message]).toEqual(['NOT_FOUND', expect.stringContaining('closed')]);
      }
    } finally {
      if (superuser) process.seteuid!(0);
      await chmod(closed, 0o755);
    }
  });

  test('a file that becomes shorter while it is read', async () => {
    const ways: Array<Partial<TrainingOptions>> = [
      {},
      { preTokenizer: { type: 'UnicodeScripts' }, normalizer: { type: 'Lowercase' }, decoder: null },
      { feeding: 'items' },
    ];
    for (const more of ways) {
      const path = await put(`shrinks-${backend}.txt`, TEXT);
      const signal = atFirstLook(() => truncateSync(path, 30));
      expect(await failure({ files: [await put('first.txt', TEXT), path] }, { ...more, signal })).toMatchObject({
        code: 'NOT_FOUND',
        message: expect.stringMatching(/shrinks.*it became shorter/) as unknown,
      });
    }
  });

  test('a file that changes between two readings', async () => {
    const path = await put(`changes-${backend}.txt`, TEXT);
    let changed = false;
    const onProgress = ({ phase }: { phase: string }): void => {
      if (phase === 'merge' && !changed) writeFileSync(path, 'something else');
      changed ||= phase === 'merge';
    };
    const superwords = { method: 'boundless' } as const;
    expect(await failure({ files: path }, { superwords, onProgress })).toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining('changed') as unknown,
    });
  });

  test('an iterable that never gives anything does not keep an aborted training', async () => {
    const never = new Promise<IteratorResult<string>>(() => undefined);
    for (const before of [0, 3]) {
      let given = 0;
      let closed = 0;
      const texts: AsyncIterable<string> = {
        [Symbol.asyncIterator]: () => ({
          next: () => (given++ < before ? Promise.resolve({ value: TEXT, done: false }) : never),
          return: () => (closed++, never),
        }),
      };
      const aborting = failure(texts, { signal: AbortSignal.timeout(20) });
      // The timer alone does not keep the process.
      const kept = setTimeout(() => undefined, 5000);
      expect(await aborting).toMatchObject({ code: 'ABORTED' });
      clearTimeout(kept);
      expect(closed).toBe(1);
    }
  });

  test('an iterable that throws, with counts spilled before', async () => {
    const mine = new Error('of the iterable');
    async function* texts(): AsyncGenerator<string> {
      for (let i = 0; i < 10_000; i++) yield Array.from({ length: 20 }, (_, k) => Math.imul(20 * i + k, 2654435761) >>> 0).join(' ');
      throw mine;
    }
    await expect(trained(texts(), { memoryLimit: 1e6, spillFolder: folder })).rejects.toBe(mine);
    expect((await readdir(folder)).filter((name) => name.startsWith('merganser-'))).toEqual([]);
  });

  test('JSON Lines: which line is malformed, and of which file', async () => {
    const line = '{"text":"the other"}\n';
    const cases: Array<[string | Uint8Array, string]> = [
      [`${line}{"text":"the`, 'MALFORMED_FILE'],
      [`${line}["the"]`, 'MALFORMED_FILE'],
      [Buffer.concat([Buffer.from(`${line}{"text":"`), Uint8Array.of(0xff), Buffer.from('"}')]), 'INVALID_UTF8'],
    ];
    for (const [contents, code] of cases) {
      const files = await put('bad.jsonl', contents);
      expect(await failure({ files, field: 'text' })).toMatchObject({
        code,
        message: expect.stringContaining(`line 2 of ${files}`) as unknown,
      });
    }
  });

  test('count files that are no files', async () => {
    expect(await failure({ counts: folder })).toMatchObject({ code: 'NOT_FOUND' });
    expect(await failure({ counts: [5] as never })).toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  test('a full disk leaves no folder of nothing behind', async () => {
    const path = await put('full.txt', TEXT);
    const handle = await open(path);
    const full = jest.spyOn(Object.getPrototypeOf(handle) as typeof handle, 'writeFile').mockRejectedValue(new Error('ENOSPC'));
    try {
      const output = join(folder, `full-${backend}.counts`);
      await expect(countPretokens({ files: path }, output, { backend, resume: true })).rejects.toMatchObject({ code: 'NOT_FOUND' });
      expect((await readdir(folder)).filter((name) => name.startsWith(`full-${backend}`))).toEqual([]);
    } finally {
      full.mockRestore();
      await handle.close();
    }
  });
});

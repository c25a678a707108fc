import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { selectKernels } from '../../../lib/backend/select';
import { Tokenizer } from '../../../lib/index';
import { checksumOf } from '../../../lib/tokenizer/compiled/container';
import * as tokenizerJson from '../../../lib/tokenizer/load/tokenizer-json';
import { smallTokenizer } from '../../attack/small-tokenizer';
import { describeEachBackend } from '../../conformance/backends';

describeEachBackend('the option cache', (backend) => {
  let folder: string;
  let cache: string;
  let file: string;
  const readSource = jest.spyOn(tokenizerJson, 'readTokenizerJson');

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'merganser-cache-'));
    cache = join(folder, 'cache');
    file = join(folder, 'tokenizer.json');
    writeFileSync(file, JSON.stringify(smallTokenizer()));
    readSource.mockClear();
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const load = async (way: 'sync' | 'async'): Promise<Tokenizer> =>
    way === 'sync' ? Tokenizer.fromFileSync(file, { backend, cache }) : Tokenizer.fromFile(file, { backend, cache });
  const compiledFile = (): string => join(cache, readdirSync(cache)[0]);

  describe.each(['sync', 'async'] as const)('%s', (way) => {
    it('loads from the compiled form as long as the source stays the same', async () => {
      const first = await load(way);
      const { mtimeMs } = statSync(compiledFile());
      const second = await load(way);
      expect(readSource).toHaveBeenCalledTimes(1);
      expect(statSync(compiledFile()).mtimeMs).toBe(mtimeMs);
      expect(second.encode('abcd ab 12')).toEqual(first.encode('abcd ab 12'));
      expect(readdirSync(cache)).toHaveLength(1);
    });

    it('loads a changed source anew, even one of the same size and time', async () => {
      await load(way);
      const { atime, mtime, size } = statSync(file);
      const changed = smallTokenizer();
      changed['model'].vocab = { '<unk>': 0, a: 1, b: 2, c: 3, d: 4, ab: 6, cd: 5, abcd: 7 };
      writeFileSync(file, JSON.stringify(changed));
      (await import('node:fs')).utimesSync(file, atime, mtime);
      expect(statSync(file).size).toBe(size);
      expect((await load(way)).tokenToId('ab')).toBe(6);
      expect(readSource).toHaveBeenCalledTimes(2);
      expect((await load(way)).tokenToId('ab')).toBe(6);
      expect(readSource).toHaveBeenCalledTimes(2);
    });

    it('has no file whose path holds a NUL character', async () => {
      cache = `${cache}\0`;
      await expect(load(way)).rejects.toMatchObject({ name: 'MerganserError', code: 'INVALID_ARGUMENT' });
      cache = cache.slice(0, -1);
      file = `${file}\0x`;
      await expect(load(way)).rejects.toMatchObject({ name: 'MerganserError', code: 'NOT_FOUND' });
    });

    it('replaces a compiled form that is damaged', async () => {
      await load(way);
      const whole = readFileSync(compiledFile());
      for (const damaged of [whole.subarray(0, whole.length / 2), Buffer.alloc(0), Buffer.from(whole).fill(1, whole.length - 9)]) {
        writeFileSync(compiledFile(), damaged);
        expect((await load(way)).tokenToId('abcd')).toBe(7);
        expect(readFileSync(compiledFile()).equals(whole)).toBe(true);
      }
    });

    it('takes no harm from what is begun early of a forged file', async () => {
      const expected = (await load(way)).encode('abcd ab 12');
      const whole = readFileSync(compiledFile());
      const view = new DataView(whole.buffer, whole.byteOffset, whole.length);
      const [place, length] = [view.getBigUint64(56, true), view.getBigUint64(64, true)];
      const kernels = selectKernels(backend);
      const forge = (change: (bytes: Buffer, view: DataView) => void): void => {
        const bytes = Buffer.from(whole);
        const own = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
        change(bytes, own);
        own.setBigUint64(24, checksumOf(bytes, kernels), true);
        writeFileSync(compiledFile(), bytes);
      };
      for (const [from, size] of [
        [0n, 0n],
        [0n, length],
        [place, 1n],
        [place + 8n, length],
        [place, 1n << 62n],
        [(1n << 64n) - 8n, 64n],
        [BigInt(whole.length - 8), 64n],
      ]) {
        forge((_bytes, own) => {
          own.setBigUint64(56, from, true);
          own.setBigUint64(64, size, true);
        });
        expect((await load(way)).encode('abcd ab 12')).toEqual(expected);
      }
      // Each word of the tables: how many words of a hash table there are, which of them, and what they are.
      for (let at = Number(place); at < Math.min(Number(place + length), Number(place) + 800); at += 8) {
        forge((bytes) => bytes.fill(0xff, at, at + 8));
        const outcome = await load(way).catch((error: unknown) => error);
        if (outcome instanceof Tokenizer) outcome.dispose();
      }
      writeFileSync(compiledFile(), whole);
      expect((await load(way)).encode('abcd ab 12')).toEqual(expected);
    });

    it('does not need the compiled form any more once it is loaded', async () => {
      await load(way);
      const tokenizer = await load(way);
      writeFileSync(compiledFile(), '');
      expect(tokenizer.decode(tokenizer.encode('abcd'))).toBe('abcd');
      expect(tokenizer.tokenToId('abcd')).toBe(7);
    });

    it('does without a cache that cannot be written', async () => {
      writeFileSync(cache, 'a file, not a directory');
      expect((await load(way)).tokenToId('abcd')).toBe(7);
      expect(readFileSync(cache, 'utf8')).toBe('a file, not a directory');
    });

    it('reports a source that is gone', async () => {
      await load(way);
      rmSync(file);
      await expect(load(way)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    });
  });

  it('keeps tokenizers apart that are made from one file in different ways', async () => {
    const ranks = Buffer.from(Array.from({ length: 256 }, (_, i) => `${Buffer.from([i]).toString('base64')} ${i}`).join('\n'));
    const path = join(folder, 'bytes.tiktoken');
    writeFileSync(path, ranks);
    const make = (specialTokens: Record<string, number>): Promise<Tokenizer> =>
      Tokenizer.fromTiktoken(path, { backend, cache, pattern: String.raw`\w+|\W+`, specialTokens });
    for (let round = 0; round < 2; round++) {
      expect((await make({ '<a>': 300 })).tokenToId('<a>')).toBe(300);
      expect((await make({ '<b>': 300 })).tokenToId('<a>')).toBeUndefined();
    }
    expect(readdirSync(cache)).toHaveLength(2);
  });

  it('refuses what is neither a directory nor a boolean', () => {
    expect(() => Tokenizer.fromFileSync(file, { backend, cache: 5 as never })).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    );
  });
});

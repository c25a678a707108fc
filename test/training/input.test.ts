/** Every way to hand text over trains the same tokenizer, and what cannot be trained on is refused. */
import { createReadStream, rmSync } from 'node:fs';
import { mkdir, mkdtemp, open, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import {
  countPretokens,
  type MerganserError,
  trainBpe,
  type TrainingInput,
  type TrainingOptions,
  type TrainingProgress,
} from '../../lib/index';
import { zstdDecompressor } from '../../lib/training/files';
import { describeEachBackend } from '../conformance/backends';

/** Deterministic text with words, white space at the ends of lines, several scripts, and a long line without an end. */
function sampleText(lines: number): string {
  const words = ['the', 'there', "it's", 'other', 'mother', '  ', 'été', 'привет', '日本語', '42', '1234', '!!', 'foo  \n', '\n'];
  let state = 1;
  const next = (): string => words[(state = (Math.imul(state, 1103515245) + 12345) >>> 0) % words.length];
  return Array.from({ length: lines }, () => Array.from({ length: 9 }, next).join(' ')).join('\n') + ' ' + 'the other mother '.repeat(2000);
}

let folder: string;
beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'merganser-test-'))));
afterAll(() => rm(folder, { recursive: true }));

async function put(name: string, contents: string | Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, contents);
  return path;
}

function codeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'no error',
    (error: MerganserError) => error.code,
  );
}

describeEachBackend('training input', (backend) => {
  const options: TrainingOptions = { vocabSize: 400, backend };
  const text = sampleText(300);
  const trained = async (input: TrainingInput, more: Partial<TrainingOptions> = {}): Promise<string> => {
    using tokenizer = await trainBpe(input, { ...options, ...more });
    return JSON.stringify(tokenizer.toJSON());
  };

  test('files, compressed files, folders, patterns, streams and byte chunks by line', async () => {
    const path = await put('text.txt', text);
    const expected = await trained({ files: path });
    await mkdir(join(folder, 'sub'), { recursive: true });
    await put('sub/text.txt.gz', gzipSync(text));
    const bytes = new TextEncoder().encode(text);
    const chunks = Array.from({ length: Math.ceil(bytes.length / 777) }, (_, i) => bytes.subarray(777 * i, 777 * (i + 1)));
    const inputs: TrainingInput[] = [
      { files: join(folder, 'sub') },
      { files: [join(folder, 'te*.txt')] },
      createReadStream(path),
      Readable.toWeb(createReadStream(path)) as ReadableStream<Uint8Array>,
      chunks,
    ];
    for (const input of inputs) expect(await trained(input)).toBe(expected);
    expect(await trained([text], { feeding: 'lines' })).toBe(expected);
  });

  test('zstd, by whatever decompresses it', async () => {
    // A line twenty times, as the zstd command writes it.
    const frame = Buffer.from('KLUv/QRo7QAAoHRoZSBvdGhlciBtaXMgdGhlcmUKAgDrPdURVrwiK+xr', 'base64');
    const path = await put('text.zst', Buffer.concat([frame, frame]));
    const expected = await trained(['the other mother is there\n'.repeat(40)]);
    expect(await trained({ files: path })).toBe(expected);
    const chunks: Buffer[] = [];
    for await (const chunk of Readable.from([frame.subarray(0, 9), frame.subarray(9)]).pipe(zstdDecompressor()))
      chunks.push(chunk as Buffer);
    expect(Buffer.concat(chunks).toString()).toBe('the other mother is there\n'.repeat(20));
    expect(await codeOf(trained({ files: await put('cut.zst', frame.subarray(0, -6)) }))).toBe('MALFORMED_FILE');
    expect(await codeOf(trained({ files: await put('none.zst', 'no zstd at all') }))).toBe('MALFORMED_FILE');
  });

  test('a file that vanishes, and a disk that is full', async () => {
    const first = await put(`stays-${backend}.txt`, text);
    const second = await put(`vanishes-${backend}.txt`, text);
    let looks = 0;
    const signal = {
      get aborted() {
        if (looks++ === 0) rmSync(second);
        return false;
      },
      addEventListener() {},
      removeEventListener() {},
    } as unknown as AbortSignal;
    await expect(trained({ files: [first, second] }, { signal })).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringContaining(second) as unknown,
    });

    const many = await put('full.txt', Array.from({ length: 200_000 }, (_, i) => Math.imul(i, 2654435761) >>> 0).join('\n'));
    const handle = await open(many);
    const full = jest.spyOn(Object.getPrototypeOf(handle) as typeof handle, 'writeFile').mockImplementation(() => {
      return Promise.reject(new Error('ENOSPC: no space left on device, write'));
    });
    try {
      const limits = { memoryLimit: 1 << 20, spillFolder: folder };
      await expect(trained({ files: many }, limits)).rejects.toMatchObject({
        code: 'NOT_FOUND',
        message: expect.stringContaining('ENOSPC') as unknown,
      });
      const counts = join(folder, `full-${backend}.counts`);
      expect(await codeOf(countPretokens([text], counts, { backend }))).toBe('NOT_FOUND');
      expect((await readdir(folder)).filter((name) => name.startsWith('merganser-') || name.startsWith(`full-${backend}`))).toEqual([]);
    } finally {
      full.mockRestore();
      await handle.close();
    }
  });

  test('items: arrays, generators and JSON Lines', async () => {
    const texts = text.split('\n').map((line) => `${line}\n\n`);
    const expected = await trained(texts);
    async function* generate(): AsyncGenerator<string> {
      yield* texts;
    }
    expect(await trained(generate())).toBe(expected);
    const lines = texts.map((body, id) => JSON.stringify({ id, body }));
    expect(await trained({ files: await put('texts.jsonl', lines.join('\n')), field: 'body' })).toBe(expected);
    expect(await trained(texts, { feeding: 'lines' })).not.toBe(expected);
  });

  test('items of every script, with halves of surrogate pairs at their ends, are kept apart', async () => {
    const items = ['the other', 'été', '', '日本語', '🦊🦊', 'x\ud83e', '\udd8a y', '\udd8a', 'mother\n', '\n'];
    const texts = Array.from({ length: 9000 }, (_, i) => items[(7 * i + (i >> 3)) % items.length]);
    const bytes = texts.map((item) => new TextEncoder().encode(item));
    const expected = await trained(bytes, { feeding: 'items' });
    expect(await trained(texts)).toBe(expected);
    expect(
      await trained(
        texts.map((item, i) => (i % 7 === 0 ? bytes[i] : item)),
        { feeding: 'items' },
      ),
    ).toBe(expected);
  });

  test('the whole of a file as one item', async () => {
    const path = await put('one.txt', text);
    expect(await trained({ files: path }, { feeding: 'items' })).toBe(await trained([text]));
  });

  test('one giant line, in portions and in one piece', async () => {
    const line = 'the other mother is there '.repeat(100_000);
    const path = await put('line.txt', line);
    expect(await trained({ files: path })).toBe(await trained([line]));
  });

  test('parts without a fused path', async () => {
    const parts = { normalizer: { type: 'Lowercase' }, preTokenizer: { type: 'UnicodeScripts' }, decoder: null };
    const path = await put('general.txt', text);
    expect(await trained({ files: path }, parts)).toBe(await trained([text], { ...parts, feeding: 'lines' }));
  });

  test('counts that are spilled, written, split up and added', async () => {
    const [first, second] = [await put('first.txt', text), await put('second.txt', sampleText(200).toUpperCase())];
    const expected = await trained({ files: [first, second] });
    const paths = ['first', 'second', 'both'].map((name) => join(folder, `${name}-${backend}.counts`));
    await countPretokens({ files: first }, paths[0], { backend });
    await countPretokens({ files: second }, paths[1], { backend });
    await countPretokens({ counts: paths.slice(0, 2) }, paths[2], { backend });
    expect(await trained({ counts: paths.slice(0, 2) })).toBe(expected);
    expect(await trained({ counts: paths[2] })).toBe(expected);
    expect((await readdir(folder)).filter((name) => name.includes('tmp') || name.startsWith('merganser-'))).toEqual([]);
  });

  test('counts that do not fit into memory are spilled', async () => {
    const words = Array.from({ length: 200_000 }, (_, i) => Math.imul(i >> 1, 2654435761) >>> 0);
    const path = await put('many.txt', words.join('\n'));
    const limited = { memoryLimit: 1 << 20, spillFolder: folder };
    expect(await trained({ files: path }, limited)).toBe(await trained({ files: path }));
    const counts = [join(folder, `limited-${backend}.counts`), join(folder, `unlimited-${backend}.counts`)];
    await countPretokens({ files: path }, counts[0], { backend, ...limited });
    await countPretokens({ files: path }, counts[1], { backend });
    expect((await readFile(counts[0])).equals(await readFile(counts[1]))).toBe(true);
    expect((await readdir(folder)).filter((name) => name.startsWith('merganser-'))).toEqual([]);
    expect(await codeOf(trained({ files: path }, { ...limited, spillFolder: join(folder, 'absent') }))).toBe('NOT_FOUND');
  });

  test('interrupted counting is carried on', async () => {
    const files = await Promise.all(['x', 'y', 'z'].map((name) => put(`resumed-${name}-${backend}.txt`, `${name} ${text}`)));
    const [whole, resumed] = ['whole', 'resumed'].map((name) => join(folder, `${name}-${backend}.counts`));
    await countPretokens({ files }, whole, { backend });
    /** A signal that is aborted when it is looked at for the n-th time. */
    const abortedAt = (n: number): AbortSignal => {
      const signal = {
        get aborted() {
          return --n < 0;
        },
        reason: 'a test',
        addEventListener() {},
        removeEventListener() {},
      };
      return signal as unknown as AbortSignal;
    };
    const reached = new Set<number>();
    let looks = 1;
    while ((await codeOf(countPretokens({ files }, resumed, { backend, resume: true, signal: abortedAt(looks) }))) === 'ABORTED') {
      looks++;
      const state = await readFile(join(`${resumed}.parts`, 'state.json'), 'utf8').catch(() => null);
      if (state !== null) reached.add((JSON.parse(state) as { position: { file: number } }).position.file);
      if (reached.has(1))
        expect(await codeOf(countPretokens({ files: files.slice(1) }, resumed, { backend, resume: true }))).toBe('INVALID_ARGUMENT');
    }
    expect(Math.max(...reached)).toBeGreaterThan(0);
    expect((await readFile(resumed)).equals(await readFile(whole))).toBe(true);
    expect(await codeOf(stat(`${resumed}.parts`))).toBe('ENOENT');
    expect(await codeOf(countPretokens([text], resumed, { backend, resume: true }))).toBe('INVALID_ARGUMENT');
  });

  test('count files that are damaged, or of other words', async () => {
    const counts = join(folder, `damaged-${backend}.counts`);
    await countPretokens([text], counts, { backend });
    expect(await codeOf(trained({ counts }, { preTokenizer: { type: 'WhitespaceSplit' } }))).toBe('INVALID_ARGUMENT');
    await truncate(counts, 1000);
    expect(await codeOf(trained({ counts }))).toBe('MALFORMED_FILE');
    expect(await codeOf(trained({ counts: await put('no.counts', 'nothing of the kind') }))).toBe('MALFORMED_FILE');
    expect(await codeOf(trained({ counts: join(folder, 'absent') }))).toBe('NOT_FOUND');
  });

  test('what cannot be trained on', async () => {
    const empty = await put('empty.txt', '');
    const binary = await put(
      'binary',
      Uint8Array.from({ length: 5000 }, (_, i) => (i * 7919) & 255),
    );
    expect(await codeOf(trained([]))).toBe('INVALID_ARGUMENT');
    expect(await codeOf(trained(['', '']))).toBe('INVALID_ARGUMENT');
    expect(await codeOf(trained({ files: empty }))).toBe('INVALID_ARGUMENT');
    expect(await codeOf(trained({ files: join(folder, 'absent.txt') }))).toBe('NOT_FOUND');
    expect(await codeOf(trained({ files: join(folder, 'nothing-*.txt') }))).toBe('NOT_FOUND');
    expect(await codeOf(trained({ files: binary }))).toBe('INVALID_UTF8');
    expect(await codeOf(trained([text], { vocabSize: 10 }))).toBe('INVALID_ARGUMENT');
    expect(await codeOf(trained([text], { vocabSize: 1.5 }))).toBe('INVALID_ARGUMENT');
    expect(await codeOf(trained('text' as never))).toBe('INVALID_ARGUMENT');
    expect(await codeOf(trained([1] as never))).toBe('INVALID_ARGUMENT');
    expect(await codeOf(trained({ files: await put('bad.jsonl', '{"a":1}'), field: 'a' }))).toBe('MALFORMED_FILE');
    expect(await codeOf(trained({ files: await put('bad.gz', 'no gzip') }))).toBe('MALFORMED_FILE');
    expect(await codeOf(countPretokens([text], join(folder, 'absent', 'counts')))).toBe('NOT_FOUND');
  });

  test('malformed UTF-8 is replaced as TextDecoder does it', async () => {
    const random = (i: number): number => Math.imul(i, 2654435761) >>> 16;
    const noise = Uint8Array.from({ length: 20_000 }, (_, i) => (i % 11 === 0 ? 0x20 : random(i) & 255));
    // Scripts of two to four bytes, with a byte here and there that does not belong.
    const damaged = new TextEncoder().encode('naïve Δοκιμή हिन्दी 日本語 😀𝒳 plain ascii text, '.repeat(300));
    for (let i = 0; i < damaged.length; i += 1 + (random(i) % 200)) damaged[i] = random(i + 1) & 255;
    for (const bytes of [noise, damaged]) {
      const replaced = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
      const expected = await trained([replaced], { feeding: 'lines', vocabSize: 600 });
      expect(await trained({ files: await put('bytes', bytes) }, { invalidUtf8: 'replace', vocabSize: 600 })).toBe(expected);
      expect(await trained([bytes], { invalidUtf8: 'replace', vocabSize: 600 })).toBe(expected);
    }
  });

  test('the limit of the alphabet keeps the most frequent characters', async () => {
    using tokenizer = await trainBpe(['aaa bbb cc d'], {
      vocabSize: 4,
      limitAlphabet: 2,
      preTokenizer: { type: 'WhitespaceSplit' },
      backend,
    });
    expect(Object.fromEntries(tokenizer.getVocab())).toEqual({ a: 0, b: 1, aa: 2, bb: 3 });
  });

  test('prefixes and suffixes are the same in every run', async () => {
    const affixes = { continuingSubwordPrefix: '##', endOfWordSuffix: '</w>', preTokenizer: { type: 'WhitespaceSplit' }, vocabSize: 200 };
    const results = new Set<string>();
    for (let run = 0; run < 3; run++) results.add(await trained([text], affixes));
    expect(results.size).toBe(1);
    const { model } = JSON.parse([...results][0]) as { model: { merges: string[][]; vocab: Record<string, number> } };
    for (const [left, right] of model.merges) expect(model.vocab).toHaveProperty([left + right.replace(/^##/, '')]);
  });

  test('progress comes in phases, and reaches what there is', async () => {
    const seen: TrainingProgress[] = [];
    const path = await put('progress.txt', text);
    await trained({ files: path }, { onProgress: (progress) => seen.push({ ...progress }) });
    const bytes = new TextEncoder().encode(text).length;
    expect(seen.filter(({ phase }) => phase === 'pretokenize').at(-1)).toMatchObject({ done: bytes, total: bytes, secondsLeft: 0 });
    expect(seen.at(-1)).toMatchObject({ phase: 'merge' });
    expect(seen.map(({ phase }) => phase)).toEqual(
      seen
        .map(({ phase }) => phase)
        .sort()
        .reverse(),
    );
  });

  test('a signal ends counting and merging, and the source is closed', async () => {
    let closed = false;
    const controller = new AbortController();
    async function* endless(): AsyncGenerator<string> {
      try {
        for (let i = 0; ; i++) {
          if (i === 2000) controller.abort();
          yield `${text.slice(i % 1000, (i % 1000) + 2000)}`;
        }
      } finally {
        closed = true;
      }
    }
    expect(await codeOf(trained(endless(), { signal: controller.signal }))).toBe('ABORTED');
    expect(closed).toBe(true);
    expect(await codeOf(trained([text], { signal: AbortSignal.abort() }))).toBe('ABORTED');
  });
});

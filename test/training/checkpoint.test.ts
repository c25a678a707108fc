/** Training that is interrupted is carried on, and ends with the same bytes. */
import { buildSync } from 'esbuild';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { countPretokens, type MerganserError, removeCheckpoint, trainBpe, type TrainingInput, type TrainingOptions } from '../../lib/index';
import { describeEachBackend } from '../conformance/backends';

/** Words of many lengths and scripts, some of them long; enough merges for several looks at the clock. */
function sampleText(lines: number): string {
  let state = 7;
  const next = (below: number): number => (state = (Math.imul(state, 1103515245) + 12345) >>> 0) % below;
  const syllables = ['ba', 'do', 'ki', 'the', 'ing', 'é', 'при', '日', '本', 'x', '9', '12'];
  const word = (): string => Array.from({ length: 1 + next(6) }, () => syllables[next(syllables.length)]).join('');
  return Array.from({ length: lines }, () => Array.from({ length: 8 }, word).join(' ')).join('\n') + ' ' + 'kithe'.repeat(200);
}

let folder: string;
beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'merganser-test-'))));
afterAll(() => rm(folder, { recursive: true }));

function codeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'no error',
    (error: MerganserError) => error.code,
  );
}

/** A signal that is aborted when it is looked at for the n-th time. */
function abortedAt(n: number): AbortSignal {
  const signal = {
    get aborted() {
      return --n < 0;
    },
    reason: 'a test',
    addEventListener() {},
    removeEventListener() {},
  };
  return signal as unknown as AbortSignal;
}

describeEachBackend('checkpoints', (backend) => {
  let files: string[];
  let options: TrainingOptions & { checkpoint: { folder: string; everySeconds: number } };
  const trained = async (input: TrainingInput, more: Partial<TrainingOptions> = {}): Promise<string> => {
    using tokenizer = await trainBpe(input, { ...options, ...more });
    return JSON.stringify(tokenizer.toJSON());
  };
  const whole = async (input: TrainingInput, more: Partial<TrainingOptions> = {}): Promise<string> => {
    using tokenizer = await trainBpe(input, { vocabSize: 2000, backend, ...more });
    return JSON.stringify(tokenizer.toJSON());
  };
  const mergesFile = (): string => join(options.checkpoint.folder, 'merges');

  beforeAll(async () => {
    files = ['a', 'b'].map((name) => join(folder, `${name}-${backend}.txt`));
    await writeFile(files[0], sampleText(300));
    await writeFile(files[1], `${sampleText(200).toUpperCase()}\n`);
  });
  beforeEach(
    () => (options = { vocabSize: 2000, backend, checkpoint: { folder: join(folder, `checkpoint-${backend}`), everySeconds: 0 } }),
  );
  afterEach(async () => {
    await removeCheckpoint(options.checkpoint.folder);
    expect(await codeOf(stat(options.checkpoint.folder))).toBe('ENOENT');
  });

  test('interrupted at any look at the signal, it ends with the same bytes', async () => {
    const expected = await whole({ files });
    let interruptions = 0;
    const counted = new Set<string>();
    for (let looks = 1; ; looks += 3) {
      const outcome = await trained({ files }, { signal: abortedAt(looks) }).catch((error: MerganserError) => error.code);
      if (outcome !== 'ABORTED') {
        expect(outcome).toBe(expected);
        break;
      }
      interruptions++;
      for (const name of await readdir(join(options.checkpoint.folder, 'counts')).catch(() => [])) counted.add(name);
    }
    expect(interruptions).toBeGreaterThan(2);
    expect(counted).toContain('state.json');
  });

  test('merges are carried on from wherever they were, and the size of the vocabulary may be another', async () => {
    const sizes = [300, 301, 700, 1999, 2000, 900];
    for (const vocabSize of sizes) expect(await trained({ files }, { vocabSize })).toBe(await whole({ files }, { vocabSize }));
    const progress: number[] = [];
    await trained({ files }, { vocabSize: 2000, onProgress: ({ phase, done }) => phase === 'merge' && progress.push(done) });
    expect(progress[0]).toBeGreaterThanOrEqual(600);
  });

  test('the other parts of a training too', async () => {
    const variants: Array<Partial<TrainingOptions>> = [
      { preTokenizer: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'first', split: true }, limitAlphabet: 12, decoder: null },
      { maxTokenLength: 5, minFrequency: 3, initialAlphabet: 'byteLevel' },
      { continuingSubwordPrefix: '##', endOfWordSuffix: '</w>', preTokenizer: { type: 'WhitespaceSplit' } },
      // Merges spell special tokens: such are not made again, and merging begins anew.
      { specialTokens: ['ki', 'kith', 'the'], preTokenizer: { type: 'WhitespaceSplit' } },
      { superwords: { method: 'boundless' } },
      { randomSpans: { seed: 3 } },
    ];
    for (const variant of variants) {
      const size = variant.vocabSize ?? 500;
      await trained({ files }, { ...variant, vocabSize: size - 90 });
      expect(await trained({ files }, { ...variant, vocabSize: size })).toBe(await whole({ files }, { ...variant, vocabSize: size }));
      await removeCheckpoint(options.checkpoint.folder);
    }
  });

  test('of count files', async () => {
    const counts = files.map((_, i) => join(folder, `${i}-${backend}.counts`));
    for (let i = 0; i < 2; i++) await countPretokens({ files: files[i] }, counts[i], { backend });
    await trained({ counts }, { vocabSize: 800 });
    expect(await trained({ counts })).toBe(await whole({ files }));
    expect(await codeOf(trained({ counts: counts[0] }))).toBe('INVALID_ARGUMENT');
  });

  test('of other text or options, or damaged, it is refused', async () => {
    await trained({ files });
    expect(await codeOf(trained({ files: files[0] }))).toBe('INVALID_ARGUMENT');
    expect(await codeOf(trained({ files }, { feeding: 'items' }))).toBe('INVALID_ARGUMENT');
    expect(await codeOf(trained({ files }, { minFrequency: 2 }))).toBe('INVALID_ARGUMENT');
    expect(await codeOf(trained({ files }, { specialTokens: ['<s>'] }))).toBe('INVALID_ARGUMENT');
    const merges = await readFile(mergesFile());
    const state = join(options.checkpoint.folder, 'counts/state.json');
    const stateText = await readFile(state, 'utf8');
    for (const at of [0, 50, 99, merges.length - 1]) {
      const changed = Buffer.from(merges);
      changed[at] ^= 1;
      await writeFile(mergesFile(), changed);
      expect(await codeOf(trained({ files }))).toBe('MALFORMED_FILE');
    }
    await writeFile(mergesFile(), merges.subarray(0, merges.length / 2));
    expect(await codeOf(trained({ files }))).toBe('MALFORMED_FILE');
    await writeFile(mergesFile(), merges);
    await writeFile(state, stateText.replace('"byte":0', '"byte":1'));
    expect(await codeOf(trained({ files }))).toBe('MALFORMED_FILE');
    await writeFile(state, stateText);
    expect(await trained({ files })).toBe(await whole({ files }));
    await writeFile(files[1], `${await readFile(files[1], 'utf8')}more\n`);
    expect(await codeOf(trained({ files }))).toBe('INVALID_ARGUMENT');
  });

  test('it is for what can be read again, and for a folder that can be written', async () => {
    expect(await codeOf(trained(['text']))).toBe('INVALID_ARGUMENT');
    expect(await codeOf(trained({ files }, { checkpoint: join(files[0], 'below-a-file') }))).toBe('NOT_FOUND');
    expect(await codeOf(trained({ files }, { checkpoint: '' }))).toBe('INVALID_ARGUMENT');
    expect(await codeOf(trained({ files }, { checkpoint: { folder: 'x', everySeconds: -1 } }))).toBe('INVALID_ARGUMENT');
  });

  test('what else is in the folder stays', async () => {
    await trained({ files }, { vocabSize: 300 });
    const notes = join(options.checkpoint.folder, 'counts', 'notes');
    await writeFile(notes, 'mine');
    await trained({ files }, { vocabSize: 310 });
    await removeCheckpoint(options.checkpoint.folder);
    expect(await readFile(notes, 'utf8')).toBe('mine');
    await rm(options.checkpoint.folder, { recursive: true });
  });
});

test('killed while it merges, it ends with the same bytes', async () => {
  const file = join(folder, 'killed.txt');
  await writeFile(file, sampleText(1000));
  const [program, checkpoint] = ['train-child.cjs', 'killed'].map((name) => join(folder, name));
  const entry = join(__dirname, 'train-child.ts');
  const define = { 'import.meta.url': JSON.stringify(pathToFileURL(entry).href) };
  buildSync({ entryPoints: [entry], bundle: true, platform: 'node', target: 'node20', define, outfile: program });
  const child = spawn(process.execPath, [program, checkpoint, file], { stdio: 'ignore' });
  expect(await once(child, 'exit')).toEqual([null, 'SIGKILL']);
  const trained = async (options: Partial<TrainingOptions>): Promise<string> => {
    using tokenizer = await trainBpe({ files: file }, { vocabSize: 4000, backend: 'js', ...options });
    return JSON.stringify(tokenizer.toJSON());
  };
  expect(await trained({ checkpoint })).toBe(await trained({}));
});

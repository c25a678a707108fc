/** The commands that train: from files to a tokenizer.json that is there as a whole or not at all. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { trainBpe } from '../../lib/index';
import { command } from './command';

const TEXT = 'the other mother is there\n\nit is the other   one, the mother said; 1234 times\n'.repeat(20);

let folder: string;
let text: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'merganser-test-'));
  text = join(folder, 'text.txt');
  await writeFile(text, TEXT);
});
afterAll(() => rm(folder, { recursive: true }));

async function saved(input: Parameters<typeof trainBpe>[0], options: Partial<Parameters<typeof trainBpe>[1]> = {}): Promise<unknown> {
  using tokenizer = await trainBpe(input, { vocabSize: 80, ...options });
  return JSON.parse(JSON.stringify(tokenizer.toJSON()));
}

async function output(name: string): Promise<unknown> {
  return JSON.parse(await readFile(join(folder, name), 'utf8'));
}

test('--checkpoint carries on, refuses what is of another text, and goes away at the end', async () => {
  const kept = join(folder, 'kept');
  const arguments_ = ['-v', '80', '--checkpoint', kept, '-o', join(folder, 'checked.json')];
  // As an interrupted training leaves it.
  (await trainBpe({ files: text }, { vocabSize: 60, checkpoint: kept })).dispose();
  const other = join(folder, 'other.txt');
  await writeFile(other, 'another text');
  expect((await command(['train', other, ...arguments_])).status).not.toBe(0);
  expect(await readdir(folder)).not.toContain('checked.json');
  expect((await command(['train', text, ...arguments_])).status).toBe(0);
  expect(await output('checked.json')).toEqual(await saved({ files: text }));
  expect(await readdir(folder)).not.toContain('kept');
});

test('files, standard input and count files give the same tokenizer', async () => {
  const expected = await saved({ files: text });
  const arguments_ = ['-v', '80', '-o'];
  expect(await command(['train', text, ...arguments_, join(folder, 'a.json')])).toMatchObject({ status: 0, text: '' });
  expect(await output('a.json')).toEqual(expected);
  expect((await command(['train', ...arguments_, join(folder, 'b.json')], { stdin: [TEXT] })).status).toBe(0);
  expect(await output('b.json')).toEqual(expected);
  const counts = join(folder, 'text.counts');
  expect((await command(['count-pretokens', text, '--memory-limit', '2M', '-o', counts])).status).toBe(0);
  const result = await command(['train', '--from-counts', counts, ...arguments_, join(folder, 'c.json'), '--pretty']);
  expect(result).toMatchObject({
    status: 0,
    stderr: expect.stringMatching(/49 tokens, \d+ merges; \d+ words, \d+ of them different/) as unknown,
  });
  expect(await output('c.json')).toEqual(expected);
});

test('superwords, random spans and extension', async () => {
  const path = join(folder, 'superwords.json');
  const boundless = ['train', text, '-v', '70', '--superwords', 'boundless', '--max-words', '3', '-o', path];
  expect(await command(boundless)).toMatchObject({ status: 0 });
  expect(await output('superwords.json')).toEqual(
    await saved({ files: text }, { vocabSize: 70, superwords: { method: 'boundless', maxWords: 3 } }),
  );
  expect((await command(['train', text, '-v', '70', '--transition', '9', '-o', path])).status).not.toBe(0);
  expect((await command(['train', text, '-v', '70', '--random-spans', '5', '-o', path])).status).toBe(0);
  expect(await output('superwords.json')).toEqual(await saved({ files: text }, { vocabSize: 70, randomSpans: { seed: 5 } }));
  expect((await command(['train', text, '-v', '70', '--picky', '0.5', '-o', path])).status).toBe(0);
  expect(await output('superwords.json')).toEqual(await saved({ files: text }, { vocabSize: 70, picky: { threshold: 0.5 } }));
  expect((await command(['train', text, '-v', '70', '--picky', '2', '-o', path])).status).not.toBe(0);
  expect((await command(['train', text, '-v', '70', '--compress-for', text, '--candidates', '3', '-o', path])).status).toBe(0);
  expect(await output('superwords.json')).toEqual(
    await saved({ files: text }, { vocabSize: 70, compression: { validation: { files: text }, candidates: 3 } }),
  );
  expect((await command(['train', text, '-v', '70', '--candidates', '3', '-o', path])).status).not.toBe(0);
  const plain = join(folder, 'plain.json');
  expect((await command(['train', text, '-v', '40', '-o', plain])).status).toBe(0);
  const extended = await command(['extend', '-t', plain, text, '-n', '9', '-o', path]);
  expect(extended).toMatchObject({ status: 0, stderr: expect.stringContaining('49 tokens, 9 of them new') as unknown });
});

test('options reach the trainer', async () => {
  const parts = join(folder, 'parts.json');
  const [normalizer, preTokenizer] = [{ type: 'Lowercase' }, { type: 'WhitespaceSplit' }];
  await writeFile(parts, JSON.stringify({ normalizer, pre_tokenizer: preTokenizer, post_processor: null, decoder: null }));
  const path = join(folder, 'options.json');
  const options = ['--special-tokens', '<s>,<unk>', '--unk-token', '<unk>', '--min-frequency', '3', '--initial-alphabet', 'xyz'];
  const { status, stderr } = await command([
    'train',
    text,
    '-v',
    '60',
    '--tokenizer-parts',
    parts,
    '--max-token-length',
    '5',
    ...options,
    '-o',
    path,
  ]);
  expect({ status, stderr }).toMatchObject({ status: 0 });
  const expected = await saved(
    { files: text },
    {
      vocabSize: 60,
      normalizer,
      preTokenizer,
      decoder: null,
      specialTokens: ['<s>', '<unk>'],
      unkToken: '<unk>',
      minFrequency: 3,
      initialAlphabet: ['x', 'y', 'z'],
      maxTokenLength: 5,
    },
  );
  expect(await output('options.json')).toEqual(expected);
});

test.each([
  [['train', 'absent.txt', '-v', '80'], 1, /--output/],
  [['train', 'absent.txt', '-o', 'x.json'], 1, /--vocab-size/],
  [['train', 'absent.txt', '-v', '80', '-o', 'x.json'], 2, /absent\.txt.*NOT_FOUND/],
  [['train', 'absent.txt', '-v', '8e1', '-o', 'x.json'], 1, /--vocab-size/],
  [['train', '--from-counts', '-v', '80', '-o', 'x.json'], 1, /count files/],
  [['count-pretokens', 'absent.txt', '--memory-limit', 'much', '-o', 'x.counts'], 1, /--memory-limit/],
])('%j is refused', async (args, status, message) => {
  expect(await command(args.map((arg) => (/\.(json|counts)$/.test(arg) ? join(folder, arg) : arg)))).toMatchObject({
    status,
    stderr: expect.stringMatching(message) as unknown,
  });
  expect((await readdir(folder)).filter((name) => name.startsWith('x.'))).toEqual([]);
});

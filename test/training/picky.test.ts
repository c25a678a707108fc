/** PickyBPE is that of a naive transcription of its authors' code, on both backends, and so is encoding with it. */
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { extendTokenizer, Tokenizer, type TrainedTokenizer, trainBpe, type TrainingOptions } from '../../lib/index';
import { bytesToAlphabet } from '../../lib/tokenizer/byte-alphabet';
import { describeEachBackend } from '../conformance/backends';
import { NaivePicky } from './naive-picky';

/** Of scripts/python-oracle/picky_fixture.py. */
const fixture = JSON.parse(readFileSync(join(__dirname, '../fixtures/picky.json'), 'utf8')) as {
  readonly text: string;
  readonly words: readonly string[];
  readonly models: ReadonlyArray<{
    readonly threshold: number;
    readonly events: Model['events'];
    readonly present: readonly string[];
    readonly encoded: readonly string[];
  }>;
};

let folder: string;
beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'merganser-test-'))));
afterAll(() => rm(folder, { recursive: true }));

/** Deterministic numbers below a bound. */
function randomNumbers(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => ((state = (Math.imul(state, 1664525) + 1013904223) >>> 0) >>> 8) % bound;
}

/** Words over few letters, many of them made of others, so that tokens come and go and counts are often equal. */
function randomWords(seed: number): string[] {
  const next = randomNumbers(seed);
  const letters = 'abcdeé'.slice(0, 2 + next(5));
  const word = (most: number): string => Array.from({ length: 1 + next(most) }, () => letters[next(letters.length)]).join('');
  const stems = Array.from({ length: 3 + next(6) }, () => word(5));
  const words = Array.from({ length: 4 + next(20) }, () =>
    next(3) === 0 ? word(9) : stems[next(stems.length)] + stems[next(stems.length)],
  );
  return words.flatMap((text) => new Array<string>(1 + next(next(8) + 1)).fill(text));
}

const GPT2 = /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu;
const WORDS = { preTokenizer: { type: 'WhitespaceSplit' } } as const;

interface Model {
  readonly type: string;
  readonly vocab: Record<string, number>;
  readonly merges: unknown[];
  readonly events: ReadonlyArray<[string, string] | { remove: string; into: string[] }>;
}
const modelOf = (tokenizer: Tokenizer): Model => (tokenizer.toJSON() as { model: Model }).model;

function counted(words: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}

function naive(words: readonly string[], vocabSize: number, threshold: number, minFrequency?: number): NaivePicky {
  const found = new NaivePicky([...new Set(words.join(''))].sort(), counted(words), threshold, 16 * vocabSize);
  found.train(vocabSize, minFrequency);
  return found;
}

function expectEqual(tokenizer: TrainedTokenizer, expected: NaivePicky): void {
  const { type, vocab, merges, events } = modelOf(tokenizer);
  expect(type).toBe('PickyBPE');
  expect(merges).toEqual([]);
  expect(Object.entries(vocab).sort(([, a], [, b]) => a - b)).toEqual(expected.present.map(({ text }, id) => [text, id]));
  const name = (id: number): string => expected.textOf(id);
  expect(events).toEqual(
    expected.events.map((event) =>
      event.kind === 'merge' ? [name(event.left), name(event.right)] : { remove: name(event.token), into: event.parts.map(name) },
    ),
  );
  expect(tokenizer.report.removals).toBe(events.filter((event) => !Array.isArray(event)).length);
}

const tokensOf = (tokenizer: Tokenizer, text: string): string[] => [...tokenizer.encode(text)].map((id) => tokenizer.idToToken(id)!);

describeEachBackend('PickyBPE', (backend) => {
  const train = (texts: string[], options: TrainingOptions) => trainBpe(texts, { backend, ...options });

  test.each(Array.from({ length: 36 }, (_, i) => i + 1))('as the naive transcription, seed %i', async (seed) => {
    const words = randomWords(seed);
    const threshold = [0.9, 0.6, 0.5, 0.75, 0.3, 0][seed % 6];
    const vocabSize = 8 + (seed % 40);
    const expected = naive(words, vocabSize, threshold);
    using tokenizer = await train([words.join(' ')], { vocabSize, picky: { threshold }, ...WORDS });
    expectEqual(tokenizer, expected);
    for (const word of [...new Set([...words, ...randomWords(seed + 1000)])]) {
      const known = [...word].filter((character) => words.join('').includes(character)).join('');
      expect(tokensOf(tokenizer, known)).toEqual(expected.encode(known).map((id) => expected.textOf(id)));
    }
  });

  test('words become in encoding what they were when training ended', async () => {
    const words = randomWords(5);
    const expected = naive(words, 40, 0.6, 2);
    using tokenizer = await train([words.join(' ')], { vocabSize: 40, minFrequency: 2, picky: { threshold: 0.6 }, ...WORDS });
    expectEqual(tokenizer, expected);
    expect(expected.events.some(({ kind }) => kind === 'split')).toBe(true);
  });

  test('real text in bytes: every way of encoding gives what the transcription gives, before and after saving', async () => {
    const text = readFileSync(join(__dirname, '../../docs/training.md'), 'utf8').slice(0, 5000);
    const words = (text.match(GPT2) ?? []).map((word) => bytesToAlphabet(Buffer.from(word)));
    const expected = naive(words, 260, 0.7);
    using trained = await train([text], { vocabSize: 260, picky: { threshold: 0.7 } });
    expectEqual(trained, expected);
    const removed = expected.tokens.filter(({ present }) => !present).length;
    expect(removed).toBeGreaterThan(5);
    const path = join(folder, `picky-${backend}.json`);
    await trained.save(path, { pretty: true });
    using tokenizer = await Tokenizer.fromFile(path, { backend });
    expect(tokenizer.toJSON()).toEqual(trained.toJSON());
    tokenizer.addSpecialTokens(['<s>']);
    const other = `${text.slice(1000, 3000)}<s>of the training trainers, ${'the same '.repeat(500)}`;
    const [before, after] = other
      .split('<s>')
      .map((part) =>
        (part.match(GPT2) ?? []).flatMap((word) => expected.encode(bytesToAlphabet(Buffer.from(word))).map((id) => expected.textOf(id))),
      );
    const ids = tokenizer.encode(other);
    expect([...ids].map((id) => tokenizer.idToToken(id)!)).toEqual([...before, '<s>', ...after]);
    expect(tokenizer.decode(ids, { skipSpecialTokens: false })).toBe(other);
    expect(tokenizer.count(other)).toBe(ids.length);
    expect(await tokenizer.encodeAsync(other)).toEqual(ids);
    const full = tokenizer.encodeFull(other);
    expect(full.ids).toEqual(ids);
    expect(Array.from(ids, (_, i) => other.slice(full.offsets[2 * i], full.offsets[2 * i + 1])).join('')).toBe(other);
    const streamed: number[] = [];
    for await (const chunk of tokenizer.encodeStream([other.slice(0, 1500), other.slice(1500)])) streamed.push(...chunk);
    expect(streamed).toEqual([...ids]);
  });

  test('one giant word, and text with the space alias', async () => {
    const text = randomWords(5).join(' ');
    const metaspace = { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always', split: false } as const;
    using tokenizer = await train([text], { vocabSize: 60, picky: { threshold: 0.5 }, preTokenizer: metaspace });
    const long = text.repeat(100);
    expect(tokensOf(tokenizer, long)).toEqual([...tokenizer.encodeFull(long).ids].map((id) => tokenizer.idToToken(id)!));
    const expected = new NaivePicky(
      [...new Set(`▁${text.replaceAll(' ', '▁')}`)].sort(),
      new Map([[`▁${text.replaceAll(' ', '▁')}`, 1]]),
      0.5,
    );
    expected.train(60);
    expect(tokensOf(tokenizer, text)).toEqual(expected.encode(`▁${text.replaceAll(' ', '▁')}`).map((id) => expected.textOf(id)));
  });

  test.each(fixture.models)('as the authors’ program, threshold $threshold', async ({ threshold, events, present, encoded }) => {
    const metaspace = { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always', split: true } as const;
    const options = { vocabSize: present.length, picky: { threshold }, preTokenizer: metaspace, ignoreMerges: true };
    using tokenizer = await train([fixture.text], options);
    expect(modelOf(tokenizer).events).toEqual(events);
    expect(Object.keys(modelOf(tokenizer).vocab)).toEqual(present);
    expect(fixture.words.map((word) => tokensOf(tokenizer, word).join(' '))).toEqual(encoded);
  });

  test('whole tokens first, as the authors’ encoder has it', async () => {
    const words = randomWords(5);
    using tokenizer = await train([words.join(' ')], { vocabSize: 40, ignoreMerges: true, picky: { threshold: 0.6 }, ...WORDS });
    for (const token of Object.keys(modelOf(tokenizer).vocab)) expect(tokensOf(tokenizer, token)).toEqual([token]);
    const removed = modelOf(tokenizer).events.flatMap((event) => (Array.isArray(event) ? [] : [event.remove]));
    const gone = removed.filter((token) => !(token in modelOf(tokenizer).vocab));
    expect(gone.length).toBeGreaterThan(0);
    for (const token of gone) expect(tokensOf(tokenizer, token).length).toBeGreaterThan(1);
  });

  test('what it does not go with, and events that cannot have happened', async () => {
    const options = { vocabSize: 20, picky: {}, ...WORDS };
    const text = randomWords(5).join(' ');
    for (const picky of [{ threshold: 1.5 }, { threshold: NaN }, 1 as never])
      await expect(train([text], { ...options, picky })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await expect(train([text], { ...options, superwords: { method: 'boundless' } })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    using tokenizer = await train([text], options);
    const json = tokenizer.toJSON() as { model: Model };
    expect(() => tokenizer.encode('ab', { dropout: 0.5, seed: 1 })).toThrow(expect.objectContaining({ code: 'UNSUPPORTED' }) as Error);
    expect(() => tokenizer.compile()).toThrow(expect.objectContaining({ code: 'UNSUPPORTED' }) as Error);
    await expect(extendTokenizer(tokenizer, [text], { newTokens: 3 })).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    const broken: unknown[] = [
      undefined,
      [['a']],
      [['a', 1]],
      [['a', 'no such token']],
      [{ remove: 'a', into: ['b', 'c'] }],
      [['a', 'b'], { remove: 'ab', into: ['a'] }],
      [['a', 'b'], ['ab', 'a'], { remove: 'aba', into: ['a', 'a'] }],
      [
        ['a', 'a'],
        ['aa', 'aa'],
        ['aaaa', 'b'],
      ],
    ];
    for (const events of broken)
      expect(() => Tokenizer.fromJSON({ ...json, model: { ...json.model, events } as Model }, { backend })).toThrow(
        expect.objectContaining({ code: 'INVALID_TOKENIZER' }) as Error,
      );
  });

  test('a threshold of 1 is ordinary BPE', async () => {
    const text = randomWords(9).join(' ');
    using plain = await train([text], { vocabSize: 30, ...WORDS });
    using picky = await train([text], { vocabSize: 30, picky: { threshold: 1 }, ...WORDS });
    expect(modelOf(picky).events).toEqual(modelOf(plain).merges);
    expect(modelOf(picky).vocab).toEqual(modelOf(plain).vocab);
  });
});

/** Superwords are those of a naive transcription of the papers, on both backends; and texts are encoded as it encodes them. */
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type MerganserError,
  type SuperwordOptions,
  Tokenizer,
  type TrainedTokenizer,
  trainBpe,
  type TrainingOptions,
} from '../../lib/index';
import { describeEachBackend } from '../conformance/backends';
import { NaiveTraining } from './naive-superwords';

let folder: string;
beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'merganser-test-'))));
afterAll(() => rm(folder, { recursive: true }));

/** Deterministic texts over few words and signs, so that counts are often equal and tokens repeat. */
function randomTexts(seed: number): string[] {
  let state = seed;
  const next = (bound: number): number => ((state = (Math.imul(state, 1664525) + 1013904223) >>> 0) >>> 8) % bound;
  const letters = ['a', 'b', 'c', 'é', 'の'].slice(0, 2 + next(4));
  const word = (): string => Array.from({ length: 1 + next(4) }, () => letters[next(letters.length)]).join('');
  const words = Array.from({ length: 4 + next(8) }, word);
  const between = [' ', ' ', ' ', ' ', '  ', ', ', '\n', ' 12 ', ': ', "'s ", '_', '!! ', ' ’'];
  const sentence = (): string =>
    Array.from({ length: 1 + next(12) }, () => words[next(words.length)] + between[next(between.length)]).join('');
  return Array.from({ length: 3 + next(25) }, sentence);
}

interface Model {
  readonly type: string;
  readonly vocab: Record<string, number>;
  readonly merges: Array<[string, string]>;
  readonly supermerges?: Array<[string, string]>;
}

const modelOf = (tokenizer: Tokenizer): Model => (tokenizer.toJSON() as { model: Model }).model;

function expectEqual(tokenizer: TrainedTokenizer, naive: NaiveTraining): void {
  const { vocab, merges, supermerges = [] } = modelOf(tokenizer);
  const tokens = Object.keys(vocab).sort((a, b) => vocab[a] - vocab[b]);
  const bytes = tokens.map((token) => Buffer.from(tokenizer.decodeBytes([vocab[token]])).toString('latin1'));
  expect(bytes).toEqual(naive.vocabulary.tokens);
  const ids = (list: Array<[string, string]>): number[][] => list.map(([left, right]) => [vocab[left], vocab[right]]);
  const events = (isSuper: boolean): number[][] =>
    naive.events.filter((event) => event.isSuper === isSuper).map(({ left, right }) => [left, right]);
  const last = (pairs: number[][]): number[][] =>
    pairs.filter((pair, i) => !pairs.slice(i + 1).some((other) => String(other) === String(pair)));
  expect(ids(merges)).toEqual(last(events(false)));
  expect(ids(supermerges)).toEqual(events(true));
}

describeEachBackend('superwords', (backend) => {
  const train = (texts: string[], vocabSize: number, superwords: SuperwordOptions, more: Partial<TrainingOptions> = {}) =>
    trainBpe(texts, { vocabSize, superwords, backend, ...more });
  const seeds = Array.from({ length: 40 }, (_, i) => i + 1);

  test.each(seeds)('SuperBPE as the naive transcription, seed %i', async (seed) => {
    const texts = randomTexts(seed);
    const naive = new NaiveTraining(texts);
    const transition = naive.vocabulary.tokens.length + (seed % 9);
    naive.words(transition);
    naive.superBpe(transition + 25, 4);
    using tokenizer = await train(texts, transition + 25, { method: 'superbpe', transition });
    expectEqual(tokenizer, naive);
    expect(tokenizer.report.superwordMerges).toBe(naive.vocabulary.tokens.length - Math.min(transition, naive.vocabulary.tokens.length));
    texts.forEach((text, i) => expect([...tokenizer.encode(text)]).toEqual(naive.texts[i].flat()));
  });

  test.each(seeds)('BoundlessBPE as the one step at a time that it is defined by, seed %i', async (seed) => {
    const texts = randomTexts(seed);
    const naive = new NaiveTraining(texts);
    const vocabSize = naive.vocabulary.tokens.length + 10 + (seed % 30);
    naive.boundless(vocabSize);
    using tokenizer = await train(texts, vocabSize, { method: 'boundless' });
    expectEqual(tokenizer, naive);
    texts.forEach((text, i) => expect([...tokenizer.encode(text)]).toEqual(naive.texts[i].flat()));
    for (const text of randomTexts(seed + 1000)) {
      const known = [...text].filter((character) => texts.join('').includes(character)).join('');
      expect([...tokenizer.encode(known)]).toEqual(naive.encode(known));
    }
  });

  test.each(seeds)('supermerges from a transition on, seed %i', async (seed) => {
    const texts = randomTexts(seed);
    const naive = new NaiveTraining(texts, 2);
    const transition = naive.vocabulary.tokens.length + 5 + (seed % 9);
    naive.words(transition);
    naive.supermerges(transition + 15);
    using tokenizer = await train(texts, transition + 15, { method: 'boundless', transition }, { minFrequency: 2 });
    expectEqual(tokenizer, naive);
    texts.forEach((text, i) => expect([...tokenizer.encode(text)]).toEqual(naive.texts[i].flat()));
  });

  test('real text', async () => {
    const text = readFileSync(join(__dirname, '../../docs/training.md'), 'utf8');
    const lines = text.slice(0, 6000).split(/(?<=\n)/);
    const naive = new NaiveTraining(lines);
    naive.boundless(450);
    using boundless = await train(lines, 450, { method: 'boundless' });
    expectEqual(boundless, naive);
    const other = new NaiveTraining(lines);
    other.words(250);
    other.superBpe(400, 4);
    using superBpe = await train(lines, 400, { method: 'superbpe', transition: 250 });
    expectEqual(superBpe, other);
    const path = join(folder, 'text.md');
    await writeFile(path, lines.join(''));
    using fromFile = await trainBpe({ files: path }, { vocabSize: 450, superwords: { method: 'boundless' }, backend });
    expect(fromFile.toJSON()).toEqual(boundless.toJSON());
  });

  test('every way of encoding gives the same, and spans say which words a token covers', async () => {
    const texts = randomTexts(7);
    using tokenizer = await train(texts, 90, { method: 'boundless' });
    tokenizer.addSpecialTokens(['<s>']);
    const text = `${texts.join('')}<s>${texts.join(' ')}`;
    const ids = tokenizer.encode(text);
    const full = tokenizer.encodeFull(text);
    expect(full.ids).toEqual(ids);
    expect(tokenizer.decode(ids, { skipSpecialTokens: false })).toBe(text);
    const pieces = Array.from(ids, (_, i) => text.slice(full.offsets[2 * i], full.offsets[2 * i + 1]));
    expect(pieces.join('').length).toBeGreaterThanOrEqual(text.length);
    expect(pieces.some((piece) => /\S \S/.test(piece))).toBe(true);
    expect(await tokenizer.encodeAsync(text)).toEqual(ids);
    expect(tokenizer.count(text)).toBe(ids.length);
    const streamed: number[] = [];
    for await (const chunk of tokenizer.encodeStream([text.slice(0, 100), text.slice(100)])) streamed.push(...chunk);
    expect(streamed).toEqual([...ids]);
    const long = 'ab cab '.repeat(50_000);
    expect(tokenizer.encode(long).length).toBe(tokenizer.encodeFull(long).ids.length);
    const short = tokenizer.truncate(text, 10);
    expect(tokenizer.encode(short).length).toBeLessThanOrEqual(10);
  });

  test('saved and loaded; other libraries refuse what they would encode otherwise', async () => {
    const texts = randomTexts(7);
    using boundless = await train(texts, 90, { method: 'boundless' });
    const path = join(folder, `boundless-${backend}.json`);
    await boundless.save(path);
    using loaded = await Tokenizer.fromFile(path, { backend });
    for (const text of texts) expect(loaded.encode(text)).toEqual(boundless.encode(text));
    expect(modelOf(loaded)).toEqual(modelOf(boundless));
    expect(modelOf(loaded).type).toBe('BoundlessBPE');
    expect(() => boundless.compile()).toThrow(/cannot be compiled/);
    using superBpe = await train(texts, 90, { method: 'superbpe', transition: 40 });
    using reloaded = Tokenizer.fromJSON(superBpe.toJSON(), { backend });
    for (const text of texts) expect(reloaded.encode(text)).toEqual(superBpe.encode(text));
  });

  test('rules for tokens', async () => {
    const texts = Array.from({ length: 20 }, () => 'one two three four five six: seven eight nine\n');
    using two = await train(texts, 200, { method: 'superbpe', transition: 60, maxWords: 2 });
    const words = [...two.getVocab().keys()].map((token) => token.split('Ġ').filter((word) => word !== '').length);
    expect(Math.max(...words)).toBe(2);
    using some = await train(texts, 200, { method: 'superbpe', transition: 60 });
    const tokens = [...some.getVocab().keys()];
    expect(tokens.filter((token) => token.includes(':Ġ'))).toEqual([]);
    expect(Math.max(...tokens.map((token) => token.split('Ġ').filter((word) => word !== '').length))).toBe(4);
  });

  test('what cannot be', async () => {
    const code = (superwords: unknown, input: unknown = ['a b'], more: Partial<TrainingOptions> = {}): Promise<string> =>
      trainBpe(input as string[], { vocabSize: 100, backend, superwords: superwords as SuperwordOptions, ...more }).then(
        () => 'no error',
        (error: MerganserError) => error.code,
      );
    expect(await code({ method: 'other' })).toBe('INVALID_ARGUMENT');
    expect(await code({ method: 'superbpe' })).toBe('INVALID_ARGUMENT');
    expect(await code({ method: 'superbpe', transition: 101 })).toBe('INVALID_ARGUMENT');
    expect(await code({ method: 'superbpe', transition: 2 })).toBe('INVALID_ARGUMENT');
    expect(await code({ method: 'superbpe', transition: 10, pattern: '(' })).toBe('INVALID_PATTERN');
    expect(await code({ method: 'boundless', pattern: '(' })).toBe('INVALID_PATTERN');
    expect(await code({ method: 'boundless', maxWords: 0 })).toBe('INVALID_ARGUMENT');
    expect(await code({ method: 'boundless' }, { counts: 'a' })).toBe('INVALID_ARGUMENT');
    const generate = function* (): Generator<string> {
      yield 'a b';
    };
    expect(await code({ method: 'boundless' }, generate())).toBe('INVALID_ARGUMENT');
    expect(await code({ method: 'boundless' }, ['a b'], { preTokenizer: { type: 'WhitespaceSplit' } })).toBe('UNSUPPORTED');
  });
});

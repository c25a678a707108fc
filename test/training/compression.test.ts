/** Compression-aware training: each merge is that of a transcription that counts everything anew, on both backends; and the text does become smaller. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { type Tokenizer, trainBpe, type TrainingOptions } from '../../lib/index';
import { describeEachBackend } from '../conformance/backends';

type Words = Array<{ readonly count: number; tokens: number[] }>;

function randomWords(seed: number): string[] {
  let state = seed;
  const next = (bound: number): number => ((state = (Math.imul(state, 1664525) + 1013904223) >>> 0) >>> 8) % bound;
  const letters = 'abcdeé'.slice(0, 2 + next(5));
  const word = (): string => Array.from({ length: 1 + next(8) }, () => letters[next(letters.length)]).join('');
  return Array.from({ length: 5 + next(30) }, word).flatMap((text) => new Array<string>(1 + next(6)).fill(text));
}

function varint(id: number): number[] {
  return id < 128 ? [id] : [(id & 127) | 128, ...varint(id >>> 7)];
}

function frequencies(words: Words): Map<number, number> {
  const counts = new Map<number, number>();
  for (const { count, tokens } of words) for (const id of tokens) counts.set(id, (counts.get(id) ?? 0) + count);
  return counts;
}

/** The size of a stream in bits, each id as its share of all asks for. */
function bitsOf(counts: ReadonlyMap<number, number>): number {
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  return [...counts.values()].reduce((sum, count) => sum + (count > 0 ? count * Math.log2(total / count) : 0), 0);
}

/** The size after a merge, as its definition estimates it: all places of the pair count, but of equal tokens no more than there are. */
function bitsAfter(words: Words, left: number, right: number, product: number): number {
  const counts = frequencies(words);
  const places = pairCounts(words).get(left * 2 ** 20 + right) ?? 0;
  const merges = left === right ? Math.min(places, Math.floor((counts.get(left) ?? 0) / 2)) : places;
  const change = (id: number, by: number): unknown => counts.set(id, (counts.get(id) ?? 0) + by);
  change(left, -merges);
  change(right, -merges);
  change(product, merges);
  return bitsOf(counts);
}

/** What the words would be if a pair became one token wherever it stands. */
function merged(words: Words, left: number, right: number, product: number): Words {
  return words.map(({ count, tokens }) => {
    const result: number[] = [];
    for (let i = 0; i < tokens.length; i++) {
      if (tokens[i] === left && tokens[i + 1] === right) {
        result.push(product);
        i++;
      } else result.push(tokens[i]);
    }
    return { count, tokens: result };
  });
}

function pairCounts(words: Words): Map<number, number> {
  const counts = new Map<number, number>();
  for (const { count, tokens } of words)
    for (let i = 0; i + 1 < tokens.length; i++) {
      const key = tokens[i] * 2 ** 20 + tokens[i + 1];
      counts.set(key, (counts.get(key) ?? 0) + count);
    }
  return counts;
}

/** The most frequent first, of equal ones those of the smallest ids. */
function rankedPairs(words: Words): Array<readonly [left: number, right: number]> {
  return [...pairCounts(words)].sort((a, b) => b[1] - a[1] || a[0] - b[0]).map(([key]) => [Math.floor(key / 2 ** 20), key % 2 ** 20]);
}

function naiveMerges(texts: { training: string[]; validation: string[] }, vocabSize: number, candidates: number): Array<[string, string]> {
  const tokens = [...new Set(texts.training.join(''))].sort();
  const read = (words: string[]): Words =>
    words.map((word) => ({ count: 1, tokens: [...word].map((character) => tokens.indexOf(character)).filter((id) => id >= 0) }));
  let [training, validation] = [read(texts.training), read(texts.validation)];
  const merges: Array<[string, string]> = [];
  while (tokens.length < vocabSize) {
    let best: readonly [number, number] | null = null;
    let least = Infinity;
    for (const [left, right] of rankedPairs(training).slice(0, candidates)) {
      const bits = bitsAfter(validation, left, right, tokens.length);
      if (bits < least - 1e-6) [best, least] = [[left, right], bits];
    }
    if (best === null) break;
    const [left, right] = best;
    merges.push([tokens[left], tokens[right]]);
    const text = tokens[left] + tokens[right];
    if (!tokens.includes(text)) tokens.push(text);
    [training, validation] = [training, validation].map((words) => merged(words, left, right, tokens.indexOf(text)));
  }
  return merges;
}

/** The size of a text's tokens as varints, compressed. */
function deflated(tokenizer: Tokenizer, text: string): number {
  return deflateRawSync(Uint8Array.from([...tokenizer.encode(text)].flatMap(varint)), { level: 9 }).length;
}

describeEachBackend('compression-aware training', (backend) => {
  const train = (texts: string[], options: TrainingOptions) => trainBpe(texts, { backend, ...options });

  test.each(Array.from({ length: 24 }, (_, i) => i + 1))('as counting everything anew, seed %i', async (seed) => {
    const texts = { training: randomWords(seed), validation: randomWords(seed + 500) };
    const [vocabSize, candidates] = [8 + (seed % 25), 1 + (seed % 7)];
    using tokenizer = await train([texts.training.join(' ')], {
      vocabSize,
      preTokenizer: { type: 'WhitespaceSplit' },
      compression: { validation: [texts.validation.join(' ')], candidates },
    });
    const { merges } = (tokenizer.toJSON() as { model: { merges: unknown } }).model;
    expect(merges).toEqual(naiveMerges(texts, vocabSize, candidates));
  });

  test('real text: one candidate is ordinary BPE; both backends agree with many', async () => {
    const text = readFileSync(join(__dirname, '../../docs/training.md'), 'utf8');
    const [first, second] = [text.slice(0, 7000), text.slice(7000, 12000)];
    using plain = await train([first], { vocabSize: 400 });
    using one = await train([first], { vocabSize: 400, compression: { validation: [second], candidates: 1 } });
    expect(one.toJSON()).toEqual(plain.toJSON());
    using many = await train([first], { vocabSize: 400, compression: { validation: [second], candidates: 40 } });
    using other = await trainBpe([first], { vocabSize: 400, backend: 'js', compression: { validation: [second], candidates: 40 } });
    expect(many.toJSON()).toEqual(other.toJSON());
    expect(deflated(many, second)).toBeLessThan(1.02 * deflated(plain, second));
  });

  test('what it cannot be', async () => {
    const options = { vocabSize: 20, compression: { validation: ['a b'] } };
    const code = 'INVALID_ARGUMENT';
    await expect(train(['ab ab'], { ...options, picky: {} })).rejects.toMatchObject({ code });
    await expect(train(['ab ab'], { ...options, compression: { validation: ['a'], candidates: 0 } })).rejects.toMatchObject({ code });
    await expect(train(['ab ab'], { ...options, compression: { validation: [] } })).rejects.toMatchObject({ code });
    await expect(train(['ab ab'], { ...options, compression: 'a' as never })).rejects.toMatchObject({ code });
  });
});

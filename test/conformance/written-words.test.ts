/** Counted words as files have them: `sortWords`, `takeSortedWords` and `addWrittenWords` against a map and varints by BigInt. */
import fc from 'fast-check';
import { selectKernels } from '../../lib/backend/select';
import type { WordCounterHandle } from '../../lib/backend/training-kernels';
import { BACKENDS, describeEachBackend } from './backends';
import { FUZZ_SEED, fuzzRuns } from './fuzz';

type Counted = ReadonlyArray<readonly [word: Uint8Array, count: number]>;

const SPEC = {
  nfc: false,
  spaceAlias: false,
  prefixSpace: 'never',
  steps: [],
  scanner: null,
  lines: false,
  cutsWords: false,
  tokens: null,
} as const;
const MOST_WORDS = 1 << 20;

/** Lengths on both sides of what a table holds in a slot (15 bytes) and of one byte of a varint; alike at the front; zeros and 255. */
const word = fc
  .tuple(
    fc.constantFrom(1, 2, 7, 8, 9, 15, 16, 17, 31, 127, 128, 300),
    fc.constantFrom(0, 97, 255),
    fc.array(fc.nat(255), { maxLength: 3 }),
  )
  .map(([length, fill, tail]) => {
    const bytes = new Uint8Array(length).fill(fill);
    bytes.set(tail.slice(0, length), length - Math.min(tail.length, length));
    return bytes;
  });
const count = fc.oneof(fc.integer({ min: 1, max: 300 }), fc.constantFrom(127, 128, 16383, 16384, 2 ** 31, 2 ** 32, 2 ** 45 - 1));
const countedWords: fc.Arbitrary<Counted> = fc.array(fc.tuple(word, count), { minLength: 1, maxLength: 60 });

/** Each word once, in the order of bytes. */
function summed(words: Counted): Array<[string, number]> {
  const sums = new Map<string, number>();
  for (const [bytes, times] of words) {
    const name = Buffer.from(bytes).toString('hex');
    sums.set(name, (sums.get(name) ?? 0) + times);
  }
  return [...sums].sort(([a], [b]) => (a < b ? -1 : 1));
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = BigInt(value);
  for (; rest >= 128n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return [...bytes, Number(rest)];
}

function written(words: Counted): Uint8Array {
  return Uint8Array.from(words.flatMap(([bytes, times]) => [...varint(bytes.length), ...bytes, ...varint(times)]));
}

describeEachBackend('words as files have them', (backend) => {
  const kernels = selectKernels(backend);
  const withCounter = <T>(run: (counter: WordCounterHandle) => T): T => {
    const counter = kernels.createWordCounter(SPEC);
    const dispose = (): void => kernels.dispose(counter);
    const result = run(counter);
    if (result instanceof Promise) return result.finally(dispose) as T;
    dispose();
    return result;
  };

  const addReady = (counter: WordCounterHandle, words: Counted): void => {
    const offsets = Uint32Array.from([0, ...words.map((_, i) => words.slice(0, i + 1).reduce((sum, [bytes]) => sum + bytes.length, 0))]);
    const bytes = Uint8Array.from(words.flatMap(([part]) => [...part]));
    kernels.addWords(counter, { bytes, offsets, counts: Float64Array.from(words, ([, times]) => times) });
  };

  /** All words of the counter, which is empty then. `room`: of each call. */
  async function taken(counter: WordCounterHandle, room = 1 << 16, most = MOST_WORDS): Promise<Array<[string, number]>> {
    const found: Array<[string, number]> = [];
    await kernels.sortWords(counter);
    for (let size = room; ;) {
      // What lies behind the room must stay.
      const memory = new Uint8Array(size + 16).fill(0xee);
      const { words, bytes, total } = kernels.takeSortedWords(counter, memory.subarray(0, size), most);
      expect(memory.subarray(size).every((byte) => byte === 0xee)).toBe(true);
      if (words === 0 && bytes === 0) break;
      if (words === 0) {
        expect(bytes).toBeGreaterThan(size);
        size = bytes;
        continue;
      }
      expect(words).toBeLessThanOrEqual(most);
      expect(bytes).toBeLessThanOrEqual(size);
      const block = decoded(memory.subarray(0, bytes));
      expect(block.length).toBe(words);
      expect(block.reduce((sum, [, times]) => sum + times, 0)).toBe(total);
      found.push(...block);
      size = room;
    }
    expect(kernels.countedWords(counter)).toBe(0);
    return found;
  }

  test('they come in the order of their bytes, each once, in blocks of any size', async () => {
    const property = fc.asyncProperty(countedWords, fc.integer({ min: 1, max: 400 }), fc.integer({ min: 1, max: 9 }), (words, room, most) =>
      withCounter(async (counter) => {
        const half = words.length >> 1;
        addReady(counter, words.slice(0, half));
        addReady(counter, words.slice(half));
        expect(kernels.countedWords(counter)).toBe(words.reduce((sum, [, times]) => sum + times, 0));
        expect(await taken(counter, room, most)).toEqual(summed(words));
        // It can be used again.
        addReady(counter, words);
        expect(await taken(counter)).toEqual(summed(words));
      }),
    );
    await fc.assert(property, { numRuns: fuzzRuns(30), seed: FUZZ_SEED });
  });

  test('nothing is nothing', async () => {
    await withCounter(async (counter) => {
      expect(await taken(counter)).toEqual([]);
      expect(kernels.addWrittenWords(counter, new Uint8Array(0), 0)).toBe(true);
      expect(kernels.countedWords(counter)).toBe(0);
    });
  });

  test('what was written is added up', async () => {
    const property = fc.asyncProperty(countedWords, countedWords, (first, second) =>
      withCounter(async (counter) => {
        addReady(counter, first);
        expect(kernels.addWrittenWords(counter, written(second), second.length)).toBe(true);
        expect(kernels.addWrittenWords(counter, written(first), first.length)).toBe(true);
        expect(await taken(counter)).toEqual(summed([...first, ...second, ...first]));
      }),
    );
    await fc.assert(property, { numRuns: fuzzRuns(30), seed: FUZZ_SEED });
  });

  test('counts up to 2⁵³ are exact', async () => {
    const words: Counted = [
      [Uint8Array.of(1), 2 ** 53],
      [Uint8Array.of(2), 2 ** 53 - 1],
    ];
    await withCounter(async (counter) => {
      expect(kernels.addWrittenWords(counter, written(words), 2)).toBe(true);
      await kernels.sortWords(counter);
      const out = new Uint8Array(64);
      const { words: number, bytes } = kernels.takeSortedWords(counter, out, MOST_WORDS);
      expect([number, out.slice(0, bytes)]).toEqual([2, written(words)]);
    });
  });

  test('what was cut off, or is not what was written, is refused', () => {
    const words: Counted = [
      [Uint8Array.of(97, 98), 300],
      [new Uint8Array(200).fill(99), 1],
      [Uint8Array.of(0), 2 ** 40],
    ];
    const whole = written(words);
    const added = (bytes: Uint8Array, number = 3): boolean => withCounter((counter) => kernels.addWrittenWords(counter, bytes, number));
    expect(added(whole)).toBe(true);
    for (let length = 0; length < whole.length; length++) expect(added(whole.slice(0, length))).toBe(false);
    for (const number of [0, 2, 4, 0xffff_ffff >>> 8]) expect(added(whole, number)).toBe(false);
    expect(added(Uint8Array.from([...whole, 0]))).toBe(false);
    const damaged = [
      [0, 1],
      [1, 97, 0],
      [2, 97, 1],
      [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 1, 97, 1],
      [0xff, 0xff, 0xff, 0xff, 0x0f, 97, 1],
      [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 97, 1],
      [1, 97, 0x80],
    ];
    for (const bytes of damaged) expect(added(Uint8Array.from(bytes), 1)).toBe(false);
  });
});

function decoded(bytes: Uint8Array): Array<[string, number]> {
  const found: Array<[string, number]> = [];
  let at = 0;
  const next = (): number => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++];
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return Number(value);
    }
  };
  while (at < bytes.length) {
    const end = next() + at;
    const name = Buffer.from(bytes.subarray(at, end)).toString('hex');
    at = end;
    found.push([name, next()]);
  }
  return found;
}

test('whatever bytes come, the backends judge alike', async () => {
  const flips = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 3 });
  const property = fc.asyncProperty(countedWords, flips, async (words, changes) => {
    const bytes = written(words);
    for (const [at, value] of changes) bytes[at % bytes.length] = value;
    const outcomes = await Promise.all(
      BACKENDS.map(async (backend) => {
        const kernels = selectKernels(backend);
        const counter = kernels.createWordCounter(SPEC);
        const fits = kernels.addWrittenWords(counter, bytes, words.length);
        await kernels.sortWords(counter);
        const out = new Uint8Array(1 << 16);
        const { bytes: length } = kernels.takeSortedWords(counter, out, MOST_WORDS);
        kernels.dispose(counter);
        return fits ? out.slice(0, length) : null;
      }),
    );
    for (const outcome of outcomes) expect(outcome).toEqual(outcomes[0]);
  });
  await fc.assert(property, { numRuns: fuzzRuns(100), seed: FUZZ_SEED });
});

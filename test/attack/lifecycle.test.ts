/** Aborting, disposing, and keeping the event loop free, at every stage of asynchronous work. */
import { Tokenizer } from '../../lib/index';
import { realTokenizerPath } from '../oracles/real-tokenizers';
import { describeEachBackend } from '../conformance/backends';
import { TEXT_SAMPLES } from '../conformance/texts';

const LONG = TEXT_SAMPLES.map((sample) => sample.text)
  .join('\n')
  .repeat(60);
const ABORTED = { name: 'MerganserError', code: 'ABORTED' };
const DISPOSED = { name: 'MerganserError', code: 'DISPOSED' };

/** Rejections and errors as values, so that several can be awaited together. */
function settled(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => 'fulfilled',
    (error: unknown) => error,
  );
}

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
}

describeEachBackend('lifecycle', (backend) => {
  // gpt2 takes the fused path, claude (NFKC) the general one.
  describe.each(['gpt2', 'claude', 'llama2'])('%s', (name) => {
    let tokenizer: Tokenizer;
    const load = (): Promise<Tokenizer> => Tokenizer.fromFile(realTokenizerPath(name), { backend });
    beforeAll(async () => {
      tokenizer = await load();
    });
    afterAll(() => tokenizer.dispose());

    test('a signal that is already aborted', async () => {
      const signal = AbortSignal.abort(new Error('not today'));
      for (const work of [
        () => tokenizer.encodeAsync('abc', { signal }),
        () => tokenizer.encodeBatch(['abc', 'def'], { signal }),
        () => tokenizer.encodeBatch([], { signal }),
        () => tokenizer.countAsync('abc', { signal }),
      ]) {
        expect(await settled(work())).toMatchObject({ ...ABORTED, cause: expect.objectContaining({ message: 'not today' }) });
      }
    });

    test.each([0, 1, 2, 5, 20])(
      'a signal aborted after %i turns of the event loop',
      async (count) => {
        const expected = Array.from(tokenizer.encode(TEXT_SAMPLES[0].text));
        const controller = new AbortController();
        const works = [
          settled(tokenizer.encodeAsync(LONG, { signal: controller.signal })),
          settled(tokenizer.encodeBatch(Array<string>(50).fill(LONG.slice(0, 40_000)), { signal: controller.signal })),
          settled(tokenizer.countAsync(LONG, { signal: controller.signal })),
        ];
        await turns(count);
        controller.abort();
        for (const outcome of await Promise.all(works)) {
          if (outcome !== 'fulfilled') expect(outcome).toMatchObject(ABORTED);
        }
        expect(Array.from(tokenizer.encode(TEXT_SAMPLES[0].text))).toEqual(expected);
      },
      60_000,
    );

    test('a signal aborted at once ends long work', async () => {
      const controller = new AbortController();
      const work = settled(tokenizer.encodeBatch(Array<string>(400).fill(LONG.slice(0, 60_000)), { signal: controller.signal }));
      controller.abort();
      expect(await work).toMatchObject(ABORTED);
    });

    test('aborting after the end changes nothing', async () => {
      const controller = new AbortController();
      const ids = await tokenizer.encodeAsync('Hello', { signal: controller.signal });
      controller.abort();
      await turns(3);
      expect(Array.from(ids)).toEqual(Array.from(tokenizer.encode('Hello')));
    });

    test('thousands of calls leave no listeners on a signal', async () => {
      const controller = new AbortController();
      let listeners = 0;
      const { signal } = controller;
      const add = signal.addEventListener.bind(signal);
      const remove = signal.removeEventListener.bind(signal);
      signal.addEventListener = (...args: Parameters<typeof add>): void => {
        listeners++;
        add(...args);
      };
      signal.removeEventListener = (...args: Parameters<typeof remove>): void => {
        listeners--;
        remove(...args);
      };
      for (let i = 0; i < 300; i++) await tokenizer.encodeAsync(`text ${i}`, { signal });
      expect(listeners).toBe(0);
    });

    test('progress goes up to one', async () => {
      const fractions: number[] = [];
      await tokenizer.encodeBatch(Array<string>(30).fill(LONG.slice(0, 30_000)), { onProgress: (fraction) => fractions.push(fraction) });
      expect(fractions).toEqual([...fractions].sort((a, b) => a - b));
      expect(fractions.every((fraction) => fraction >= 0 && fraction <= 1)).toBe(true);
      expect(fractions.at(-1)).toBe(1);
    });

    test('what the progress listener throws is what the promise is rejected with', async () => {
      const error = new Error('enough');
      const onProgress = (): void => {
        throw error;
      };
      await expect(tokenizer.encodeBatch(Array<string>(30).fill(LONG.slice(0, 30_000)), { onProgress })).rejects.toBe(error);
    });

    test('the event loop turns while a batch is encoded', async () => {
      let turned = 0;
      let running = true;
      const turn = (): void => {
        turned++;
        if (running) setImmediate(turn);
      };
      setImmediate(turn);
      await tokenizer.encodeBatch(Array<string>(60).fill(LONG.slice(0, 60_000)));
      running = false;
      expect(turned).toBeGreaterThan(0);
    });

    test('many asynchronous calls at once, in order', async () => {
      const texts = Array.from({ length: 200 }, (_, i) => `${i} ${TEXT_SAMPLES[i % TEXT_SAMPLES.length].text.slice(0, i)}`);
      const results = await Promise.all(texts.map((text) => tokenizer.encodeAsync(text)));
      expect(results.map((ids) => Array.from(ids))).toEqual(texts.map((text) => Array.from(tokenizer.encode(text))));
    });

    test('after dispose every method says so', async () => {
      const gone = await load();
      gone.dispose();
      gone.dispose();
      gone[Symbol.dispose]();
      const calls: Array<() => unknown> = [
        () => gone.encode('a'),
        () => gone.encodeFull('a'),
        () => gone.encodeBatchSync(['a']),
        () => gone.count('a'),
        () => gone.truncate('a', 1),
        () => gone.decode([1]),
        () => gone.decodeStream(),
        () => gone.encodeAsync('a'),
        () => gone.encodeBatch(['a']),
      ];
      for (const call of calls) {
        const outcome = await settled((async () => call())());
        expect([call.toString(), outcome]).toEqual([call.toString(), expect.objectContaining(DISPOSED)]);
      }
    });

    test.each([0, 1, 3])(
      'dispose while work is under way, after %i turns',
      async (count) => {
        const gone = await load();
        const works = [settled(gone.encodeBatch(Array<string>(40).fill(LONG.slice(0, 40_000)))), settled(gone.encodeAsync(LONG))];
        await turns(count);
        gone.dispose();
        for (const outcome of await Promise.all(works)) {
          if (outcome !== 'fulfilled') expect(outcome).toMatchObject(DISPOSED);
        }
      },
      60_000,
    );

    test('dispose while malformed bytes are replaced, after each number of turns', async () => {
      const text = new TextEncoder().encode(LONG.repeat(4));
      text[text.length - 100] = 0xff;
      for (let count = 0; count < 24; count++) {
        const gone = await load();
        const work = settled(gone.encodeAsync(text));
        await turns(count);
        gone.dispose();
        const outcome = await work;
        if (outcome !== 'fulfilled') expect(outcome).toMatchObject(DISPOSED);
      }
    }, 120_000);

    test('a change of the input while it is encoded does no harm to others', async () => {
      const before = Array.from(tokenizer.encode('Hello world'));
      const text = new TextEncoder().encode(LONG.repeat(2));
      // Ids of bytes that begin a character and of bytes that go on with one may be more than there are bytes.
      for (const byte of [0xff, 0xe2, 0x80, 0xff, 0xf0, 0xe2]) {
        const bytes = text.slice();
        const work = settled(tokenizer.encodeBatch([bytes, 'abc']));
        for (let from = 0; from < 97; from += 7) for (let i = from; i < bytes.length; i += 97) bytes[i] = byte;
        const outcome = await work;
        if (outcome !== 'fulfilled') expect(outcome).toMatchObject({ name: 'MerganserError', code: 'INVALID_UTF8' });
      }
      expect(Array.from(tokenizer.encode('Hello world'))).toEqual(before);
    });
  });
});

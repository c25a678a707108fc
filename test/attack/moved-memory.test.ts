/** The memory of texts is given away, shrinks or grows while they are encoded: an error or the right ids, never a read of memory that is gone. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Tokenizer } from '../../lib/index';
import { realTokenizerPath } from '../oracles/real-tokenizers';
import { describeEachBackend } from '../conformance/backends';
import { TEXT_SAMPLES } from '../conformance/texts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const TAKEN_AWAY = { name: 'MerganserError', code: 'INVALID_ARGUMENT' };
const SAMPLES = new TextEncoder().encode(TEXT_SAMPLES.map((sample) => sample.text).join('\n') + '\n');

function textOf(bytes: number, pattern: Uint8Array = SAMPLES): Uint8Array<ArrayBuffer> {
  const text = new Uint8Array(Math.ceil(bytes / pattern.length) * pattern.length);
  for (let at = 0; at < text.length; at += pattern.length) text.set(pattern, at);
  return text;
}

/** Where it goes, nobody holds it. */
function giveAway(text: Uint8Array<ArrayBuffer>): void {
  structuredClone(text.buffer, { transfer: [text.buffer] });
  expect(text.length).toBe(0);
  collectGarbage();
  // What was freed is used for something else.
  new Uint8Array(1 << 20).fill(0xff);
}

/** ES2024, which Node 20 has and the types of this project do not. */
function resizableMemory<Memory extends ArrayBufferLike>(
  Type: new (bytes: number) => Memory,
  bytes: number,
  most: number,
): Memory & { resize(bytes: number): void; grow(bytes: number): void } {
  return Reflect.construct(Type, [bytes, { maxByteLength: most }]) as ReturnType<typeof resizableMemory<Memory>>;
}

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
}

async function settled<Result>(promise: Promise<Result>): Promise<Result | { readonly error: unknown }> {
  return promise.catch((error: unknown) => ({ error }));
}

describeEachBackend('memory that moves', (backend) => {
  const native = backend === 'native';

  describe.each(['gpt2', 'llama2', 'claude'])('%s', (name) => {
    // claude takes the general path, on this thread and a copy.
    const large = native && name !== 'claude' ? 24 << 20 : 1 << 18;
    let tokenizer: Tokenizer;
    beforeAll(async () => {
      tokenizer = await Tokenizer.fromFile(realTokenizerPath(name), { backend });
    });
    afterAll(() => tokenizer.dispose());

    const check = async (work: Promise<Uint32Array>, expected: () => Uint32Array): Promise<void> => {
      const outcome = await settled(work);
      if ('error' in outcome) expect(outcome.error).toMatchObject(TAKEN_AWAY);
      else expect(Buffer.compare(Buffer.from(outcome.buffer), Buffer.from(expected().buffer))).toBe(0);
    };

    test.each([0, 1, 2, 4])(
      'a text is transferred after %i turns of the event loop',
      async (count) => {
        const text = textOf(large);
        const copy = text.slice();
        const work = settled(tokenizer.encodeAsync(text));
        await turns(count);
        giveAway(text);
        const outcome = await work;
        if (native && name !== 'claude' && count === 0) expect(outcome).toMatchObject({ error: TAKEN_AWAY });
        await check(
          work.then((result) => ('error' in result ? Promise.reject(result.error as Error) : result)),
          () => tokenizer.encode(copy),
        );
      },
      120_000,
    );

    test('some of many texts are transferred', async () => {
      const texts = Array.from({ length: 40 }, () => textOf(100_000));
      const work = settled(tokenizer.encodeBatch(texts));
      await turns(1);
      for (const text of texts) giveAway(text);
      const outcome = await work;
      if ('error' in outcome) expect(outcome.error).toMatchObject(TAKEN_AWAY);
      else expect(outcome.offsets.length).toBe(texts.length + 1);
    }, 120_000);

    test('texts are transferred while malformed bytes of another are replaced', async () => {
      for (let count = 0; count < 16; count++) {
        const texts = Array.from({ length: 4 }, () => textOf(1_500_000));
        texts[0][1000] = 0xff;
        const work = settled(tokenizer.encodeBatch(texts));
        await turns(count);
        for (const text of texts.slice(1)) giveAway(text);
        const outcome = await work;
        if ('error' in outcome) expect(outcome.error).toMatchObject(TAKEN_AWAY);
        else expect(outcome.offsets.length).toBe(texts.length + 1);
      }
    }, 120_000);

    test('the rest is right when one text was transferred, and afterwards too', async () => {
      const gone = textOf(large);
      const stays = textOf(200_000);
      const works = [settled(tokenizer.encodeAsync(gone)), tokenizer.encodeAsync(stays)] as const;
      giveAway(gone);
      await works[0];
      expect(Array.from(await works[1])).toEqual(Array.from(tokenizer.encode(stays)));
    }, 120_000);

    test('memory that may be resized is made smaller and larger', async () => {
      const memory = resizableMemory(ArrayBuffer, 200_000, 400_000);
      const text = new Uint8Array(memory);
      text.set(textOf(100_000, SAMPLES.subarray(0, SAMPLES.indexOf(0x0a) + 1)).subarray(0, 100_000));
      const expected = Array.from(tokenizer.encode(text));
      for (const size of [0, 4096, 400_000]) {
        memory.resize(200_000);
        text.set(textOf(100_000, SAMPLES.subarray(0, SAMPLES.indexOf(0x0a) + 1)).subarray(0, 100_000));
        const work = tokenizer.encodeAsync(text);
        memory.resize(size);
        expect(Array.from(await work)).toEqual(expected);
      }
    }, 60_000);

    test('shared memory grows, and others write to it', async () => {
      const memory = resizableMemory(SharedArrayBuffer, 1 << 17, 1 << 18);
      const text = new Uint8Array(memory).fill(0x61);
      const expected = Array.from(tokenizer.encode(text));
      const work = tokenizer.encodeAsync(text);
      memory.grow(1 << 18);
      new Uint8Array(memory).fill(0xff);
      expect(Array.from(await work)).toEqual(expected);
    }, 60_000);

    test('the memory of WebAssembly grows', async () => {
      const memory = new WebAssembly.Memory({ initial: Math.ceil(large / 65536) + 1, maximum: 2000 });
      const text = new Uint8Array(memory.buffer, 0, large);
      text.set(textOf(large).subarray(0, large));
      text.fill(0x20, large - 4);
      const work = settled(tokenizer.encodeAsync(text));
      memory.grow(1);
      const outcome = await work;
      if ('error' in outcome) expect(outcome.error).toMatchObject(TAKEN_AWAY);
    }, 120_000);

    test('a getter of a later text takes an earlier one away', async () => {
      const first = textOf(150_000);
      const texts = [first, 'second', 'third'];
      let asked = 0;
      Object.defineProperty(texts, 1, { get: () => (++asked === 2 && first.length > 0 && giveAway(first), 'second') });
      const outcome = await settled(tokenizer.encodeBatch(texts));
      if ('error' in outcome) expect(outcome.error).toMatchObject({ name: 'MerganserError' });
    });

    test('arrays that lie about their length', async () => {
      for (const length of [70_000, 1_000_000, -5]) {
        class Lying extends Uint8Array {
          override get length(): number {
            return length;
          }
        }
        const texts = [new Lying(textOf(100_000).buffer), textOf(100_000), 'abc'];
        const outcome = await settled(tokenizer.encodeBatch(texts));
        if ('error' in outcome) expect(outcome.error).toHaveProperty('message');
      }
      expect(tokenizer.decode(tokenizer.encode('still here'))).toContain('still here');
    }, 60_000);

    test('a text that is copied in several turns is right', async () => {
      const text = textOf(large / 2);
      const ids = await tokenizer.encodeAsync(text);
      expect(Buffer.compare(Buffer.from(ids.buffer), Buffer.from(tokenizer.encode(text).buffer))).toBe(0);
    }, 120_000);

    test('a signal is aborted between these turns', async () => {
      for (const count of [0, 1, 2]) {
        const controller = new AbortController();
        const text = textOf(large);
        const work = settled(tokenizer.encodeAsync(text, { signal: controller.signal }));
        await turns(count);
        controller.abort();
        giveAway(text);
        const outcome = await work;
        if ('error' in outcome) expect(outcome.error).toMatchObject({ name: 'MerganserError' });
      }
    }, 120_000);
  });

  test('a text that cannot be cut is copied in several turns, and may be taken away between them', async () => {
    const tokenizer = await Tokenizer.fromFile(realTokenizerPath('gpt2'), { backend });
    const letters = new Uint8Array(native ? 9 << 20 : 1 << 18).fill(0x61);
    const texts = native ? [letters, letters, letters, letters] : [letters];
    const { values, offsets } = await tokenizer.encodeBatch(texts);
    expect(offsets[1] * texts.length).toBe(values.length);
    expect(Array.from(values.subarray(0, 10))).toEqual(Array.from(tokenizer.encode(letters).subarray(0, 10)));
    for (const count of [0, 1, 2, 3]) {
      const text = letters.slice();
      const work = settled(tokenizer.encodeAsync(text));
      await turns(count);
      giveAway(text);
      const outcome = await work;
      if ('error' in outcome) expect(outcome.error).toMatchObject(TAKEN_AWAY);
    }
    tokenizer.dispose();
  }, 120_000);

  test('a refused token in a later portion, and malformed bytes in the last', async () => {
    const tokenizer = await Tokenizer.fromFile(realTokenizerPath('gpt2'), { backend });
    const text = textOf(native ? 24 << 20 : 1 << 18);
    const token = new TextEncoder().encode('<|endoftext|>');
    const refused = text.slice();
    refused.set(token, refused.length - 100_000);
    const options = { allowedSpecial: new Set<string>() };
    const outcome = await settled(tokenizer.encodeAsync(refused, options));
    if ('error' in outcome) expect(outcome.error).toMatchObject({ code: 'DISALLOWED_SPECIAL' });
    const malformed = text.slice();
    malformed[malformed.length - 1] = 0xff;
    expect(await settled(tokenizer.encodeAsync(malformed, { invalidUtf8: 'error' }))).toMatchObject({ error: { code: 'INVALID_UTF8' } });
    const mended = await tokenizer.encodeAsync(malformed);
    expect(Buffer.compare(Buffer.from(mended.buffer), Buffer.from(tokenizer.encode(malformed).buffer))).toBe(0);
    tokenizer.dispose();
  }, 120_000);
});

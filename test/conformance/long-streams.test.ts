/** Streams of long chunks, which threads encode while the next one is read. */
import { Tokenizer } from '../../lib/index';
import { realTokenizerPath } from '../oracles/real-tokenizers';
import { describeEachBackend } from './backends';
import { TEXT_SAMPLES } from './texts';

const NATURAL = TEXT_SAMPLES.map(({ text }) => text).join('\n');
const CHUNK = 300_000;
const TIMEOUT = 120_000;

/** Text of some length, in which what is hard to cut comes in long stretches. */
function longText(bytes: number): Uint8Array {
  const hard = [
    ' '.repeat(700),
    '\n'.repeat(500),
    '7'.repeat(900),
    'x'.repeat(400),
    '\r\n,'.repeat(300),
    '中文'.repeat(200),
    '1,2\n'.repeat(300),
  ];
  const parts: Buffer[] = [];
  for (let size = 0, i = 0; size < bytes; i++) {
    const part = Buffer.from(NATURAL.slice((i * 977) % 3000) + hard[i % hard.length]);
    parts.push(part);
    size += part.length;
  }
  return Buffer.concat(parts).subarray(0, bytes);
}

function* chunksOf(bytes: Uint8Array, size: number): Generator<Uint8Array, void, undefined> {
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size);
}

/** Of ids, without the report of all that differ. */
function firstDifference(ids: Uint32Array, expected: Uint32Array): number {
  const at = ids.findIndex((id, i) => id !== expected[i]);
  return at < 0 && ids.length !== expected.length ? Math.min(ids.length, expected.length) : at;
}

async function collected(stream: AsyncIterable<Uint32Array>): Promise<Uint32Array> {
  const parts: Uint32Array[] = [];
  for await (const part of stream) parts.push(part);
  const ids = new Uint32Array(parts.reduce((sum, part) => sum + part.length, 0));
  parts.reduce((at, part) => (ids.set(part, at), at + part.length), 0);
  return ids;
}

describeEachBackend('long streams', (backend) => {
  let gpt2: Tokenizer;
  beforeAll(async () => void (gpt2 = await Tokenizer.fromFile(realTokenizerPath('gpt2'), { backend })), TIMEOUT);
  afterAll(() => gpt2.dispose());

  test.each(['gpt2', 'gpt4o', 'deepseek_v3', 'command_r_plus', 'llama2', 'claude'])(
    '%s: the ids of one call',
    async (name) => {
      using tokenizer = await Tokenizer.fromFile(realTokenizerPath(name), { backend });
      const bytes = longText(2_000_000);
      const expected = tokenizer.encode(bytes);
      for (const size of [CHUNK, 1_000_000, 70_001]) {
        const ids = await collected(tokenizer.encodeStream(chunksOf(bytes, size)));
        expect([size, firstDifference(ids, expected)]).toEqual([size, -1]);
      }
    },
    TIMEOUT,
  );

  test('letters that are rewritten with a mark behind them, on threads', async () => {
    using tokenizer = await Tokenizer.fromFile(realTokenizerPath('qwen3'), { backend });
    const text = '\u0958\n\u09dc\r\n'.repeat(80_000);
    const { values } = await tokenizer.encodeBatch([text]);
    expect(firstDifference(values, tokenizer.encode(text))).toBe(-1);
  }, 120_000);

  test('a chunk may be changed as soon as the next one is asked for', async () => {
    const bytes = longText(3 * CHUNK);
    const buffer = new Uint8Array(CHUNK);
    async function* reused(): AsyncGenerator<Uint8Array> {
      for (const chunk of chunksOf(bytes, CHUNK)) {
        buffer.set(chunk);
        yield buffer;
      }
    }
    expect(firstDifference(await collected(gpt2.encodeStream(reused())), gpt2.encode(bytes))).toBe(-1);
  });

  test('ids do not wait for a chunk that is long in coming', async () => {
    const bytes = longText(CHUNK);
    let release = (): void => undefined;
    async function* slow(): AsyncGenerator<Uint8Array> {
      yield bytes;
      await new Promise<void>((resolve) => (release = resolve));
    }
    const stream = gpt2.encodeStream(slow());
    const { value } = (await stream.next()) as { value: Uint32Array };
    release();
    const rest = await collected(stream);
    expect([...value, ...rest]).toEqual(Array.from(gpt2.encode(bytes)));
  });

  test('who wants no more ends the source', async () => {
    let closed = 0;
    async function* source(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) yield longText(CHUNK);
      } finally {
        closed++;
      }
    }
    for await (const ids of gpt2.encodeStream(source())) if (ids.length > 0) break;
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(closed).toBe(1);
  });

  test('what came before an error of the source is given out', async () => {
    const bytes = longText(CHUNK);
    const failure = new Error('no more');
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield bytes;
      throw failure;
    }
    let ids: number[] = [];
    const reading = (async () => {
      for await (const part of gpt2.encodeStream(failing())) ids = ids.concat(Array.from(part));
    })();
    await expect(reading).rejects.toBe(failure);
    expect(ids.length).toBeGreaterThan(1000);
    expect(ids).toEqual(Array.from(gpt2.encode(bytes).subarray(0, ids.length)));
  });

  test('a tokenizer that is disposed of meanwhile', async () => {
    const tokenizer = await Tokenizer.fromFile(realTokenizerPath('gpt2'), { backend });
    const stream = tokenizer.encodeStream(chunksOf(longText(3 * CHUNK), CHUNK));
    const first = stream.next();
    tokenizer.dispose();
    await expect(first).rejects.toMatchObject({ code: 'DISPOSED' });
  });

  test.each([CHUNK, 1000])('a refused token is named with its place in the whole (chunks of %i)', async (size) => {
    using tokenizer = await Tokenizer.forEncoding('cl100k_base', { backend });
    const before = Buffer.from('all is well, '.repeat(CHUNK / 10));
    const bytes = Buffer.concat([before, Buffer.from('<|endoftext|>'), longText(2 * CHUNK)]);
    await expect(collected(tokenizer.encodeStream(chunksOf(bytes, size)))).rejects.toMatchObject({
      code: 'DISALLOWED_SPECIAL',
      message: expect.stringContaining(`at byte ${before.length}.`) as string,
    });
  });

  test('malformed bytes at the end of a long chunk', async () => {
    const bytes = Buffer.concat([longText(CHUNK), Uint8Array.of(0xf0, 0x9f), longText(CHUNK)]);
    expect(firstDifference(await collected(gpt2.encodeStream(chunksOf(bytes, CHUNK + 1))), gpt2.encode(bytes))).toBe(-1);
    await expect(collected(gpt2.encodeStream(chunksOf(bytes, CHUNK + 1), { invalidUtf8: 'error' }))).rejects.toMatchObject({
      code: 'INVALID_UTF8',
    });
  });

  test('tokens that were added between two streams', async () => {
    using tokenizer = await Tokenizer.fromFile(realTokenizerPath('gpt2'), { backend });
    const text = 'one three words of it two '.repeat(40);
    await collected(tokenizer.encodeStream([text]));
    tokenizer.addTokens([`three words of it two ${'one three words of it two '.repeat(20)}`]);
    const characters = Array.from(text);
    expect(Array.from(await collected(tokenizer.encodeStream(characters)))).toEqual(Array.from(tokenizer.encode(text)));
  });
});

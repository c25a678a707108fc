/** Large arrays, which threads read where they lie: a batch of them is encoded as each by itself, whatever they hold. */
import { Tokenizer } from '../../lib/index';
import { realTokenizerPath } from '../oracles/real-tokenizers';
import { describeEachBackend } from './backends';
import { TEXT_SAMPLES } from './texts';

const utf8 = new TextEncoder();
const SAMPLES = utf8.encode(TEXT_SAMPLES.map(({ text }) => text).join('\n'));

/** Whole copies of the samples, with a line of their number before each. */
function large(size: number): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let length = 0, i = 0; length < size; length += parts[i++].length) parts.push(utf8.encode(`\nCopy ${i}\n`), SAMPLES);
  return new Uint8Array(Buffer.concat(parts));
}

const LARGE = large(400_000);
const MALFORMED = LARGE.slice();
// Within a portion; where a portion may end (after 2 ** 18 bytes); and at the end.
for (const place of [1000, 262_150, LARGE.length - 1]) MALFORMED[place] = 0xf4;

describeEachBackend('large texts', (backend) => {
  describe.each(['gpt2', 'llama2'])('%s', (name) => {
    let tokenizer: Tokenizer;
    beforeAll(async () => {
      tokenizer = await Tokenizer.fromFile(realTokenizerPath(name), { backend });
    });
    afterAll(() => tokenizer.dispose());

    const shared = new Uint8Array(new SharedArrayBuffer(80_000));
    shared.set(LARGE.subarray(0, 80_000 - 3));
    const empty = new Uint8Array(0);
    const options = { allowedSpecial: 'none' } as const;

    test('a batch of arrays and strings, well-formed and not', async () => {
      const texts = [
        'short',
        MALFORMED,
        '',
        empty,
        LARGE,
        'ends here',
        LARGE.subarray(7, 70_000),
        MALFORMED.subarray(0, 100_000),
        shared,
        empty,
      ];
      const batch = await tokenizer.encodeBatch(texts, options);
      const each = texts.map((text) => tokenizer.encode(text, options));
      expect(Array.from(batch.offsets)).toEqual(each.reduce((ends, ids) => [...ends, ends[ends.length - 1] + ids.length], [0]));
      expect(Buffer.from(batch.values.slice().buffer).equals(Buffer.concat(each.map((ids) => Buffer.from(ids.slice().buffer))))).toBe(true);
    });

    test('one that is malformed is an error where that is asked for', async () => {
      const refusing = { ...options, invalidUtf8: 'error' } as const;
      await expect(tokenizer.encodeBatch([LARGE, MALFORMED.subarray(0, 90_000)], refusing)).rejects.toMatchObject({ code: 'INVALID_UTF8' });
    });

    test('other work holds up the loop that copies for threads', async () => {
      const text = large(backend === 'native' ? 24_000_000 : 400_000);
      let encoding = true;
      const busy = (): void => {
        for (const end = performance.now() + 25; performance.now() < end;);
        if (encoding) setImmediate(busy);
      };
      busy();
      const ids = await tokenizer.encodeAsync(text, options);
      encoding = false;
      expect(Buffer.compare(Buffer.from(ids.buffer), Buffer.from(tokenizer.encode(text, options).buffer))).toBe(0);
    }, 60_000);

    test('once it is aborted, the texts may change', async () => {
      const text = LARGE.slice();
      const controller = new AbortController();
      const encoding = tokenizer.encodeAsync(text, { ...options, signal: controller.signal });
      setImmediate(() => controller.abort());
      await expect(encoding).rejects.toMatchObject({ code: 'ABORTED' });
      text.fill(0xff);
    });
  });

  test('malformed text is an error before a refused token, and replaced before that is told', async () => {
    const tokenizer = await Tokenizer.forEncoding('r50k_base', { backend });
    const both = new Uint8Array(Buffer.concat([MALFORMED.subarray(0, 90_000), utf8.encode('<|endoftext|>')]));
    await expect(tokenizer.encodeAsync(both, { invalidUtf8: 'error' })).rejects.toMatchObject({ code: 'INVALID_UTF8' });
    // One malformed byte became the three of U+FFFD.
    const place = LARGE.length + both.length - '<|endoftext|>'.length + 2;
    await expect(tokenizer.encodeBatch([LARGE, both])).rejects.toMatchObject({
      code: 'DISALLOWED_SPECIAL',
      message: expect.stringContaining(`at byte ${place}.`) as string,
    });
    tokenizer.dispose();
  });
});

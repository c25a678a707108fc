/** Many texts back to back: in one array or several, at once or in turns of the event loop, as TextEncoder writes each of them. */
import { MerganserError } from '../../lib/index';
import { type Chunking, chunkTexts, joinTexts } from '../../lib/tokenizer/text-joiner';

const encoder = new TextEncoder();
const CHUNKING: Chunking = { ownChunkBytes: 1 << 16, allocate: (bytes) => new Uint8Array(bytes) };

const PARTS = ['a', 'word ', 'é', '語', '😀', '\ud83d', '\ude00', '', 'x'.repeat(100)];
/** The n-th of texts that are all different. */
function text(n: number): string {
  let made = '';
  for (let seed = n * 7919 + 1, i = n % 23; i > 0; i--, seed = (seed * 48271) % 0x7fffffff) made += PARTS[seed % PARTS.length];
  return made;
}

const LONG = 1 << 18;
/** Strings that are converted in parts, with a pair of surrogates where a part may end. */
const LONG_TEXTS = [
  'x'.repeat(LONG - 1) + '😀'.repeat(10),
  'é'.repeat(3 * LONG + 5),
  '語'.repeat(2 * LONG),
  `${'x'.repeat(LONG - 1)}\ud83d`,
  `${'x'.repeat(LONG - 1)}\ud83dx`,
];

const expected = (texts: readonly (string | Uint8Array)[]): Uint8Array[] =>
  texts.map((each) => (typeof each === 'string' ? encoder.encode(each) : each));

describe.each([
  ['one array', null],
  ['several', CHUNKING],
] as const)('%s', (_, chunking) => {
  const check = async (texts: readonly (string | Uint8Array)[]): Promise<number> => {
    const { chunks, offsets } = await chunkTexts(texts, 'replace', chunking, undefined);
    const whole = expected(texts);
    expect(Array.from(offsets)).toEqual(whole.reduce((ends, { length }) => [...ends, ends[ends.length - 1] + length], [0]));
    expect(Buffer.concat(chunks).equals(Buffer.concat(whole))).toBe(true);
    // No text lies in two of them.
    let end = 0;
    const ends = new Set(offsets);
    for (const chunk of chunks) expect(ends.has((end += chunk.length))).toBe(true);
    if (chunking === null) expect(chunks).toHaveLength(1);
    return chunks.length;
  };

  test('short texts', async () => {
    for (const count of [0, 1, 2, 63, 64, 65, 500, 2000]) await check(Array.from({ length: count }, (_, i) => text(i)));
  });

  test('ASCII first, then others', async () => {
    await check([
      ...Array.from({ length: 300 }, (_, i) => `text ${i}`),
      ...Array.from({ length: 900 }, (_, i) => (i % 400 < 3 ? 'é' : 'e')),
    ]);
  });

  test('long strings among short ones', async () => {
    for (const long of LONG_TEXTS) await check(['short', long, 'é', long, 'end']);
    await check(LONG_TEXTS);
  });

  test('arrays among strings', async () => {
    await check([
      'a',
      new Uint8Array(70_000).fill(0x61),
      'é',
      new Uint8Array(5).fill(0x62),
      LONG_TEXTS[0],
      new Uint8Array(70_000).fill(0x63),
    ]);
  });

  test('more than a chunk', async () => {
    const count = await check([...Array.from({ length: 40 }, (_, i) => `${text(i)}é`.repeat(5_000)), ...LONG_TEXTS, 'end']);
    if (chunking !== null) expect(count).toBeGreaterThan(1);
  });
});

describe('in turns', () => {
  const texts = (): string[] => Array.from({ length: 60 }, (_, i) => `${text(i)}é語`.repeat(5_000));

  test('the event loop goes on, and the list may change', async () => {
    const list = texts();
    const whole = Buffer.concat(expected(list));
    const converting = chunkTexts(list, 'replace', CHUNKING, undefined);
    expect(converting).toBeInstanceOf(Promise);
    list.fill('');
    const turned = new Promise<'turned'>((resolve) => setImmediate(resolve, 'turned'));
    expect(await Promise.race([converting, turned])).toBe('turned');
    expect(Buffer.concat((await converting).chunks).equals(whole)).toBe(true);
  });

  test('is aborted', async () => {
    const controller = new AbortController();
    const converting = chunkTexts(texts(), 'replace', CHUNKING, controller.signal);
    controller.abort();
    await expect(converting).rejects.toMatchObject({ code: 'ABORTED' });
  });

  test('arrays are copied before the caller goes on', () => {
    const joined = chunkTexts([...texts(), new Uint8Array(4)], 'replace', CHUNKING, undefined);
    expect(joined).toHaveProperty('chunks');
  });

  test('what is no text is refused at once', () => {
    expect(() => chunkTexts([...texts(), 5 as never], 'replace', CHUNKING, undefined)).toThrow(MerganserError);
  });
});

test('malformed bytes are replaced, or an error', () => {
  const malformed = Uint8Array.of(0x61, 0xff);
  expect(Array.from(joinTexts(['b', malformed], 'replace').bytes.subarray(0, 5))).toEqual([0x62, 0x61, 0xef, 0xbf, 0xbd]);
  expect(() => joinTexts([malformed], 'error')).toThrow(expect.objectContaining({ code: 'INVALID_UTF8' }));
});

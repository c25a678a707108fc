/** The encoder's forms: sync and async, one text and many, strings and bytes. Ids as such are compared with the oracles elsewhere. */
import { createJsKernels } from '../../../lib/backend/js/kernels';
import { AddedTokenAction, DisallowedAddedToken, type EncoderSpec } from '../../../lib/backend/kernels';
import { tiktokenBpeSpec } from '../../../lib/tokenizer/load/bpe-spec';
import { compilePattern } from '../../../lib/tokenizer/pattern/compile';
import { scannerFamily } from '../../../lib/tokenizer/pattern/families';
import { wellFormed } from '../../oracles/strings';
import { TIKTOKEN_PATTERNS } from '../../oracles/tiktoken';

const kernels = createJsKernels();
const utf8 = new TextEncoder();
const ALL = { actions: null };
const END = 256;

/** Every byte is its own id; `aa` is 257, four of them 258. */
const BYTES = tiktokenBpeSpec({
  tokenBytes: Uint8Array.from([...Array(256).keys(), ...utf8.encode('aaaaaa')]),
  tokenOffsets: Uint32Array.from([...Array(257).keys(), 256, 258, 262]),
});

function encoderOf(overrides: Partial<EncoderSpec> = {}): ReturnType<typeof kernels.createEncoder> {
  const source = TIKTOKEN_PATTERNS.cl100k_base;
  return kernels.createEncoder({
    model: BYTES,
    added: [{ content: utf8.encode('<end>'), id: END, special: true, singleWord: false, lstrip: false, rstrip: false }],
    nfc: false,
    spaceAlias: false,
    prefixSpace: 'never',
    steps: [
      {
        kind: 'pattern',
        source,
        pattern: compilePattern(source, 'fancy-regex'),
        scanner: scannerFamily(source, 'fancy-regex'),
        behavior: 'removed',
        invert: true,
        overAlphabet: false,
      },
    ],
    cacheBytes: 1 << 16,
    scanner: null,
    ...overrides,
  });
}

/** Longer than any buffer that is kept. */
const LONG = Array.from({ length: 6_000 }, (_, i) => `${i} the quick brown fox; ${i % 100 === 0 ? '<end>' : '\n'}`).join('');

/** Compares ids as bytes: `toEqual` takes seconds on long arrays. */
function expectIds(received: Uint32Array, expected: Uint32Array): void {
  expect(received.length).toBe(expected.length);
  const [left, right] = [received, expected].map((ids) => Buffer.from(ids.buffer, ids.byteOffset, ids.byteLength));
  expect(Buffer.compare(left, right)).toBe(0);
}

test('strings and bytes, short and long, give the same ids', () => {
  const encoder = encoderOf();
  for (const text of ['', 'é', 'short', 'a'.repeat(100), 'ü'.repeat(40_000), LONG]) {
    const bytes = utf8.encode(text);
    const expected = kernels.encode(encoder, bytes, ALL);
    expectIds(kernels.encode(encoder, text, ALL), expected);
    // A view at an odd offset of a larger buffer.
    const larger = new Uint8Array(bytes.length + 5);
    larger.set(bytes, 3);
    expectIds(kernels.encode(encoder, larger.subarray(3, 3 + bytes.length), ALL), expected);
  }
});

test('lone surrogates are U+FFFD', () => {
  const encoder = encoderOf();
  for (const text of ['\ud800', 'a\udc00b', `${'x'.repeat(100_000)}\ud83d`]) {
    expectIds(kernels.encode(encoder, text, ALL), kernels.encode(encoder, wellFormed(text), ALL));
  }
});

test('a batch is its texts one by one, now and later', async () => {
  const encoder = encoderOf();
  const texts = ['', 'one', LONG, '<end>', '', 'aaaaa<end>é'];
  const parts = texts.map((text) => utf8.encode(text));
  const offsets = Uint32Array.from([0, ...parts.map((_, i) => parts.slice(0, i + 1).reduce((sum, part) => sum + part.length, 0))]);
  const joined = utf8.encode(texts.join(''));
  const values = texts.flatMap((text) => Array.from(kernels.encode(encoder, text, ALL)));
  const later = kernels.encodeBatchAsync(encoder, { chunks: [joined], offsets, checked: true }, ALL);
  const now = kernels.encodeBatch(encoder, joined, offsets, ALL);
  expectIds(now.values, Uint32Array.from(values));
  const { values: laterValues, offsets: laterOffsets } = await later;
  expectIds(laterValues, now.values);
  expect(laterOffsets).toEqual(now.offsets);
  expect(Array.from(now.offsets.subarray(0, 3))).toEqual([0, 0, 3]);
  expect(kernels.encodeBatch(encoder, new Uint8Array(0), new Uint32Array(1), ALL)).toEqual({
    values: new Uint32Array(0),
    offsets: new Uint32Array(1),
  });
});

test('counting stops at the limit', () => {
  const encoder = encoderOf();
  const exact = kernels.encode(encoder, LONG, ALL).length;
  expect(kernels.count(encoder, LONG, ALL, Infinity)).toBe(exact);
  expect(kernels.count(encoder, LONG, ALL, exact)).toBe(exact);
  const stopped = kernels.count(encoder, LONG, ALL, 100);
  expect(stopped).toBeGreaterThan(100);
  expect(stopped).toBeLessThan(exact / 10);
});

describe('encodeBatchAsync', () => {
  const text = utf8.encode(LONG.repeat(10));
  const texts = { chunks: [text], offsets: Uint32Array.of(0, text.length), checked: true };

  test('lets the event loop run', async () => {
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    await kernels.encodeBatchAsync(encoderOf({ cacheBytes: 0 }), texts, ALL);
    clearInterval(timer);
    expect(turns).toBeGreaterThan(2);
  });

  test('rejects when it is aborted, before and meanwhile', async () => {
    const encoder = encoderOf();
    const aborted = expect.objectContaining({ code: 'ABORTED' });
    await expect(kernels.encodeBatchAsync(encoder, texts, { ...ALL, signal: AbortSignal.abort() })).rejects.toEqual(aborted);
    const controller = new AbortController();
    setImmediate(() => controller.abort('enough'));
    await expect(kernels.encodeBatchAsync(encoder, texts, { ...ALL, signal: controller.signal })).rejects.toEqual(aborted);
  });
});

describe('added tokens', () => {
  const encoder = encoderOf();
  const withAction = (action: AddedTokenAction): { actions: Uint8Array } => ({ actions: Uint8Array.of(action) });

  test('become their ids, or are text', () => {
    expect(Array.from(kernels.encode(encoder, 'x<end>', withAction(AddedTokenAction.Token)))).toEqual([0x78, END]);
    expect(Array.from(kernels.encode(encoder, 'x<end>', withAction(AddedTokenAction.Text)))).toEqual([...utf8.encode('x<end>')]);
  });

  test('are refused, with their place', () => {
    const refused = new DisallowedAddedToken(0, 3);
    const encode = (text: string): unknown => {
      try {
        return kernels.encode(encoder, text, withAction(AddedTokenAction.Refuse));
      } catch (error) {
        return error;
      }
    };
    expect(encode('éx<end>')).toEqual(refused);
    expect(encode('<end')).toEqual(Uint32Array.from(utf8.encode('<end')));
  });
});

test('a megabyte of one letter', () => {
  const without = encoderOf({ steps: [] });
  for (const encoder of [encoderOf(), without]) {
    const ids = kernels.encode(encoder, 'a'.repeat(1_000_001), ALL);
    expect(ids.length).toBe(250_001);
    expect(new Set(ids.subarray(0, 250_000))).toEqual(new Set([258]));
    expect(ids[250_000]).toBe(0x61);
  }
});

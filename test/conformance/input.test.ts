/** What a text may be: strings with lone surrogates, UTF-8 bytes, bytes that are not UTF-8. The host's TextDecoder says what bytes mean. */
import { type MerganserError, Tokenizer } from '../../lib/index';
import { realTokenizerPath } from '../oracles/real-tokenizers';
import { nastyStrings } from '../oracles/strings';
import { describeEachBackend } from './backends';

/** Every kind of malformed UTF-8, alone and between letters. */
const MALFORMED: ReadonlyArray<readonly [string, readonly number[]]> = [
  ['lone continuation', [0x80]],
  ['continuations', [0xbf, 0x80, 0xbf]],
  ['lead of two, cut off', [0xc3]],
  ['lead of three, cut off', [0xe4, 0xbd]],
  ['lead of four, cut off after two', [0xf0, 0x9f]],
  ['lead of four, cut off after three', [0xf0, 0x9f, 0x98]],
  ['overlong of two', [0xc0, 0x80]],
  ['overlong of two, C1', [0xc1, 0xbf]],
  ['overlong of three', [0xe0, 0x80, 0x80]],
  ['overlong of three, highest', [0xe0, 0x9f, 0xbf]],
  ['overlong of four', [0xf0, 0x80, 0x80, 0x80]],
  ['overlong of four, highest', [0xf0, 0x8f, 0xbf, 0xbf]],
  ['high surrogate', [0xed, 0xa0, 0x80]],
  ['low surrogate', [0xed, 0xbf, 0xbf]],
  ['surrogate pair (CESU-8)', [0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80]],
  ['above U+10FFFF', [0xf4, 0x90, 0x80, 0x80]],
  ['lead F5', [0xf5, 0x80, 0x80, 0x80]],
  ['lead F8 of five', [0xf8, 0x88, 0x80, 0x80, 0x80]],
  ['FE and FF', [0xfe, 0xff]],
  ['lead after lead', [0xe4, 0xe4, 0xbd, 0xa0]],
  ['cut off before ASCII', [0xf0, 0x9f, 0x98, 0x41]],
];

const TOKENIZERS = ['gpt2', 'gpt4o', 'deepseek_v3', 'qwen3', 'claude', 'llama2', 'gemma3'];

describeEachBackend('input', (backend) => {
  describe.each(TOKENIZERS)('%s', (name) => {
    let tokenizer: Tokenizer;
    beforeAll(async () => {
      tokenizer = await Tokenizer.fromFile(realTokenizerPath(name), { backend });
    });
    afterAll(() => tokenizer.dispose());

    const surrounded = (bytes: readonly number[]): Uint8Array[] =>
      [
        bytes,
        [0x61, ...bytes, 0x62],
        [0x20, ...bytes, 0x20],
        [...bytes, ...bytes, 0xe4, 0xbd, 0xa0],
        [...Array<number>(70).fill(0x61), ...bytes],
      ].map((all) => Uint8Array.from(all));

    test.each(MALFORMED)('malformed UTF-8: %s', (_title, malformed) => {
      for (const bytes of surrounded(malformed)) {
        const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
        expect(Array.from(tokenizer.encode(bytes))).toEqual(Array.from(tokenizer.encode(text)));
        expect(tokenizer.count(bytes)).toBe(tokenizer.count(text));
        expect(Array.from(tokenizer.encodeFull(bytes).ids)).toEqual(Array.from(tokenizer.encode(text)));
        const refused = expect.objectContaining({ name: 'MerganserError', code: 'INVALID_UTF8' });
        expect(thrown(() => tokenizer.encode(bytes, { invalidUtf8: 'error' }))).toEqual(refused);
        expect(thrown(() => tokenizer.count(bytes, { invalidUtf8: 'error' }))).toEqual(refused);
        expect(thrown(() => tokenizer.encodeBatchSync([bytes], { invalidUtf8: 'error' }))).toEqual(refused);
      }
    });

    test('a byte order mark is a character like others, in bytes and strings', () => {
      for (const text of ['\ufeff', '\ufeffabc', 'a\ufeffb']) {
        const bytes = new TextEncoder().encode(text);
        expect(Array.from(tokenizer.encode(bytes))).toEqual(Array.from(tokenizer.encode(text)));
        expect(tokenizer.decode(tokenizer.encode(bytes), { skipSpecialTokens: true }).endsWith(text)).toBe(true);
      }
    });

    test('bytes and strings are the same text', () => {
      for (const text of nastyStrings()) {
        const bytes = new TextEncoder().encode(text);
        expect(Array.from(tokenizer.encode(bytes, { invalidUtf8: 'error' }))).toEqual(Array.from(tokenizer.encode(text)));
        const fromBytes = tokenizer.encodeFull(bytes);
        const fromText = tokenizer.encodeFull(text);
        expect(Array.from(fromBytes.offsets)).toEqual(Array.from(fromText.offsets));
        expect(Array.from(fromBytes.byteOffsets)).toEqual(Array.from(fromText.byteOffsets));
      }
    });

    test('byte offsets are the UTF-16 offsets in bytes', () => {
      for (const text of nastyStrings()) {
        const { offsets, byteOffsets } = tokenizer.encodeFull(text);
        const before = (units: number): number => new TextEncoder().encode(text.slice(0, units)).length;
        expect(Array.from(byteOffsets)).toEqual(Array.from(offsets, before));
      }
    });

    test('views into larger buffers, and Node buffers', () => {
      const whole = new TextEncoder().encode('....Hello wörld....');
      const view = whole.subarray(4, whole.length - 4);
      const expected = Array.from(tokenizer.encode('Hello wörld'));
      expect(Array.from(tokenizer.encode(view))).toEqual(expected);
      expect(Array.from(tokenizer.encode(Buffer.from('Hello wörld')))).toEqual(expected);
    });

    test.each([[undefined], [null], [7], [{}], [['a']], [new ArrayBuffer(4)], [new Uint16Array(2)], [Symbol('a')]])(
      'not a text: %p',
      (value) => {
        const refused = expect.objectContaining({ name: 'MerganserError', code: 'INVALID_ARGUMENT' });
        expect(thrown(() => tokenizer.encode(value as never))).toEqual(refused);
        expect(thrown(() => tokenizer.encodeFull(value as never))).toEqual(refused);
        expect(thrown(() => tokenizer.count(value as never))).toEqual(refused);
        expect(thrown(() => tokenizer.encodeBatchSync([value as never]))).toEqual(refused);
        expect(thrown(() => tokenizer.encode('a', { pair: (value ?? 7) as never }))).toEqual(refused);
      },
    );

    test.each([[[-1]], [[0.5]], [[2 ** 32]], [[Number.NaN]], [['a']], [7], [undefined]])('not ids: %p', (value) => {
      const refused = expect.objectContaining({ name: 'MerganserError' });
      expect(thrown(() => tokenizer.decode(value as never))).toEqual(refused);
    });

    test('ids beyond the vocabulary decode to nothing, as in Hugging Face', () => {
      expect(tokenizer.decode([99_999_999])).toBe('');
    });
  });
});

/** A cut is looked for on this thread at 256 KiB, which finds what is malformed there; then it is mended before anybody looks for it. */
test('bytes that change while they are encoded: ids, or an error that says so', async () => {
  const tokenizer = await Tokenizer.forEncoding('gpt2');
  const bytes = new Uint8Array(600_000).fill(0x61).fill(0xff, 1 << 18, (1 << 18) + 4096);
  const encoded = tokenizer.encodeBatch([bytes]).then(
    () => 'encoded',
    (error: unknown) => [(error as Error).name, (error as MerganserError).code],
  );
  bytes.fill(0x62);
  expect(['encoded', ['MerganserError', 'INVALID_UTF8']]).toContainEqual(await encoded);
  tokenizer.dispose();
});

test('more bytes than offsets of 32 bits can say', async () => {
  class Huge extends Uint8Array {
    override get length(): 4_294_967_296 {
      return 4_294_967_296;
    }
  }
  const tokenizer = await Tokenizer.forEncoding('gpt2');
  const refused = expect.objectContaining({ name: 'MerganserError', code: 'INVALID_ARGUMENT' });
  expect(thrown(() => tokenizer.encode(new Huge(0)))).toEqual(refused);
  expect(thrown(() => tokenizer.count(new Huge(0)))).toEqual(refused);
  tokenizer.dispose();
});

function thrown(attempt: () => unknown): unknown {
  try {
    return attempt();
  } catch (error) {
    return error;
  }
}

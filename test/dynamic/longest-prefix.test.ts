/** Longest prefixes against a loop over a Map, on random tokens and on real vocabularies. */
import fc from 'fast-check';
import { LongestPrefixEncoder, type TextInput, Tokenizer } from '../../lib/index';
import { BACKENDS, describeEachBackend } from '../conformance/backends';
import { FUZZ_SEED, fuzzRuns } from '../conformance/fuzz';
import { TEXT_SAMPLES } from '../conformance/texts';
import { realTokenizerPath } from '../oracles/real-tokenizers';

const UNKNOWN = 0xffff;
const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
const utf8 = new TextEncoder();
const bytesOf = (text: TextInput): Uint8Array => (typeof text === 'string' ? utf8.encode(text) : text);

/** What the definition says: try every length, the longest first. */
function longestPrefixes(tokens: readonly TextInput[]): (text: Uint8Array) => number[] {
  const ids = new Map<string, number>();
  tokens.forEach((token, id) => {
    const key = latin1(bytesOf(token));
    if (!ids.has(key)) ids.set(key, id);
  });
  ids.delete('');
  const longest = Math.max(0, ...[...ids.keys()].map(({ length }) => length));
  return (text) => {
    const whole = latin1(text);
    const result: number[] = [];
    for (let at = 0; at < whole.length;) {
      let size = Math.min(longest, whole.length - at);
      while (size > 0 && !ids.has(whole.slice(at, at + size))) size--;
      result.push(size === 0 ? UNKNOWN : ids.get(whole.slice(at, at + size))!);
      at += Math.max(1, size);
    }
    return result;
  };
}

const ascii = (characters: string, maxLength: number): fc.Arbitrary<Uint8Array> =>
  fc.array(fc.constantFrom(...characters), { maxLength }).map((list) => utf8.encode(list.join('')));

describe('random tokens', () => {
  it.each([
    ['few letters', ascii('ab', 7), ascii('abc', 60)],
    ['any bytes', fc.uint8Array({ maxLength: 3 }), fc.uint8Array({ maxLength: 60 })],
    ['long tokens', ascii('a', 300), ascii('ab', 400)],
  ])('are found as the definition says: %s', (_, token, text) => {
    fc.assert(
      fc.property(fc.array(token, { maxLength: 60 }), fc.array(text, { maxLength: 4 }), (tokens, texts) => {
        const expected = longestPrefixes(tokens);
        for (const backend of BACKENDS) {
          using encoder = LongestPrefixEncoder.createSync(tokens, { unknownId: UNKNOWN, backend });
          const wellFormed = texts.map((bytes) => utf8.encode(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)));
          const { values, offsets } = encoder.encodeBatchSync(texts);
          wellFormed.forEach((bytes, i) => expect(Array.from(values.subarray(offsets[i], offsets[i + 1]))).toEqual(expected(bytes)));
        }
      }),
      { numRuns: fuzzRuns(200), seed: FUZZ_SEED },
    );
  });
});

describeEachBackend('LongestPrefixEncoder', (backend) => {
  const samples = TEXT_SAMPLES.map(({ text }) => text.slice(0, 800));

  it.each(['gpt2', 'llama2'])('takes the tokens of %s', async (name) => {
    using tokenizer = Tokenizer.fromFileSync(realTokenizerPath(name), { backend });
    const special = new Set(tokenizer.addedTokens.filter((token) => token.special).map(({ id }) => id));
    const tokens = Array.from({ length: tokenizer.vocabSize }, (_, id): TextInput => {
      if (special.has(id) || id === tokenizer.tokenToId('<unk>')) return '';
      const text = tokenizer.idToToken(id)!;
      if (name === 'gpt2') return tokenizer.decodeBytes([id]);
      const byte = /^<0x([0-9A-F]{2})>$/.exec(text);
      return byte === null ? text.replaceAll('▁', ' ') : Uint8Array.of(Number.parseInt(byte[1], 16));
    });
    using encoder = await LongestPrefixEncoder.create(tokenizer, { backend });
    const batch = await encoder.encodeBatch(samples);
    const idsOf = longestPrefixes(tokens);
    expect(batch).toEqual(encoder.encodeBatchSync(samples));
    samples.forEach((text, i) => {
      const expected = idsOf(utf8.encode(text));
      expect(Array.from(batch.values.subarray(batch.offsets[i], batch.offsets[i + 1]))).toEqual(expected);
      expect(Array.from(encoder.encode(text))).toEqual(expected);
    });
    expect(encoder.memory).toBeGreaterThan(100_000);
  });

  it('tells where tokens stand', () => {
    using encoder = LongestPrefixEncoder.createSync(['ab', 'ä', '😀', Uint8Array.of(0xe2), Uint8Array.of(0x82, 0xac)], {
      backend,
      unknownId: 9,
    });
    const { ids, offsets } = encoder.encodeWithOffsets('ab€ä😀xab');
    expect(Array.from(ids)).toEqual([0, 3, 4, 1, 2, 9, 0]);
    expect(Array.from(offsets)).toEqual([0, 2, 2, 3, 2, 3, 3, 4, 4, 6, 6, 7, 7, 9]);
  });

  it('takes the lowest of equal tokens, and leaves out empty ones', () => {
    using encoder = LongestPrefixEncoder.createSync(['', 'b', 'a', 'a', 'ab', 'ab'], { backend });
    expect(Array.from(encoder.encode('abab' + 'ba'))).toEqual([4, 4, 1, 2]);
    expect(Array.from(encoder.encode(''))).toEqual([]);
    expect(encoder.encodeBatchSync([])).toEqual({ values: new Uint32Array(0), offsets: new Uint32Array(1) });
  });

  it('takes tokens back to back', () => {
    const table = { tokenBytes: utf8.encode('aab'), tokenOffsets: Uint32Array.of(0, 1, 3) };
    using encoder = LongestPrefixEncoder.createSync(table, { backend });
    expect(Array.from(encoder.encode('aaba'))).toEqual([0, 1, 0]);
    expect(encoder.vocabSize).toBe(2);
  });

  it('says where no token begins', async () => {
    using encoder = LongestPrefixEncoder.createSync(['a'], { backend });
    expect(() => encoder.encode('aab')).toThrow(/byte 0x62, at byte 2\./u);
    await expect(encoder.encodeBatch(['a', '', 'xa'])).rejects.toMatchObject({ code: 'UNKNOWN_TOKEN', message: /at byte 0 of text 2/u });
    using none = LongestPrefixEncoder.createSync([], { backend, unknownId: 0 });
    expect(Array.from(none.encode('ab'))).toEqual([0, 0]);
  });

  it('can be cancelled, and disposed of', async () => {
    await expect(LongestPrefixEncoder.create(['a'], { backend, signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'ABORTED' });
    const encoder = LongestPrefixEncoder.createSync(['a'], { backend });
    const controller = new AbortController();
    const encoding = encoder.encodeBatch(['a'.repeat(4_000_000)], { signal: controller.signal });
    controller.abort();
    await expect(encoding).rejects.toMatchObject({ code: 'ABORTED' });
    encoder.dispose();
    expect(() => encoder.encode('a')).toThrow(expect.objectContaining({ code: 'DISPOSED' }));
  });

  it('refuses what does not fit', () => {
    const create = (tokens: unknown, unknownId?: number) => (): unknown =>
      LongestPrefixEncoder.createSync(tokens as string[], { backend, ...(unknownId !== undefined && { unknownId }) });
    for (const bad of [null, 'ab', [1], { tokenBytes: utf8.encode('ab'), tokenOffsets: Uint32Array.of(0, 3) }, { tokenBytes: [1] }])
      expect(create(bad)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
    for (const unknownId of [0, 0.5, -2, NaN]) expect(create(['a'], unknownId)).toThrow(/unknownId/u);
  });
});

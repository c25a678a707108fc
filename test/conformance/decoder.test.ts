/** The decoder kernels of both backends against a concatenation of Node's own and its decoder of UTF-8. */
import { isUtf8 } from 'node:buffer';
import fc from 'fast-check';
import { loadNativeKernels } from '../../lib/backend/native';
import { createJsKernels } from '../../lib/backend/js/kernels';
import { type Kernels, PARTIAL_TOKEN, SPECIAL_TOKEN, UNKNOWN_TOKEN } from '../../lib/backend/kernels';
import { BACKENDS } from './backends';

interface Token {
  readonly bytes: Uint8Array;
  readonly traits: number;
}

const anyBytes = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }).map((text) => new TextEncoder().encode(text)),
  fc.string({ maxLength: 40 }).map((text) => new TextEncoder().encode(text)),
  // Parts of characters, and what is no UTF-8 at all: surrogates, overlong forms, bytes beyond the last character.
  fc
    .constantFrom(
      [0xe4, 0xb8],
      [0xad],
      [0xed, 0xa0, 0x80],
      [0xc0, 0x80],
      [0xf4, 0x90, 0x80, 0x80],
      [0xe0, 0x9f, 0xbf],
      [0xf0, 0x8f, 0xbf, 0xbf],
    )
    .map((bytes) => Uint8Array.from(bytes)),
  fc.uint8Array({ maxLength: 40 }),
);
const anyToken: fc.Arbitrary<Token> = fc.record({
  bytes: anyBytes,
  traits: fc.oneof(
    { weight: 30, arbitrary: fc.constant(0) },
    { weight: 3, arbitrary: fc.constant(SPECIAL_TOKEN) },
    fc.constant(UNKNOWN_TOKEN),
  ),
});

/** Bytes, bytes if they are UTF-8, a string. */
type Decoded = readonly [Uint8Array | null, Uint8Array | null, string | null];

function decoderOf(kernels: Kernels, tokens: readonly Token[]): (ids: readonly number[], skip: boolean) => Decoded {
  const tokenOffsets = Uint32Array.from([0, ...tokens.map(({ bytes }) => bytes.length)]);
  for (let i = 1; i < tokenOffsets.length; i++) tokenOffsets[i] += tokenOffsets[i - 1];
  const tokenBytes = new Uint8Array(Buffer.concat(tokens.map(({ bytes }) => bytes)));
  const traits = Uint8Array.from(tokens, (token) => token.traits | (isUtf8(token.bytes) ? 0 : PARTIAL_TOKEN));
  const handle = kernels.createDecoder({ tokenBytes, tokenOffsets, traits });
  return (numbers, skip) => {
    const ids = Uint32Array.from(numbers);
    return [kernels.decode(handle, ids, skip), kernels.decodeWellFormed(handle, ids, skip), kernels.decodeText(handle, ids, skip)];
  };
}

/** null if an id is unknown. */
function concatenated(tokens: readonly Token[], ids: readonly number[], skip: boolean): Buffer | null {
  const chosen = ids.map((id) => tokens.at(id) ?? { bytes: new Uint8Array(0), traits: UNKNOWN_TOKEN });
  if (chosen.some(({ traits }) => traits === UNKNOWN_TOKEN)) return null;
  return Buffer.concat(chosen.filter(({ traits }) => !skip || traits !== SPECIAL_TOKEN).map(({ bytes }) => bytes));
}

function expectEqual(tokens: readonly Token[], ids: readonly number[], skip: boolean, [bytes, wellFormedBytes, text]: Decoded): void {
  const expected = concatenated(tokens, ids, skip);
  if (expected === null) return expect([bytes, wellFormedBytes, text]).toEqual([null, null, null]);
  expect(Buffer.from(bytes!).equals(expected)).toBe(true);
  const replaced = new TextDecoder('utf-8', { ignoreBOM: true }).decode(expected);
  // Whole texts are no part of a failure's message: they are long.
  const wellFormed = Buffer.from(replaced).equals(expected);
  expect(text === (wellFormed ? replaced : null)).toBe(true);
  expect(wellFormedBytes === null ? null : Buffer.from(wellFormedBytes).equals(expected)).toBe(wellFormed ? true : null);
}

describe.each(BACKENDS)('%s', (backend) => {
  const kernels = backend === 'native' ? loadNativeKernels() : createJsKernels();

  test('random vocabularies and ids', () => {
    fc.assert(
      fc.property(
        fc.array(anyToken, { minLength: 1, maxLength: 30 }).chain((tokens) =>
          fc.record({
            tokens: fc.constant(tokens),
            ids: fc.array(fc.nat(tokens.length - 1), { maxLength: 60 }),
            times: fc.constantFrom(1, 1, 1, 20),
            skip: fc.boolean(),
          }),
        ),
        ({ tokens, ids, times, skip }) => {
          // Many ids are written several at a time.
          const all = Array.from({ length: times }, () => ids).flat();
          expectEqual(tokens, all, skip, decoderOf(kernels, tokens)(all, skip));
        },
      ),
      { numRuns: 1000 },
    );
  });

  test.each([
    [[0, 2]],
    [[0, 1, 0, 4_294_967_295, 0, 1, 0, 1, 0]],
    [[...Array<number>(900).fill(1), 2_147_483_650, ...Array<number>(99).fill(0)]],
  ])('ids beyond the vocabulary: %#', (ids) => {
    const tokens = ['a', 'bc'].map((text) => ({ bytes: new TextEncoder().encode(text), traits: 0 }));
    expect(decoderOf(kernels, tokens)(ids, false)).toEqual([null, null, null]);
  });

  test.each(['plain', 'of é and ß', '\u{feff}of 文字 and हिन्दी', 'of 😀'])('megabytes, %s', (word) => {
    const tokens = [word, ' ', 'a token of more than sixteen bytes'].map((text) => ({ bytes: new TextEncoder().encode(text), traits: 0 }));
    const ids = Array.from({ length: 200_001 }, (_, i) => (i * 7 + (i >> 3)) % 3);
    expectEqual(tokens, ids, false, decoderOf(kernels, tokens)(ids, false));
  });

  test.each(['é', '文字', '😀', 'a long one of characters: ж'])('the one token that is not ASCII is anywhere: %s', (odd) => {
    const tokens = ['plain', ' ', 'a token of more than sixteen bytes', odd].map((text) => ({
      bytes: new TextEncoder().encode(text),
      traits: 0,
    }));
    for (const count of [1, 9, 80, 700, 1300]) {
      for (const place of [0, 1, 7, 8, 64, 511, 512, 515, count - 65, count - 1]) {
        if (place < 0 || place >= count) continue;
        const ids = Array.from({ length: count }, (_, i) => (i === place ? 3 : i % 16 === 5 ? 2 : i % 2));
        expectEqual(tokens, ids, false, decoderOf(kernels, tokens)(ids, false));
      }
    }
  });
});

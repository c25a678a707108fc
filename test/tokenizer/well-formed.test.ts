import fc from 'fast-check';
import { wellFormedBytes, wellFormedBytesInTurns } from '../../lib/tokenizer/well-formed';

/** The platform's decoder is the reference, given everything at once. */
function reference(bytes: Uint8Array): Uint8Array {
  return new TextEncoder().encode(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes));
}

// Bytes of which most neighbours make sequences, cut sequences and errors.
const tellingByte = fc.constantFrom(
  0x41,
  0x80,
  0x82,
  0xa0,
  0xbf,
  0xc0,
  0xc3,
  0xe0,
  0xe2,
  0xed,
  0xef,
  0xbb,
  0xf0,
  0x9f,
  0x90,
  0xf4,
  0xf5,
  0xff,
);

/** Long enough for several turns, with a malformed byte near each end. */
function longText(): Uint8Array {
  const bytes = new Uint8Array(5_000_003).fill(0x61);
  bytes.set([0xe2, 0x82], bytes.length - 2);
  bytes[1000] = 0x92;
  return bytes;
}

describe('replacing what is no UTF-8', () => {
  test('window by window gives what the platform gives for the whole', () => {
    fc.assert(
      fc.property(fc.array(tellingByte, { maxLength: 80 }), fc.integer({ min: 4, max: 12 }), (values, window) => {
        const bytes = Uint8Array.from(values);
        expect(wellFormedBytes(bytes, 'replace', window)).toEqual(reference(bytes));
      }),
      { numRuns: 3000 },
    );
  });

  test('characters of all lengths across the ends of windows stay whole', () => {
    for (const character of ['é', '€', '👍', '\ufeff']) {
      for (let before = 0; before < 8; before++) {
        const bytes = Buffer.concat([Buffer.alloc(before, 'a'), Buffer.from(character.repeat(9)), Buffer.from([0x92])]);
        expect(Buffer.from(wellFormedBytes(bytes, 'replace', 8)).toString()).toBe(`${'a'.repeat(before)}${character.repeat(9)}\ufffd`);
      }
    }
  });

  test('more bytes that continue nothing than any sequence has', () => {
    const bytes = new Uint8Array(100).fill(0x80);
    expect(wellFormedBytes(bytes, 'replace', 16)).toEqual(reference(bytes));
  });

  test('what is well-formed comes back as it is, what is not as a copy', () => {
    const fine = Uint8Array.of(0x61, 0xc3, 0xa9);
    expect(wellFormedBytes(fine, 'error')).toBe(fine);
    const malformed = Uint8Array.of(0x61, 0xff, 0x62);
    expect(Buffer.from(wellFormedBytes(malformed, 'replace')).toString()).toBe('a\ufffdb');
    expect([...malformed]).toEqual([0x61, 0xff, 0x62]);
    expect(() => wellFormedBytes(malformed, 'error')).toThrow(expect.objectContaining({ code: 'INVALID_UTF8' }));
  });

  test('bytes that other threads may write to are copied', () => {
    const shared = new Uint8Array(new SharedArrayBuffer(3)).fill(0x61);
    const copy = wellFormedBytes(shared, 'error');
    expect(copy.buffer).toBeInstanceOf(ArrayBuffer);
    expect(Buffer.from(copy).toString()).toBe('aaa');
  });
});

describe('the same in turns', () => {
  test('gives the same, and lets others have theirs', async () => {
    const bytes = longText();
    let turns = 0;
    const counting = setInterval(() => turns++, 0);
    const mended = await wellFormedBytesInTurns(bytes, 'replace');
    clearInterval(counting);
    expect(Buffer.compare(mended, reference(bytes))).toBe(0);
    expect(turns).toBeGreaterThan(0);
    await expect(wellFormedBytesInTurns(bytes, 'error')).rejects.toMatchObject({ code: 'INVALID_UTF8' });
  });

  test('hears a signal, and notices that the bytes were given away', async () => {
    const controller = new AbortController();
    const stopped = wellFormedBytesInTurns(longText(), 'replace', controller.signal);
    controller.abort();
    await expect(stopped).rejects.toMatchObject({ code: 'ABORTED' });

    const bytes = longText();
    const robbed = wellFormedBytesInTurns(bytes, 'replace');
    structuredClone(bytes.buffer, { transfer: [bytes.buffer as ArrayBuffer] });
    await expect(robbed).rejects.toThrow();
  });
});

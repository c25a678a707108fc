import { parseRanksFile, sourceSha256, writeRanksFile } from '../../../lib/tokenizer/encodings/ranks-file';

const ranks = { tokenBytes: new Uint8Array([97, 98, 97, 98]), tokenOffsets: new Uint32Array([0, 1, 2, 2, 4]) };
const digest = Uint8Array.from({ length: 32 }, (_, index) => index);
const file = writeRanksFile(ranks, digest);

it('reads what it wrote', () => {
  expect(parseRanksFile(file)).toEqual(ranks);
  expect(sourceSha256(file)).toBe('000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f');
});

it('reads the first ids only', () => {
  expect(parseRanksFile(file, 2)).toEqual({ tokenBytes: new Uint8Array([97, 98]), tokenOffsets: new Uint32Array([0, 1, 2]) });
});

it('reads a file that lies inside a larger buffer', () => {
  const larger = new Uint8Array(file.length + 7);
  larger.set(file, 5);
  expect(parseRanksFile(larger.subarray(5, 5 + file.length))).toEqual(ranks);
});

it.each([
  ['is shorter than a header', file.subarray(0, 47)],
  ['is cut off', file.subarray(0, file.length - 1)],
  ['has bytes left over', Uint8Array.from([...file, 0])],
  ['has another mark', Uint8Array.from(file, (byte, index) => (index === 7 ? 50 : byte))],
  ['has lengths that sum to more than its bytes', Uint8Array.from(file, (byte, index) => (index === 48 ? 9 : byte))],
  ['has lengths that sum to less than its bytes', Uint8Array.from(file, (byte, index) => (index === 48 ? 0 : byte))],
])('refuses a file that %s', (_, damaged) => {
  expect(() => parseRanksFile(damaged)).toThrow(expect.objectContaining({ code: 'MALFORMED_FILE' }));
});

it('refuses tokens that are too long for the format', () => {
  const long = { tokenBytes: new Uint8Array(256), tokenOffsets: new Uint32Array([0, 256]) };
  expect(() => writeRanksFile(long, digest)).toThrow(expect.objectContaining({ code: 'UNSUPPORTED' }));
});

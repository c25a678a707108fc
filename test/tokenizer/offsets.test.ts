import { toUtf16Offsets } from '../../lib/tokenizer/offsets';
import { encodeUtf8 } from '../../lib/tokenizer/utf8';
import { samples } from '../conformance/fuzz';
import { anyText, nastyStrings, wellFormed } from '../oracles/strings';

/** By the engine's own encoder: the units before a byte are the length of the string whose UTF-8 form ends there. */
function unitsByByte(text: string): Map<number, number> {
  const units = new Map([[0, 0]]);
  let bytes = 0;
  let length = 0;
  for (const character of text) {
    bytes += Buffer.byteLength(character);
    length += character.length;
    units.set(bytes, length);
  }
  return units;
}

test('every boundary between characters, in any order', () => {
  for (const text of [...nastyStrings(), ...samples(anyText(), 100)].map(wellFormed)) {
    const units = unitsByByte(text);
    const bytes = [...units.keys()];
    const pairs = [...bytes, ...bytes.toReversed()].map((start, i, all) => [start, all[(i * 7) % all.length]]);
    const expected = pairs.flat().map((offset) => units.get(offset)!);
    expect([...toUtf16Offsets(encodeUtf8(text), Uint32Array.from(pairs.flat()))]).toEqual(expected);
  }
});

test('offsets inside characters are rounded outwards', () => {
  const text = encodeUtf8('a🙂é');
  expect([...toUtf16Offsets(text, Uint32Array.of(1, 2, 2, 5, 3, 6, 6, 7, 5, 7))]).toEqual([1, 3, 1, 3, 1, 4, 3, 4, 3, 4]);
});

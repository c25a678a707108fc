import { scannerKinds } from '../../lib/backend/scanner-kinds';
import { unicodeProperty } from '../../lib/tokenizer/unicode/properties';

const KINDS = [['Lu', 'Lt'], ['Ll'], ['Lm', 'Lo'], ['M'], ['N'], ['White_Space'], ['P', 'S']];

test('every code point has the kind that its properties say', () => {
  const expected = new Uint8Array(0x110000);
  KINDS.forEach((properties, i) => {
    for (const property of properties) for (const [start, end] of unicodeProperty(property)!) expected.fill(i + 1, start, end);
  });
  const { pages, values } = scannerKinds();
  const found = new Uint8Array(0x110000);
  pages.forEach((page, block) => found.set(values.subarray(page << 8, (page + 1) << 8), block << 8));
  expect(Buffer.compare(found, expected)).toBe(0);
});

/** Every character between others: the tables of kinds that the native scanners use, against the patterns as the JavaScript backend runs them. */
import { Tokenizer } from '../../lib/index';
import { BACKENDS } from './backends';

/** All planes that hold more than ideographs, and the ends of the others. */
const RANGES = [
  [0, 0xd800],
  [0xe000, 0x20010],
  [0x2a6d0, 0x2a710],
  [0x323a0, 0x323c0],
  [0xe0000, 0xe0200],
  [0x10fff0, 0x110000],
] as const;

const textOf = (between: (character: string) => string): string => {
  const parts: string[] = [];
  for (const [start, end] of RANGES) for (let code = start; code < end; code++) parts.push(between(String.fromCodePoint(code)));
  return parts.join('');
};

(BACKENDS.includes('native') ? describe : describe.skip).each(['cl100k_base', 'o200k_base'])('%s', (name) => {
  test.each([
    ['letters and digits', (character: string) => `a${character}1`],
    ['spaces and punctuation', (character: string) => ` ${character}.\n`],
  ])('every character between %s', async (_where, between) => {
    const text = textOf(between);
    const [native, js] = await Promise.all(
      (['native', 'js'] as const).map(async (backend) =>
        (await Tokenizer.forEncoding(name, { backend })).encode(text, { allowedSpecial: 'none' }),
      ),
    );
    expect(native.length).toBe(js.length);
    expect(native.every((id, i) => id === js[i])).toBe(true);
  });
});

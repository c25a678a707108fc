/** Text like code, of short pieces: runs of digits and of punctuation, underscores, blanks before numbers. Most is longer than a block of 64 bytes. */
import fc from 'fast-check';

const punctuation = fc.string({ unit: fc.constantFrom(...'(){}[];:,.=+-*/<>&|!?"#$%\\\'_\t\n'), minLength: 1, maxLength: 12 });
const digits = fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: 1, maxLength: 12 });
const word = fc.constantFrom('a', 'if', 'return', 'struct', 'юла', '的', 'é', '\0', '\u2581');
const run = fc
  .tuple(fc.constantFrom('_', '=', '0', ' ', '\t', '-', '_a', '=-'), fc.integer({ min: 1, max: 140 }))
  .map(([unit, times]) => unit.repeat(times));
const part = fc.oneof(
  { weight: 4, arbitrary: punctuation },
  { weight: 3, arbitrary: digits },
  { weight: 5, arbitrary: word },
  { weight: 3, arbitrary: fc.constantFrom(' ', '  ', '_', '0x') },
  { weight: 1, arbitrary: run },
);
export const codeLike = fc.array(part, { maxLength: 80 }).map((parts) => parts.join(''));

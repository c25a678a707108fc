/** Text that is hard on tokenizers: long pieces that no vocabulary holds, and runs on which a merge loop or a pattern may need quadratic time. */
import type { Corpus } from './corpora';

const SEED = 0x9e3779b9;
const CJK_FIRST = 0x4e00;
const CJK_COUNT = 20_992;
const PUNCTUATION = '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~\t\n';
const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** Pseudo-random integers below `bound`, the same on every run (xorshift32). */
function randomIntegers(): (bound: number) => number {
  let state = SEED;
  return (bound) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % bound;
  };
}

function repeat(text: string, bytes: number): string {
  return text.repeat(Math.ceil(bytes / new TextEncoder().encode(text).length));
}

function drawn(bytes: number, bytesEach: number, draw: (random: (bound: number) => number) => string): string {
  const random = randomIntegers();
  return Array.from({ length: Math.floor(bytes / bytesEach) }, () => draw(random)).join('');
}

/** Each of about `bytes` bytes of UTF-8. Random bytes are those of malformed UTF-8, read as `TextDecoder` reads it. */
export function adversarialCorpora(bytes: number): Corpus[] {
  const texts: Record<string, string> = {
    'one letter': repeat('a', bytes),
    spaces: repeat(' ', bytes),
    newlines: repeat('\n', bytes),
    punctuation: repeat('=', bytes),
    digits: repeat('0', bytes),
    'period of 2': repeat('ab', bytes),
    'period of 7': repeat('thequik', bytes),
    'period of a sentence': repeat('wordsthatstandwithoutanyspacebetweenthemforever', bytes),
    'random letters': drawn(bytes, 1, (random) => String.fromCharCode(0x61 + random(26))),
    'random a and b': drawn(bytes, 1, (random) => (random(2) === 0 ? 'a' : 'b')),
    'random digits': drawn(bytes, 1, (random) => String(random(10))),
    'random punctuation': drawn(bytes, 1, (random) => PUNCTUATION[random(PUNCTUATION.length)]),
    'random bytes': new TextDecoder().decode(
      Uint8Array.from(
        { length: bytes / 2 },
        (
          (random) => () =>
            random(256)
        )(randomIntegers()),
      ),
    ),
    'one word of CJK': drawn(bytes, 3, (random) => String.fromCharCode(CJK_FIRST + random(CJK_COUNT))),
    'one CJK letter': repeat('的', bytes),
    base64: drawn(bytes, 1, (random) => BASE64[random(64)]),
    'combining marks': repeat('e\u0301', bytes),
    emoji: repeat('👩‍👩‍👧', bytes),
  };
  return Object.entries(texts).map(([name, text]) => ({ name, text, bytes: new TextEncoder().encode(text) }));
}

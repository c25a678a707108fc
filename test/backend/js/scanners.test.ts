/** The hand-written scanners against the patterns they stand for. */
import { compilePattern } from '../../../lib/tokenizer/pattern/compile';
import type { PatternDialect } from '../../../lib/tokenizer/pattern/ast';
import { scannerFamily, scannerOfSteps } from '../../../lib/tokenizer/pattern/families';
import { splitPieces } from '../../../lib/tokenizer/pattern/split';
import { JsPattern } from '../../../lib/backend/js/pattern-matcher';
import { createScanner, Splitter } from '../../../lib/backend/js/splitter';
import type { SplitStep } from '../../../lib/backend/kernels';
import { samples } from '../../conformance/fuzz';
import { TEXT_SAMPLES } from '../../conformance/texts';
import { anyText, nastyStrings, wellFormed } from '../../oracles/strings';
import { TIKTOKEN_PATTERNS } from '../../oracles/tiktoken';

const CL100K = (digits: string): string =>
  String.raw`(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|${digits}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`;
const TEKKEN = String.raw`[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+`;
const DEEPSEEK = String.raw`[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_${'`'}{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`;

const PATTERNS: ReadonlyArray<readonly [name: string, dialect: PatternDialect, source: string]> = [
  ['gpt2', 'oniguruma', String.raw`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`],
  ['r50k of tiktoken', 'fancy-regex', TIKTOKEN_PATTERNS.r50k_base],
  ['Llama 3', 'oniguruma', CL100K(String.raw`\p{N}{1,3}`)],
  ['Qwen', 'oniguruma', CL100K(String.raw`\p{N}`)],
  ['unlimited digits', 'oniguruma', CL100K(String.raw`\p{N}+`)],
  ['cl100k of tiktoken', 'fancy-regex', TIKTOKEN_PATTERNS.cl100k_base],
  ['o200k of tiktoken', 'fancy-regex', TIKTOKEN_PATTERNS.o200k_base],
  ['GPT-4o', 'oniguruma', TIKTOKEN_PATTERNS.o200k_base],
  ['Tekken', 'oniguruma', TEKKEN],
  ['DeepSeek', 'oniguruma', DEEPSEEK],
];

/** Of the code points behind the scripts of everyday text, one in this many is tried; in longer runs, every one. */
const STRIDE = process.env['MERGANSER_FUZZ_RUNS'] === undefined ? 61 : 1;

/** Code points in the places where patterns ask about them: before and behind letters, capitals, spaces, digits, line ends. */
function codePointsInPlaces(): string[] {
  const around = (c: string): string => `${c}a${c}A${c} ${c}1${c}!${c}\n${c}${c}'${c}`;
  const texts: string[] = [];
  let characters: string[] = [];
  for (let value = 0; value <= 0x10ffff; value += value < 0x600 ? 1 : STRIDE) {
    characters.push(String.fromCodePoint(value));
    if (characters.length === 64) {
      texts.push(characters.map(around).join(''));
      characters = [];
    }
  }
  return [...texts, characters.map(around).join('')];
}

describe.each(PATTERNS)('%s', (_name, dialect, source) => {
  const family = scannerFamily(source, dialect)!;
  const pattern = new JsPattern(compilePattern(source, dialect));
  const scanner = createScanner(family);

  /** Ends of the pieces, found `batch` at a time. */
  const scan = (text: Uint8Array, batch: number): number[] => {
    const ends = new Int32Array(batch);
    const found: number[] = [];
    for (let start = 0; start < text.length; start = found[found.length - 1]) {
      const count = scanner.scan(text, start, text.length, ends);
      found.push(...ends.subarray(0, count));
    }
    return found;
  };

  const check = (text: string): void => {
    const bytes = new TextEncoder().encode(text);
    const pieces = splitPieces(pattern.findMatches(bytes), bytes.length, 'isolated', false);
    const expected = Array.from(pieces).filter((_, i) => i % 2 === 1);
    if (scan(bytes, 7).join() !== expected.join()) expect({ text, ends: scan(bytes, 7) }).toEqual({ text, ends: expected });
  };

  test('nasty strings and samples', () => [...nastyStrings(), ...TEXT_SAMPLES.map((sample) => sample.text)].map(wellFormed).forEach(check));
  test('random text', () => samples(anyText(), 500).map(wellFormed).forEach(check));
  test('code points in all places', () => codePointsInPlaces().map(wellFormed).forEach(check));

  test('only the given part of the text counts', () => {
    const text = new TextEncoder().encode("xx don't  \n stop  \nyy");
    const ends = new Int32Array(20);
    const whole = text.slice(2, 16);
    const count = scanner.scan(text, 2, 16, ends);
    expect(Array.from(ends.subarray(0, count), (end) => end - 2)).toEqual(scan(whole, 20));
  });
});

test("DeepSeek's three splits at once are the three, one after the other", () => {
  const steps = [String.raw`\p{N}{1,3}`, '[一-龥\u3040-ゟ゠-ヿ]+', DEEPSEEK].map((source): SplitStep & { kind: 'pattern' } => ({
    kind: 'pattern',
    source,
    pattern: compilePattern(source, 'oniguruma'),
    scanner: scannerFamily(source, 'oniguruma'),
    behavior: 'isolated',
    invert: false,
    overAlphabet: false,
  }));
  const atOnce = new Splitter(steps, scannerOfSteps(steps));
  const oneByOne = new Splitter(
    steps.map((step) => ({ ...step, scanner: null })),
    null,
  );
  expect(atOnce.scanner).not.toBeNull();
  expect(oneByOne.scanner).toBeNull();
  const texts = [
    ...nastyStrings(),
    ...TEXT_SAMPLES.map((sample) => sample.text),
    ...samples(anyText(['一', '龥 ', '。\n', 'ァア・ー', ' 12', '  34']), 1000),
    ...codePointsInPlaces(),
  ];
  for (const text of texts.map(wellFormed)) {
    const bytes = new TextEncoder().encode(text);
    const [received, expected] = [atOnce, oneByOne].map((splitter) => {
      const { values, length } = splitter.split(bytes, 0, bytes.length);
      return values.subarray(0, length).join();
    });
    if (received !== expected) expect({ text, bounds: received }).toEqual({ text, bounds: expected });
  }
});
